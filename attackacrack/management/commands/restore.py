"""Puts a backup in the place of the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from attackacrack import backups
from attackacrack.backups import files


class Command(BaseCommand):
    help = (
        "Restores a backup. Stop web server and workers first. The database that is there stays beside it under another "
        "name. Nothing is sent to QuickBooks afterwards before everything there was read again."
    )
    requires_system_checks = ()  # there may be no database

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The backup, crm-....age; its manifest .json lies beside it.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, file: Path, yes: bool, **options: Any) -> None:
        try:
            backup = files.read(file)
            if not yes and not self._is_wanted(backup):
                raise CommandError("Nothing was changed.")
            former = backups.restore(backup)
        except (backups.NotABackup, backups.CannotRestore, backups.CannotBackUp) as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(
            f"Restored: the state of {backup.made_at:%Y-%m-%d %H:%M} UTC, {sum(backup.rows.values()):,} rows."
        )
        if former:
            self.stdout.write(f"The database as it was is called {former}. Drop it when nobody needs it any more.")
        self.stdout.write("Start web server, workers and beat.")

    def _is_wanted(self, backup: backups.BackupFile) -> bool:
        self.stdout.write(f"This replaces the database by its state of {backup.made_at:%Y-%m-%d %H:%M} UTC.")
        return input("Type restore to go on: ").strip() == "restore"
