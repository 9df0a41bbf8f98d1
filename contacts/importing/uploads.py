"""The import in the admin: a file is kept, checked as a dry run, and imported when a person says so.

Each step can be asked for twice, and again after a crash.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from django.core.cache import caches
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from contacts.importing import undoing, workbooks
from contacts.importing.reading import FileRefused
from contacts.importing.runs import Overtaken, kept_outcome, run
from contacts.models import ContactImport, ContactImportRow

logger = logging.getLogger(__name__)

State = ContactImport.State
WORKING = (State.CHECKING, State.IMPORTING)
# Smaller files take less than about two seconds and are not worth a wait for a worker; workbooks are packed.
SMALL_BYTES = 300_000
KEPT = timedelta(days=7)
_PROGRESS_SECONDS = 3600
_FAILED = (
    "The database could not finish this, often because somebody changed the same contacts at the same moment. "
    "{stored} Upload the file again; if it happens twice, tell the person who looks after this program."
)


def receive(record: ContactImport, file: UploadedFile, user: Any) -> None:
    """Keeps the uploaded file in the database, to be checked. Call inside a transaction; then ask for `check`."""
    # A file that nobody confirmed is a list of people: it does not stay for ever.
    old = ContactImport.objects.filter(started_at__lt=timezone.now() - KEPT, lines_done=0)
    old.filter(state__in=[*WORKING, State.PREVIEW]).delete()
    record.filename = (file.name or "list.csv")[:255]
    record.content = file.read()
    record.state, record.imported_by = State.CHECKING, user
    record.save()


def is_small(record: ContactImport) -> bool:
    content = record.content or b""
    is_packed = bytes(content[: len(workbooks.MAGIC)]) == workbooks.MAGIC
    return len(content) <= (SMALL_BYTES // 10 if is_packed else SMALL_BYTES)


def check(pk: int) -> None:
    """The dry run: leaves the state PREVIEW with its counts, or FAILED with the reason. Harmless when repeated."""
    with _failing(pk, State.CHECKING), transaction.atomic():
        record = ContactImport.objects.select_for_update(skip_locked=True).filter(pk=pk, state=State.CHECKING).first()
        if record is not None:  # else another worker has it, or it is done
            _check(record)


def confirm(pk: int) -> bool:
    """A person said yes. False if somebody did before; then there is nothing to ask for."""
    return bool(ContactImport.objects.filter(pk=pk, state=State.PREVIEW).update(state=State.IMPORTING))


def finish(pk: int) -> None:
    """The real run of a confirmed import, or what is left of it: leaves the state DONE or FAILED. Harmless when repeated:
    of two workers one goes on."""
    record = ContactImport.objects.filter(pk=pk, state=State.IMPORTING).exclude(content=None).first()
    if record is None:
        return
    with _failing(pk, State.IMPORTING), suppress(Overtaken):
        run(io.BytesIO(bytes(record.content or b"")), filename=record.filename, record=record)


def discard(pk: int) -> bool:
    """Forgets a file that was not confirmed; nothing of it was stored. False if it is too late for that."""
    deleted, _ = _unfinished().filter(pk=pk, state=State.PREVIEW).delete()
    return bool(deleted)


def _unfinished() -> QuerySet[ContactImport]:
    return ContactImport.objects.exclude(state=State.DONE)


def progress(record: ContactImport) -> dict[str, Any]:
    """{"state", "done": rows or None, "total": rows or None} for a page that asks every second."""
    done, total = None, None
    if record.state == State.CHECKING:
        done, total = caches["redis"].get(_key(record.pk)) or (None, None)
    elif record.state == State.IMPORTING:
        done, total = record.lines_done or None, record.lines_total
    elif record.state == State.TAKING_BACK:
        done, total = undoing.progress(record)
    return {"state": record.state, "done": done, "total": total}


def _key(pk: int) -> str:
    return f"contact-import-check-{pk}"


@contextmanager
def _failing(pk: int, state: str) -> Iterator[None]:
    try:
        yield
    except FileRefused as refused:
        _fail(pk, state, f"Nothing was imported. {refused}")
    except DatabaseError:
        logger.exception("Import %s failed", pk)
        done = ContactImport.objects.filter(pk=pk).values_list("lines_done", flat=True).first()
        stored = f"{done:,} lines are stored; the same file again adds the rest." if done else "Nothing was stored."
        _fail(pk, state, _FAILED.format(stored=stored))


def _fail(pk: int, state: str, message: str) -> None:
    ContactImport.objects.filter(pk=pk, state=state).update(
        state=State.FAILED, error_message=message, content=None, finished_at=timezone.now()
    )


def _check(record: ContactImport) -> None:
    content = bytes(record.content or b"")

    def tell(done: int, total: int) -> None:
        try:
            caches["redis"].set(_key(record.pk), (done, total), _PROGRESS_SECONDS)
        except (RedisError, OSError) as error:
            logger.warning("The progress of import %s cannot be shown: %s", record.pk, error)

    result = run(io.BytesIO(content), filename=record.filename, dry_run=True, progress=tell)
    counts = result.counts()
    ContactImport.objects.filter(pk=record.pk).update(
        state=State.PREVIEW, kind=result.kind, ignored_columns=result.ignored_columns, lines_total=result.read, **counts
    )
    ContactImportRow.objects.bulk_create(
        ContactImportRow(
            source_id=record.pk, line=row.line, outcome=kept_outcome(row.outcome), reason=row.reason, row=row.cells
        )
        for row in result.rows
    )
