"""Reads what was said since the last time.

OpenPhone lists all texts and all calls of the workspace, by the time at which they were made. So a reading goes from the
time that was reached, less a day, to now, in windows; each page is stored as it comes, and the time moves on after each
window. Whoever is killed reads the window again; what is met twice is one row. The day behind brings what changed since
it was said, and what webhooks have lost. Conversations need no call of their own: their rows say whose they are.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from contacts import conversations
from contacts.conversations import Said
from contacts.models import OpenPhoneReading, PhoneLine
from contacts.openphone import parsing
from contacts.openphone.client import OpenPhone
from contacts.openphone.errors import Kind, OpenPhoneError

logger = logging.getLogger(__name__)
OVERLAP = timedelta(days=1)
WINDOW = timedelta(days=30)
MOMENT = timedelta(seconds=1)
Parse = Callable[[dict[str, Any], dict[str, str]], Said | None]


def pull() -> int | None:
    """How many rows were new or changed; None where nothing was asked: no key, or another worker reads. Not inside a
    transaction. Raises OpenPhoneError, which the page of conversations shows too."""
    if not settings.OPENPHONE_API_KEY:
        return None
    with _alone() as is_mine:
        if not is_mine:
            return None
        try:
            written = _read(OpenPhone(), timezone.now())
        except OpenPhoneError as error:
            _note(error)
            raise
        except Exception:
            _note(OpenPhoneError(Kind.ODD))
            raise
    _note(None)
    return written


def _read(client: OpenPhone, now: datetime) -> int:
    ours = _read_lines(client)
    written = 0
    for start, end in _windows(_begin(now), now):
        asked = {"createdAt[gte]": _written(start), "createdAt[lte]": _written(end)}
        written += _keep_all(client, "/calls", parsing.call, ours, {**asked, "include": "voicemail"})
        # Of texts it can be asked for "after" and "before" alone, without the moment itself.
        asked = {"createdAt[gt]": _written(start - MOMENT), "createdAt[lt]": _written(end + MOMENT)}
        written += _keep_all(client, "/messages", parsing.message, ours, asked)
        reading = OpenPhoneReading.objects.filter(Q(read_until=None) | Q(read_until__lt=end))
        reading.update(read_until=end)
    return written


def _read_lines(client: OpenPhone) -> dict[str, str]:
    """Our own numbers, by id."""
    for rows in client.pages("/phone-numbers"):
        conversations.keep_lines(
            (str(row["id"]), str(row["number"]), str(row.get("name") or ""))
            for row in rows
            if row.get("id") and row.get("number")
        )
    return dict(PhoneLine.objects.values_list("provider_id", "number"))


def _begin(now: datetime) -> datetime:
    reached = OpenPhoneReading.current().read_until
    oldest = now - timedelta(days=settings.OPENPHONE_HISTORY_DAYS)
    return max(oldest, reached - OVERLAP) if reached else oldest


def _windows(start: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The last ends now; each begins with the moment at which the one before it ended."""
    while start < now:
        end = min(start + WINDOW, now)
        yield start, end
        start = end


def _keep_all(client: OpenPhone, path: str, parse: Parse, ours: dict[str, str], asked: dict[str, str]) -> int:
    written = 0
    for rows in client.pages(path, **asked):
        known = [row for row in rows if row.get("phoneNumberId") in ours]
        said = [one for row in known if (one := parse(row, ours)) is not None]
        if len(said) < len(rows):
            logger.warning("OpenPhone, %s: %d of %d rows cannot be kept.", path, len(rows) - len(said), len(rows))
        written += conversations.keep(said)
    return written


def _note(error: OpenPhoneError | None) -> None:
    now, rows = timezone.now(), OpenPhoneReading.objects.filter(pk=OpenPhoneReading.current().pk)
    if error is None:
        rows.update(succeeded_at=now, trouble="", trouble_since=None)
    elif error.kind != Kind.NO_KEY:
        rows.update(trouble=str(error), trouble_since=Coalesce("trouble_since", Value(now, DateTimeField())))


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else reads. The lock dies with its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended('openphone pull', 0))")
        is_mine = cursor.fetchone()[0]
        try:
            yield is_mine
        finally:
            if is_mine:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended('openphone pull', 0))")
