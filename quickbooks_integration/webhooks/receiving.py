"""POST /webhooks/quickbooks: proves the sender, stores the bytes in one row, answers. Reads nothing in them."""

import base64
import hashlib
import hmac

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import WebhookDelivery
from quickbooks_integration.webhooks.strangers import ORDINARY_SIZE, STRANGERS, WITHIN_SECONDS

LARGEST = 4 * 1024 * 1024
KEPT_HEADERS = ("content-type", "intuit-t-id", "intuit-created-time", "intuit-notification-schema-version")
LONGEST_HEADER = 200


@csrf_exempt  # the signature proves more than a cookie would
@never_cache
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Intuit: answer 200 within three seconds; anything else is sent again, and later events wait behind it."""
    if not settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN:
        return _answer(503, "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN is not set, so nothing can be accepted.")
    largest = ORDINARY_SIZE if STRANGERS.are_many() else LARGEST
    body = request.read(largest + 1)
    if len(body) > largest:
        return _too_large(largest)
    if not is_signed(body, request.headers.get("intuit-signature", "")):
        STRANGERS.turn_away()
        return _answer(401, "The signature is missing or wrong.")
    WebhookDelivery.objects.create(body=body, headers=_headers(request), received_at=timezone.now())
    ring()
    return _answer(200, "")


def is_signed(body: bytes, signature: str) -> bool:
    """Intuit: base64 of HMAC-SHA256 over the raw body, keyed with the verifier token. Compares in constant time."""
    key = settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN.encode()
    right = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest())
    return hmac.compare_digest(right, signature.encode())


def _headers(request: HttpRequest) -> dict[str, str]:
    sent = {name: request.headers.get(name, "").replace("\0", "")[:LONGEST_HEADER] for name in KEPT_HEADERS}
    return {name: value for name, value in sent.items() if value}


def ring() -> None:
    """Wakes a worker after commit, without waiting for the broker."""
    transaction.on_commit(_ring)


def _ring() -> None:
    from quickbooks_integration import tasks

    RINGER.ring(tasks.process_webhooks.delay)


def _too_large(largest: int) -> HttpResponse:
    if largest == LARGEST:
        return _answer(413, "The body is larger than 4 MB.")
    answer = _answer(429, "Too many unsigned requests at the moment for a body of this size.")
    answer["Retry-After"] = str(int(WITHIN_SECONDS))
    return answer


def _answer(status: int, text: str) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
