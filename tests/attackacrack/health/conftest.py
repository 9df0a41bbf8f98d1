"""A CRM in which everything works: each test takes one thing away."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from attackacrack.health import facts
from attackacrack.models import Sign
from quickbooks_integration.models import CheckRun, HistoryImport, QuickBooksAuth, SyncRun
from tests.quickbooks_integration import pairs


def ago(**time: float) -> datetime:
    return timezone.now() - timedelta(**time)


def change(rows: Model | type[Model], **columns: Any) -> None:
    """Past the model: what a stopped process leaves behind."""
    found = rows.objects.all() if isinstance(rows, type) else type(rows).objects.filter(pk=rows.pk)
    found.update(**columns)


def beat_was_seen(at: datetime) -> None:
    PeriodicTask.objects.filter(task=facts.HEARTBEAT).update(last_run_at=at)


def worker_was_seen(at: datetime) -> None:
    Sign.objects.update_or_create(kind="worker", defaults={"at": at})


@pytest.fixture
def alive(db) -> None:
    """Beat and worker were seen just now; no company is connected."""
    beat_was_seen(timezone.now())
    worker_was_seen(timezone.now())


@pytest.fixture
def company(alive) -> QuickBooksAuth:
    """Connected for a year; pulled a minute ago, checked last night."""
    auth = pairs.company()
    change(auth, connected_at=ago(days=365))
    auth.refresh_from_db()
    HistoryImport.objects.create(company=auth, state=HistoryImport.State.COMMITTED)
    for kind in ("customer", "item"):
        SyncRun.objects.create(company=auth, entity_type=kind, state="done", finished_at=ago(minutes=1))
    CheckRun.objects.create(company=auth, state="done", finished_at=ago(hours=9))
    return auth
