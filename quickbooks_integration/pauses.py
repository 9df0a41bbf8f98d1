"""When a company is not asked: Intuit's minute after a 429, an outage until somebody got through, or only for reading.

It stands in the database, so every process knows it and a restart forgets nothing. An outage is taken for one after
three requests in a row that had no answer. From then on background work asks nothing; `probing` tries alone, after a
pause that grows. A person's own clicks try all the same, once.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists
from django.utils import timezone
from django.utils.formats import date_format

from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.models import QuickBooksAuth, Traffic

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=15)
# Neither a person nor a restore keeps the CRM from writing.
WRITES = {"pull_only_since": None, "reads_first_since": None}
PULL_ONLY = "Writing to QuickBooks is paused: nothing goes there for now. QuickBooks > Connection says why."


@dataclass(frozen=True)
class Pause:
    """How one company may be asked."""

    is_pull_only: bool = False
    limited_until: datetime | None = None
    next_try_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    trouble: str = ""

    @property
    def limited_for(self) -> float:
        """Seconds until Intuit's minute is over; 0 when there is none."""
        if self.limited_until is None:
            return 0.0
        return max(0.0, (self.limited_until - timezone.now()).total_seconds())

    @property
    def is_out(self) -> bool:
        return self.next_try_at is not None


def of(company_id: str) -> Pause:
    """As every process sees it now. One query."""
    columns = ("limited_until", "next_try_at", "failing_since", "failures", "trouble")
    rows = QuickBooksAuth.objects.filter(company_id=company_id)
    row = rows.values("pull_only_since", "reads_first_since", *(f"traffic__{column}" for column in columns)).first()
    if row is None:
        return Pause()
    pull_only = row["pull_only_since"] is not None or row["reads_first_since"] is not None
    if row["traffic__failures"] is None:  # there never was any trouble
        return Pause(pull_only)
    return Pause(pull_only, **{column: row[f"traffic__{column}"] for column in columns})


def is_pull_only(company_id: str) -> bool:
    return QuickBooksAuth.objects.filter(company_id=company_id).exclude(**WRITES).exists()


def may_write(company_id: str) -> Exists:
    """Whether writing is not paused, as a condition of another query."""
    return Exists(QuickBooksAuth.objects.filter(company_id=company_id, **WRITES))


def outage_in_words(failing_since: datetime, next_try_at: datetime, trouble: str) -> str:
    return (
        f"QuickBooks has not worked for the CRM since {_clock(failing_since)}; what waits goes out afterwards by itself. "
        f"Next try at {_clock(next_try_at)}. {trouble}"
    )


def _clock(at: datetime) -> str:
    local = timezone.localtime(at)
    return date_format(local, "g:i A" if local.date() == timezone.localdate() else "M j, g:i A")


# --- What the transport notes --------------------------------------------------------------------


def note_limited(company_id: str) -> None:
    """Intuit said "too fast". Never makes a pause shorter."""
    until = timezone.now() + timedelta(seconds=settings.QUICKBOOKS_PAUSE_SECONDS)
    with transaction.atomic():
        traffic = _locked(company_id)
        if traffic.limited_until is None or traffic.limited_until < until:
            traffic.limited_until = until
            traffic.save(update_fields=["limited_until"])


def note_failure(company_id: str, error: QuickBooksError) -> bool:
    """Counts one that had no answer; whether the company pauses from now on, or does already.

    A sign-in that Intuit gives but does not honour (the subscription ended, access was taken away) pauses at once.
    """
    with transaction.atomic():
        traffic = _locked(company_id)
        if not traffic.is_out:
            traffic.failures += 1
            traffic.failing_since = traffic.failing_since or timezone.now()
            traffic.trouble = error.message
            if traffic.failures >= settings.QUICKBOOKS_OUTAGE_AFTER or error.kind == Kind.LOGIN:
                traffic.next_try_at = timezone.now() + _pause(0)
            traffic.save()
        return traffic.is_out


def note_answer(company_id: str) -> None:
    """QuickBooks answers: whatever was wrong is over."""
    Traffic.objects.filter(company=company_id).update(
        failures=0, failing_since=None, next_try_at=None, trouble="", probe_until=None
    )


def forget(company_id: str) -> None:
    """A person signed in again: what was before does not count."""
    Traffic.objects.filter(company=company_id).update(
        failures=0, failing_since=None, next_try_at=None, trouble="", probe_until=None, limited_until=None
    )


# --- Trying again --------------------------------------------------------------------------------


def claim_try(company_id: str, lasts: timedelta) -> bool:
    """Whether the caller is the one who tries. Of several at once one is; a claim ends with its time, or with the try."""
    now = timezone.now()
    due = Traffic.objects.filter(company=company_id, next_try_at__lte=now)
    return due.exclude(probe_until__gt=now).update(probe_until=now + lasts) == 1


def note_failed_try(company_id: str) -> None:
    """The next one comes later than this one did."""
    with transaction.atomic():
        traffic = _locked(company_id)
        if traffic.is_out:
            traffic.failures += 1
            traffic.next_try_at = timezone.now() + _pause(traffic.failures - settings.QUICKBOOKS_OUTAGE_AFTER)
            traffic.probe_until = None
            traffic.save(update_fields=["failures", "next_try_at", "probe_until"])


def _pause(failed_tries: int) -> timedelta:
    return min(FIRST_PAUSE * 2 ** max(0, min(failed_tries, 10)), LONGEST_PAUSE) * random.uniform(0.8, 1.2)


def _locked(company_id: str) -> Traffic:
    Traffic.objects.get_or_create(company_id=company_id)
    return Traffic.objects.select_for_update().get(pk=company_id)
