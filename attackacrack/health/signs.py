"""Signs of life: one row of each kind."""

from datetime import datetime
from typing import Any

from celery.signals import beat_init, worker_ready
from django.utils import timezone

from attackacrack.audit.verifying import Result
from attackacrack.models import Sign

Kind = Sign.Kind


def leave(kind: Kind, about: Any = None) -> None:
    """Writes that this is alive now. May be called inside a transaction."""
    Sign.objects.bulk_create(
        [Sign(kind=kind, at=timezone.now(), about=about)],
        update_conflicts=True,
        unique_fields=["kind"],
        update_fields=["at", "about"],
    )


def leave_comparison(found: Result) -> None:
    """How the history stands against its seals, whoever compared them."""
    if found.findings:
        leave(Kind.ALTERED, {"first": str(found.findings[0]), "number": len(found.findings)})
    else:
        leave(Kind.VERIFIED, {"seals": found.seals, "rows": found.rows})


def seen() -> dict[str, Sign]:
    """The last sign of each kind; one query."""
    return {sign.kind: sign for sign in Sign.objects.all()}


def claim_check(before: datetime) -> bool:
    """Whether this caller is the one who looks for silences: nobody did since `before`. Nobody at all is not too long
    ago: begin_watch starts the clock."""
    return bool(Sign.objects.filter(kind=Kind.CHECK, at__lt=before).update(at=timezone.now()))


def begin_watch() -> None:
    """Where nobody has ever looked the time counts from now on: a fresh installation may have no beat."""
    now = timezone.now()
    first = Sign(kind=Kind.CHECK, at=now, about={"first_at": now.isoformat(), "silences": []})
    Sign.objects.bulk_create([first], ignore_conflicts=True)


def connect() -> None:
    """Worker and scheduler leave a sign when they start, so that a restart is no silence."""
    worker_ready.connect(_worker_started, dispatch_uid="sign of the worker")
    beat_init.connect(_beat_started, dispatch_uid="sign of beat")


def _worker_started(**signal: Any) -> None:
    leave(Kind.WORKER)


def _beat_started(**signal: Any) -> None:
    leave(Kind.BEAT)
