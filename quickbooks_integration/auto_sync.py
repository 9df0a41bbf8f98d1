"""The switch by which a person keeps the CRM from asking QuickBooks by itself what changed, and what it does by itself, in words."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format, time_format
from django_celery_beat.models import PeriodicTask

from contacts import colleagues
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import QuickBooksAuth

# In the order of the page.
TASKS = ("pull", "pull_everything", "process_webhooks", "push_waiting", "match_arrivals", "check")
STOPPED = ("pull", "pull_everything")  # by the switch
STILL = (
    "What QuickBooks tells of by webhook is still read, the nightly check still compares both sides, and what is saved here"
    " still goes there."
)
BEFORE = "quickbooks_integration.tasks."


@dataclass(frozen=True)
class Automatic:
    """One thing that runs by itself. when: how often, or that it does not."""

    name: str
    meaning: str
    when: str


def switch_off(auth: QuickBooksAuth, by: AbstractBaseUser) -> bool:
    """From its commit on beat does not ask what changed. Webhooks, the nightly check and what is sent still read there.
    False: it was off already."""
    rows = QuickBooksAuth.objects.filter(pk=auth.pk, auto_sync_off_since=None)
    return bool(rows.update(auto_sync_off_since=timezone.now(), auto_sync_off_by=by))


@transaction.atomic
def switch_on(auth: QuickBooksAuth) -> bool:
    """What changed meanwhile is asked for from its commit on. False: it was on already."""
    rows = QuickBooksAuth.objects.filter(pk=auth.pk, auto_sync_off_since__isnull=False)
    if not rows.update(auto_sync_off_since=None, auto_sync_off_by=None, auto_sync_on_since=timezone.now()):
        return False
    transaction.on_commit(_ring)
    return True


def _ring() -> None:
    from quickbooks_integration import tasks

    RINGER.ring(tasks.pull.delay)


def in_words(auth: QuickBooksAuth) -> str:
    """Since when and by whom it is off, and what still happens; "" when it is on."""
    if auth.auto_sync_off_since is None:
        return ""
    by = auth.auto_sync_off_by
    who = f" {colleagues.name_of(by)} switched it off." if by else ""
    return (
        f"The CRM has not asked QuickBooks for changes by itself since {_moment(auth.auto_sync_off_since)}.{who} {STILL}"
        " Sync now asks once."
    )


def schedules(auth: QuickBooksAuth) -> list[Automatic]:
    """What the scheduler does with QuickBooks, as it is set up now. One query."""
    rows = PeriodicTask.objects.filter(task__in=[BEFORE + name for name in TASKS]).select_related("interval", "crontab")
    found = sorted(rows, key=lambda row: (TASKS.index(row.task.removeprefix(BEFORE)), row.pk))
    return [Automatic(row.name, row.description, _when(row, auth)) for row in found]


def _when(row: PeriodicTask, auth: QuickBooksAuth) -> str:
    if not row.enabled:
        return "Switched off in the schedules"
    if auth.auto_sync_off_since is not None and row.task.removeprefix(BEFORE) in STOPPED:
        return "Off"
    if row.interval is not None:
        return _every(row.interval.schedule.run_every.total_seconds())
    if row.crontab is not None and row.crontab.hour.isdecimal() and row.crontab.minute.isdecimal():
        at = datetime(2000, 1, 1, int(row.crontab.hour), int(row.crontab.minute))  # noqa: DTZ001  (only its time is shown)
        return f"At {time_format(at, 'g:i A')}"
    return "By a plan of its own: see the schedules"


def _every(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, rest = divmod(seconds, length)
        if number and not rest:
            return f"Every {unit}" if number == 1 else f"Every {number:,.0f} {unit}s"
    return f"Every {seconds} seconds"


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "M j, g:i A")
