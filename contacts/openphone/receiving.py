"""POST /webhooks/openphone: proves the sender, stores what it tells in one row, answers. A worker does the rest."""

import json
import time
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from contacts.models import OpenPhoneEvent
from contacts.openphone.cleaning import clean
from contacts.openphone.signatures import is_signed

LARGEST = 1024 * 1024


@csrf_exempt  # the signature proves more than a cookie would
@never_cache
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """OpenPhone: any 2xx within ten seconds counts; else it sends again for a day. The same event twice is one row."""
    if not settings.OPENPHONE_WEBHOOK_KEYS:
        # No 5xx: where nobody uses OpenPhone a stranger could raise alarms with it. OpenPhone tries again after any answer.
        return _answer(404, "OPENPHONE_WEBHOOK_KEYS is not set, so nothing can be accepted.")
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return _answer(413, "The body is larger than 1 MB.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not is_signed(headers, body, settings.OPENPHONE_WEBHOOK_KEYS, time.time()):
        return _answer(401, "The signature is missing, wrong or too old.")
    envelope = _read(body)
    if envelope is None:
        return _answer(400, "The body is no event with an id.")
    _store(envelope)
    return _answer(200, "")


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        envelope = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return envelope if isinstance(envelope, dict) and isinstance(envelope.get("id"), str) and envelope["id"] else None


def _store(envelope: dict[str, Any]) -> None:
    from contacts import tasks

    row = OpenPhoneEvent(
        event_id=str(clean(envelope["id"], "id"))[:100],
        kind=str(clean(envelope.get("type") or ""))[:100],
        content=clean(envelope),
    )
    with transaction.atomic():
        OpenPhoneEvent.objects.bulk_create([row], ignore_conflicts=True)
        # robust: a broker that does not answer loses nothing, beat finds the row.
        transaction.on_commit(partial(tasks.keep_openphone_events.delay), robust=True)


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
