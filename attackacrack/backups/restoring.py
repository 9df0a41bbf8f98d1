"""Puts a backup in the place of the database. What was there stays beside it under another name."""

from datetime import UTC, datetime

import psycopg
import pyrage
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from attackacrack.audit import restores
from attackacrack.backups import programs
from attackacrack.backups.files import STAMP, BackupFile
from attackacrack.backups.making import restored_copy
from attackacrack.models import Sign
from quickbooks_integration import reading_first


class CannotRestore(Exception):
    """str() is a sentence; the database is as it was."""


def restore(backup: BackupFile) -> str:
    """Returns the name under which the former database stays; "" if there was none. Raises CannotRestore or NotABackup.

    Nothing goes to QuickBooks afterwards before everything there was read again (reading_first.py): since the backup
    was made documents were sent that it does not know. Not inside a transaction.
    """
    database = str(connection.settings_dict["NAME"])
    stamp = datetime.now(UTC).strftime(STAMP).lower()
    former = f"{database}_before_{stamp}"
    try:
        backup.check()
        with restored_copy(backup, f"{database}_restored") as copy:
            _migrate(copy)
            with programs.session(copy) as opened, opened.transaction():
                reading_first.prepare(opened)
                restores.note(opened, backup.made_at)
                # Nobody stays signed in by a session of then: somebody may have left since.
                opened.execute(f"DELETE FROM {Session._meta.db_table}")  # noqa: S608
                # Since the backup somebody watched; only the notes of it are lost.
                opened.execute(f"UPDATE {Sign._meta.db_table} SET about = about - 'facts_of' WHERE kind = 'check'")  # noqa: S608
            connection.close()
            had_one = programs.exists(database)
            programs.rename(*([(database, former)] if had_one else []), (copy, database))
    except (programs.ProgramFailed, pyrage.DecryptError, psycopg.Error, DatabaseError, OSError) as error:
        raise CannotRestore(f"It was not restored, and the database is as it was. {error}") from error
    return former if had_one else ""


def _migrate(database: str) -> None:
    """A backup may be older than the program, which knows tables and columns as they are now only."""
    in_use = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = in_use
