"""Makes one backup and proves it. The database stays in use meanwhile: the dump and its counts are of one moment."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyrage
from django.conf import settings
from django.db import connection

from attackacrack.backups import files, programs
from attackacrack.backups.files import BackupFile
from attackacrack.models import AuditSeal

FAILURES = (programs.ProgramFailed, pyrage.DecryptError, pyrage.EncryptError, psycopg.Error, OSError)


class CannotBackUp(Exception):
    """str() is a sentence; no backup was made."""


def identity() -> pyrage.x25519.Identity:
    """age's secret key of the settings. Raises CannotBackUp."""
    if not settings.BACKUP_KEY:
        raise CannotBackUp("BACKUP_KEY is not set, so nothing can be encrypted. See .env.example.")
    try:
        return pyrage.x25519.Identity.from_str(settings.BACKUP_KEY)
    except pyrage.IdentityError as error:
        raise CannotBackUp("BACKUP_KEY is no key of age. It begins with AGE-SECRET-KEY-1.") from error


def make(folder: Path | None = None) -> BackupFile:
    """Dumps, encrypts, proves, and removes what retention does not keep. Raises CannotBackUp. Not inside a transaction.

    folder: where it goes; None is the one of the settings.
    """
    folder = folder or settings.BACKUP_FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = identity()
    try:
        with programs.alone() as is_alone:
            if not is_alone:
                raise CannotBackUp("Another backup is being made at this moment. Nothing was done.")
            made = _proved(folder, key)
    except FAILURES as error:
        raise CannotBackUp(f"The backup failed, and its file was removed. {error}") from error
    for old in files.superfluous(files.all_in(folder)):
        old.remove()
    return made


def _proved(folder: Path, key: pyrage.x25519.Identity) -> BackupFile:
    for unfinished in folder.glob(f"*{files.UNPROVED}"):  # of a worker that was stopped in the middle
        unfinished.unlink()
    dumped = _dump(folder, key)
    try:
        prove(dumped)
        return dumped.proved()
    except BaseException:
        dumped.path.unlink(missing_ok=True)
        raise


def _dump(folder: Path, key: pyrage.x25519.Identity) -> BackupFile:
    database = str(connection.settings_dict["NAME"])
    with programs.session(database) as opened, opened.transaction():
        opened.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        (snapshot,) = opened.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        made = files.new(folder, datetime.now(UTC), programs.counts(opened), _newest_seal(opened))
        running = programs.start(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
            database=database, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            with made.path.open("wb") as file:
                made.path.chmod(0o600)
                pyrage.encrypt_io(running.stdout, file, [key.to_public()])
            programs.end(running, "pg_dump")
        except BaseException:
            made.path.unlink(missing_ok=True)
            raise
        finally:
            running.kill()
    return made


def _newest_seal(opened: psycopg.Connection) -> str:
    table = AuditSeal._meta.db_table
    found = opened.execute(f"SELECT digest FROM {table} ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608
    return str(found[0]) if found else ""


def prove(backup: BackupFile) -> None:
    """Restores it into a database of its own, which goes again. Raises ProgramFailed if a row is missing."""
    with restored_copy(backup, f"{connection.settings_dict['NAME']}_proof"):
        pass


@contextmanager
def restored_copy(backup: BackupFile, database: str) -> Iterator[str]:
    """The backup as a database of this name, complete to the row; it goes at the end unless it was renamed."""
    programs.drop(database)
    programs.create(database)
    try:
        _fill(backup, database)
        with programs.session(database) as opened:
            found = programs.counts(opened)
        wrong = [table for table, count in backup.rows.items() if found.get(table) != count]
        if wrong or found.keys() != backup.rows.keys():
            raise programs.ProgramFailed(f"After restoring it rows are missing: {', '.join(wrong) or 'whole tables'}.")
        yield database
    finally:
        programs.drop(database)


def _fill(backup: BackupFile, database: str) -> None:
    running = programs.start(
        "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={database}",
        database=database, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with backup.path.open("rb") as file, running.stdin:  # type: ignore[union-attr]
            pyrage.decrypt_io(file, running.stdin, [identity()])
    except BrokenPipeError:
        pass  # pg_restore has ended; it says why
    except BaseException:
        running.kill()
        raise
    programs.end(running, "pg_restore")
