"""Reads when each thing was last seen. A handful of queries, each bounded, none of them to QuickBooks or Redis."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from attackacrack.health import signs
from attackacrack.health.silence import Facts, Pull
from attackacrack.models import Sign
from quickbooks_integration import wanting
from quickbooks_integration.models import (
    CheckRun,
    QuickBooksAuth,
    QuickBooksSync,
    SyncRun,
    WebhookDelivery,
)
from quickbooks_integration.sync import kinds_to_pull, new_customers, outbox, runs, sending

HEARTBEAT = "attackacrack.tasks.beat_heartbeat"
PULL = "quickbooks_integration.tasks.pull"
CHECK = "quickbooks_integration.tasks.check"
BACKUP = "attackacrack.tasks.back_up"
VERIFY = "attackacrack.tasks.verify_history"
FIRST_OF_QUEUE = 500
PULSE = timedelta(minutes=5)
ONCE_A_DAY = timedelta(days=1)
RESULT = [SyncRun.State.DONE, SyncRun.State.STOPPED]  # stopped asks a person, on the connection page


def read() -> Facts:
    """Where no company works, only the machinery is looked at: signing in again is said elsewhere."""
    last = signs.seen()
    auth = QuickBooksAuth.objects.filter(state=QuickBooksAuth.State.CONNECTED).first()
    found = machinery(last) | _backups(last) | _history(last)
    if auth is not None:
        found |= {"company": str(auth), **pulls(auth), **_waiting(auth, last), **_checks(auth)}
    return Facts(**found)


def machinery(last: dict[str, Sign]) -> dict[str, Any]:
    """Of beat and worker; one query."""
    started, worker = last.get(Sign.Kind.BEAT), last.get(Sign.Kind.WORKER)
    every, sent_at = _schedule(HEARTBEAT)
    seen = [at for at in (sent_at, started and started.at) if at is not None]
    looked = last.get(Sign.Kind.CHECK)
    return {
        "now": timezone.now(),
        "sign_every": every,
        # Never seen at all: from the time on at which somebody looked first.
        "beat_at": max(seen, default=_first_look(looked)),
        "beat_started_at": started.at if started else None,
        "worker_at": worker.at if worker else _first_look(looked),
    }


def outgoing_first(auth: QuickBooksAuth) -> list[int] | None:
    """The row that would be sent next: [its key, what is wanted of it, tries]. As long as rows are worked at it is
    another one each minute, because a row that was tried and failed has a next time."""
    may_send = wanting.may_send(auth)
    due_customers = new_customers.wanted(auth).exclude(next_try_at__gt=timezone.now())
    for rows in (outbox.due(auth), due_customers if may_send else due_customers.none()):
        first = rows.order_by("pk").values_list("pk", "wanted", "tries").first()
        if first is not None:
            return list(first)
    return None


def _first_look(looked: Sign | None) -> datetime | None:
    about = looked.about if looked else None
    return datetime.fromisoformat(about["first_at"]) if about else None


def pulls(auth: QuickBooksAuth) -> dict[str, Any]:
    recent = runs.recent(auth).filter(entity_type__in=kinds_to_pull(auth))
    kinds = recent.values("entity_type").annotate(
        result=Max("finished_at", filter=Q(state__in=RESULT)),
        first=Min("started_at"),
        pulse=Max("heartbeat_at", filter=Q(state=SyncRun.State.RUNNING)),
        waits=Min("started_at", filter=Q(state=SyncRun.State.WAITING)),
    )
    rows = list(kinds.order_by("entity_type"))
    labels = dict(QuickBooksSync.EntityType.choices)
    alive = timezone.now() - PULSE
    expected_from = max(auth.connected_at, auth.auto_sync_on_since or auth.connected_at)
    found = [
        Pull(
            f"{labels[row['entity_type']].lower()}s",
            max(row["result"] or row["first"], expected_from),
            bool(row["pulse"] and row["pulse"] > alive),
        )
        for row in rows
    ]
    if not any(row["entity_type"] == "customer" for row in rows):
        found.append(Pull("customers", expected_from))
    failed = recent.filter(state=SyncRun.State.FAILED, finished_at__isnull=False).order_by("-pk").first()
    results = {row["entity_type"]: row["result"] for row in rows}
    is_over = failed is None or (results[failed.entity_type] or failed.started_at) > failed.finished_at
    return {
        "pull_every": None if auth.auto_sync_off_since else _schedule(PULL)[0],
        "pulls": tuple(found),
        "last_error": "" if is_over else failed.message,
        "run_since": min((row["waits"] for row in rows if row["waits"]), default=None),
    }


def _schedule(task: str) -> tuple[timedelta | None, datetime | None]:
    """How often beat starts it and when it last did; None if a person has switched it off."""
    tasks = list(PeriodicTask.objects.filter(task=task, enabled=True).select_related("interval")[:10])
    every = min((one.interval.schedule.run_every if one.interval else ONCE_A_DAY for one in tasks), default=None)
    return every, max((one.last_run_at for one in tasks if one.last_run_at), default=None)


def _waiting(auth: QuickBooksAuth, last: dict[str, Sign]) -> dict[str, Any]:
    now = timezone.now()
    webhooks = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING)
    webhooks = webhooks.filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    first, sign = outgoing_first(auth), last.get(Sign.Kind.OUTGOING)
    return {
        "webhook_since": _oldest(webhooks, "received_at"),
        "email_since": _oldest(sending.due(auth).filter(sync__company=auth), "asked_at"),
        "outgoing_first": first,
        "outgoing_since": sign.at if sign and first and sign.about == first else None,
    }


def _oldest(due: QuerySet[Any], asked_at: str) -> datetime | None:
    """Since when the oldest of these could be worked at."""
    rows = due.order_by("pk").annotate(due_since=Coalesce(F("next_try_at"), F(asked_at)))[:FIRST_OF_QUEUE]
    return rows.aggregate(oldest=Min("due_since"))["oldest"]


def _checks(auth: QuickBooksAuth) -> dict[str, Any]:
    checks = CheckRun.objects.filter(company=auth)
    last = checks.filter(state=CheckRun.State.DONE).order_by("-pk").values_list("finished_at", flat=True).first()
    is_on = _schedule(CHECK)[0] is not None
    waiting = checks.filter(state=CheckRun.State.WAITING).values_list("started_at", flat=True).first()
    return {"check_since": max(last or auth.connected_at, auth.connected_at) if is_on else None,
            "asked_check_since": waiting}  # fmt: skip


def _backups(last: dict[str, Sign]) -> dict[str, Any]:
    """Where there never was one the time counts from the first look."""
    made, failed = last.get(Sign.Kind.BACKUP), last.get(Sign.Kind.NO_BACKUP)
    if _schedule(BACKUP)[0] is None:
        return {}
    since = made.at if made else _first_look(last.get(Sign.Kind.CHECK))
    is_news = failed is not None and (made is None or failed.at > made.at)
    return {"backup_since": since, "backup_error": str(failed.about) if failed and is_news else ""}


def _history(last: dict[str, Sign]) -> dict[str, Any]:
    """Compared with its seals each night; both outcomes are a comparison."""
    verified, altered = last.get(Sign.Kind.VERIFIED), last.get(Sign.Kind.ALTERED)
    is_altered = altered is not None and (verified is None or altered.at > verified.at)
    found = {"history_altered_at": altered.at, "history_findings": altered.about} if altered and is_altered else {}
    if _schedule(VERIFY)[0] is None:
        return found
    compared = [one.at for one in (verified, altered) if one is not None]
    return found | {"history_since": max(compared, default=_first_look(last.get(Sign.Kind.CHECK)))}
