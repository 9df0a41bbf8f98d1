"""Makes a backup now and says where it is."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from attackacrack import backups
from attackacrack.health import signs


class Command(BaseCommand):
    help = "Writes an encrypted backup of the database and proves it by restoring it beside the database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, help="Where it goes; BACKUP_FOLDER if left out.")

    def handle(self, *args: Any, folder: Path | None = None, **options: Any) -> None:
        try:
            made = backups.make(folder)
        except backups.CannotBackUp as reason:
            raise CommandError(str(reason)) from reason
        rows = sum(made.rows.values())
        signs.leave(signs.Kind.BACKUP, {"file": made.path.name, "size": made.size, "rows": rows})
        self.stdout.write(f"{made.path}: {rows:,} rows in {len(made.rows)} tables, restored once to prove it.")
