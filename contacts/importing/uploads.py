"""The import in the admin: a file is kept, checked as a dry run, and imported when a person says so.

Each step can be asked for twice, and again after a crash: a step takes the row's lock for as long as it works.
"""

import io
import logging
from datetime import timedelta
from typing import Any

from django.core.cache import caches
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from contacts.importing import undoing
from contacts.importing.reading import FileRefused
from contacts.importing.runs import Result, kept_outcome, run
from contacts.models import ContactImport, ContactImportRow

logger = logging.getLogger(__name__)

State = ContactImport.State
WORKING = (State.CHECKING, State.IMPORTING)
# Smaller files take less than about two seconds and are not worth a wait for a worker.
SMALL_BYTES = 300_000
KEPT = timedelta(days=7)
_PROGRESS_SECONDS = 3600
_FAILED = (
    "The database could not finish this, often because somebody changed the same contacts at the same moment. "
    "Nothing was stored. Upload the file again; if it happens twice, tell the person who looks after this program."
)


def receive(record: ContactImport, file: UploadedFile, user: Any) -> None:
    """Keeps the uploaded file in the database, to be checked. Call inside a transaction; then ask for `check`."""
    # A file that nobody confirmed is a list of people: it does not stay for ever.
    ContactImport.objects.filter(state__in=[*WORKING, State.PREVIEW], started_at__lt=timezone.now() - KEPT).delete()
    record.filename = (file.name or "list.csv")[:255]
    record.content = file.read()
    record.state, record.imported_by = State.CHECKING, user
    record.save()


def is_small(record: ContactImport) -> bool:
    return len(record.content or b"") <= SMALL_BYTES


def check(pk: int) -> None:
    """The dry run: leaves the state PREVIEW with its counts, or FAILED with the reason. Harmless when repeated."""
    _work(pk, State.CHECKING, _check)


def confirm(pk: int) -> bool:
    """A person said yes. False if somebody did before; then there is nothing to ask for."""
    return bool(ContactImport.objects.filter(pk=pk, state=State.PREVIEW).update(state=State.IMPORTING))


def finish(pk: int) -> None:
    """The real run of a confirmed import: leaves the state DONE or FAILED. Harmless when repeated."""
    _work(pk, State.IMPORTING, _import)


def discard(pk: int) -> bool:
    """Forgets a file that was not confirmed; nothing of it was stored. False if it is too late for that."""
    deleted, _ = _unfinished().filter(pk=pk, state=State.PREVIEW).delete()
    return bool(deleted)


def _unfinished() -> QuerySet[ContactImport]:
    return ContactImport.objects.exclude(state=State.DONE)


def progress(record: ContactImport) -> dict[str, Any]:
    """{"state", "done": rows or None, "total": rows or None} for a page that asks every second."""
    if record.state == State.TAKING_BACK:
        done, total = undoing.progress(record)
        return {"state": record.state, "done": done, "total": total}
    total = record.read if record.state == State.IMPORTING else None
    return {"state": record.state, "done": caches["redis"].get(_key(record.pk)), "total": total or None}


def _key(pk: int) -> str:
    return f"contact-import-{pk}"


def _work(pk: int, state: str, step: Any) -> None:
    try:
        with transaction.atomic():
            rows = ContactImport.objects.select_for_update(skip_locked=True)
            record = rows.filter(pk=pk, state=state).first()
            if record is None:
                return  # another worker has it, or it is done
            step(record)
    except FileRefused as refused:
        _fail(pk, state, f"Nothing was imported. {refused}")
    except DatabaseError:
        logger.exception("Import %s failed", pk)
        _fail(pk, state, _FAILED)


def _fail(pk: int, state: str, message: str) -> None:
    ContactImport.objects.filter(pk=pk, state=state).update(
        state=State.FAILED, error_message=message, content=None, finished_at=timezone.now()
    )


def _check(record: ContactImport) -> None:
    content = bytes(record.content or b"")
    result = _run(record, content, dry_run=True)
    counts = result.counts()
    ContactImport.objects.filter(pk=record.pk).update(
        state=State.PREVIEW, kind=result.kind, ignored_columns=result.ignored_columns, content=content, **counts
    )
    ContactImportRow.objects.bulk_create(
        ContactImportRow(
            source_id=record.pk, line=row.line, outcome=kept_outcome(row.outcome), reason=row.reason, row=row.cells
        )
        for row in result.rows
    )


def _import(record: ContactImport) -> None:
    _run(record, bytes(record.content or b""), dry_run=False)


def _run(record: ContactImport, content: bytes, *, dry_run: bool) -> Result:
    def tell(done: int, total: int | None) -> None:
        try:
            caches["redis"].set(_key(record.pk), done, _PROGRESS_SECONDS)
        except (RedisError, OSError) as error:
            logger.warning("The progress of import %s cannot be shown: %s", record.pk, error)

    return run(
        io.BytesIO(content), filename=record.filename, user=record.imported_by, record=record, dry_run=dry_run,
        progress=tell,
    )  # fmt: skip
