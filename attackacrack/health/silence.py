"""What is silent for too long, in sentences for the office. Pure: facts in, sentences out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

# Beat sends a task each minute; a worker may be busy with pulls on every hand.
SIGN_AT_LEAST_EVERY = timedelta(minutes=10)
PULLS_MISSED = SIGNS_MISSED = 3
PULL_AT_LEAST_EVERY = timedelta(minutes=30)
STARTS_WITHIN = timedelta(minutes=15)
# A pull that somebody asked for waits for those before it, and each may take 50 minutes.
PULL_STARTS_WITHIN = timedelta(hours=1)
CHECK_AT_LEAST_EVERY = timedelta(hours=36)
BACKUP_AT_LEAST_EVERY = timedelta(hours=36)
VERIFIED_AT_LEAST_EVERY = timedelta(hours=36)
CARETAKER = "whoever looks after the CRM"


@dataclass(frozen=True)
class Pull:
    """The pulls of one kind. since: the last that brought a result, or the moment from which one was expected."""

    label: str
    since: datetime
    is_at_work: bool = False


@dataclass(frozen=True)
class Facts:
    """When each thing was last seen; None where nothing is expected. Each `..._since`: how long the oldest waits that
    could go at once."""

    now: datetime
    sign_every: timedelta | None = None  # the schedule that makes worker and beat give signs; None: it is off
    beat_at: datetime | None = None
    beat_started_at: datetime | None = None
    worker_at: datetime | None = None
    company: str = ""
    pull_every: timedelta | None = None
    pulls: tuple[Pull, ...] = ()
    last_error: str = ""
    webhook_since: datetime | None = None
    outgoing_first: list[int] | None = None  # which row would be sent next
    outgoing_since: datetime | None = None
    email_since: datetime | None = None
    run_since: datetime | None = None
    asked_check_since: datetime | None = None
    check_since: datetime | None = None
    backup_since: datetime | None = None
    backup_error: str = ""
    history_since: datetime | None = None
    history_altered_at: datetime | None = None
    history_findings: dict[str, Any] = field(default_factory=dict)  # first: a sentence; number


@dataclass(frozen=True)
class Silence:
    """kind: what is silent, one word. text: since when, what it means, what to do next."""

    kind: str
    since: datetime
    title: str
    text: str


def silences(facts: Facts) -> list[Silence]:
    """Causes before their consequences."""
    found = [*_machinery(facts), *_pulls(facts), *_waiting(facts), *_check(facts), *_backup(facts), *_history(facts)]
    return [one for one in found if one is not None]


def beat_is_silent(facts: Facts) -> bool:
    return facts.beat_at is not None and facts.now - facts.beat_at > _sign_within(facts)


def worker_is_silent(facts: Facts) -> bool:
    """A worker that is not asked gives no sign: while beat is silent, how it was when beat fell silent."""
    asked_until = facts.beat_at if beat_is_silent(facts) else facts.now
    return bool(facts.worker_at and asked_until and asked_until - facts.worker_at > _sign_within(facts))


def _sign_within(facts: Facts) -> timedelta:
    return max(SIGN_AT_LEAST_EVERY, SIGNS_MISSED * (facts.sign_every or timedelta()))


def late_pulls(facts: Facts) -> list[Pull]:
    """Kinds that missed several pulls. Beat gets as long after its start as any other time."""
    if facts.pull_every is None:
        return []
    allowed = max(PULLS_MISSED * facts.pull_every, PULL_AT_LEAST_EVERY)
    return [pull for pull in facts.pulls if not pull.is_at_work and facts.now - _expected(facts, pull.since) > allowed]


def moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return date_format(local, "g:i A" if local.date() == timezone.localdate() else "M j, g:i A")


def _expected(facts: Facts, since: datetime) -> datetime:
    return max(since, facts.beat_started_at or since)


def _machinery(facts: Facts) -> Iterator[Silence]:
    if facts.sign_every is None:
        yield Silence(
            "watch", facts.now, "Nobody watches the background work",
            "The schedule that makes the background worker report each minute is switched off or missing, so nobody would "
            "notice if it stopped. Switch it on under Settings > Schedules.",
        )  # fmt: skip
        return
    if beat_is_silent(facts) and facts.beat_at:
        yield Silence(
            "beat", facts.beat_at, "The scheduler is silent",
            f"It has given no sign of life since {moment(facts.beat_at)}. What you save is kept, but nothing comes from "
            f"QuickBooks by itself, and what did not get through is not tried again. Ask {CARETAKER} to start the scheduler (beat).",
        )  # fmt: skip
    if worker_is_silent(facts) and facts.worker_at:
        yield Silence(
            "worker", facts.worker_at, "The background worker is silent",
            f"It has given no sign of life since {moment(facts.worker_at)}. What you save is kept, but nothing goes to "
            f"QuickBooks and nothing comes from it. Ask {CARETAKER} to look at the worker and at Redis.",
        )  # fmt: skip


def _pulls(facts: Facts) -> Iterator[Silence]:
    late = late_pulls(facts)
    if late:
        since = min(pull.since for pull in late)
        kinds = ", ".join(pull.label for pull in late)
        why = f" The last try ended with: {facts.last_error}" if facts.last_error else ""
        yield Silence(
            "pull", since, "Changes in QuickBooks do not arrive",
            f"The last ones of {facts.company} came at {moment(since)} ({kinds}). What was changed there since is not "
            f"shown here.{why} Open QuickBooks > Connection and choose Sync now; if that does not help, tell {CARETAKER}.",
        )  # fmt: skip


def _waiting(facts: Facts) -> Iterator[Silence | None]:
    yield _overdue(
        facts, "outgoing", facts.outgoing_since, STARTS_WITHIN, "Changes do not go to QuickBooks",
        "what was changed here has been waiting, and nothing takes it up. Nothing is lost. Open QuickBooks > Links to see what waits.",
    )  # fmt: skip
    yield _overdue(
        facts, "email", facts.email_since, STARTS_WITHIN, "E-mails do not go out",
        "an e-mail for QuickBooks to send has been waiting, and nothing takes it up. Do not send it a second time: it goes out "
        "by itself once the background work runs again.",
    )  # fmt: skip
    yield _overdue(
        facts, "webhook", facts.webhook_since, STARTS_WITHIN, "Notices from QuickBooks are not read",
        "notices of changes there have been waiting unread, so changes are shown here later than they should. Open "
        "QuickBooks > Webhooks to see them.",
    )  # fmt: skip
    yield _overdue(
        facts, "run", facts.run_since, PULL_STARTS_WITHIN, "A sync does not begin",
        "a sync has been waiting for a worker. Open QuickBooks > Connection and choose Sync now.",
    )  # fmt: skip
    yield _overdue(
        facts, "asked check", facts.asked_check_since, STARTS_WITHIN, "A check does not begin",
        "a check of both sides has been waiting for a worker. Open QuickBooks > Check and press Check now.",
    )  # fmt: skip


def _overdue(
    facts: Facts, kind: str, since: datetime | None, allowed: timedelta, title: str, text: str
) -> Silence | None:
    if since is None or facts.now - since <= allowed:
        return None
    return Silence(kind, since, title, f"Since {moment(since)} {text} If it lasts, tell {CARETAKER}.")


def _check(facts: Facts) -> Iterator[Silence]:
    if facts.check_since is not None and facts.now - facts.check_since > CHECK_AT_LEAST_EVERY:
        yield Silence(
            "check", facts.check_since, "Both sides were not compared",
            f"The last comparison of the CRM with {facts.company} came to its end at {moment(facts.check_since)}; there "
            "should be one each night. Until then nobody knows whether both say the same. Open QuickBooks > Check and "
            "press Check now.",
        )  # fmt: skip


def _backup(facts: Facts) -> Iterator[Silence]:
    if facts.backup_since is not None and facts.now - facts.backup_since > BACKUP_AT_LEAST_EVERY:
        why = f" The last try ended with: {facts.backup_error}" if facts.backup_error else ""
        yield Silence(
            "backup", facts.backup_since, "There is no new backup",
            f"There should be one each night, and there was none since {moment(facts.backup_since)}.{why} If the database "
            f"were lost now, everything since then would be lost with it. Tell {CARETAKER}.",
        )  # fmt: skip


def _history(facts: Facts) -> Iterator[Silence]:
    if facts.history_altered_at is not None:
        others = facts.history_findings["number"] - 1
        more = f" There {'is 1 more finding' if others == 1 else f'are {others:,} more findings'}." if others else ""
        yield Silence(
            "altered", facts.history_altered_at, "The history of changes was altered",
            f"At the comparison with its seals at {moment(facts.history_altered_at)} it was not as it had been sealed: "
            f"{facts.history_findings['first']}{more} Either an update of the CRM did this, or somebody reached into the "
            f"database past it. Change nothing, and tell {CARETAKER} and your accountant.",
        )  # fmt: skip
    if facts.history_since is not None and facts.now - facts.history_since > VERIFIED_AT_LEAST_EVERY:
        yield Silence(
            "history", facts.history_since, "The history was not compared with its seals",
            f"That should happen each night, and did not since {moment(facts.history_since)}. Until then nobody knows whether "
            f"a part of it was altered. Tell {CARETAKER}.",
        )  # fmt: skip
