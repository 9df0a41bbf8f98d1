import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts import importing
from contacts.importing import Result


class Command(BaseCommand):
    help = "Imports contacts from a CSV file or an Excel workbook: ours, PropertyRadar's export or QuickBooks' customer export."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, store nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                result = importing.run(file, filename=path.name, dry_run=options["dry_run"])
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except importing.FileRefused as error:
            raise CommandError(f"{path.name} was not imported, nothing was stored. {error}") from error
        self.stdout.write(json.dumps(as_json(result), ensure_ascii=False) if options["json"] else as_text(result))


def as_json(result: Result) -> dict[str, Any]:
    return {
        "file": result.filename,
        **result.counts(),
        "seconds": result.seconds,
        "dry_run": result.dry_run,
        "rows": [{"line": row.line, "outcome": row.outcome, "reason": row.reason} for row in result.rows],
    }


def as_text(result: Result) -> str:
    counts = result.counts()
    head = f"{result.kind} {result.filename}: {counts.pop('read')} rows read in {result.seconds} s"
    lines = [head + (", nothing stored (dry run)" if result.dry_run else "")]
    lines += [f"  {count:>7} {name}" for name, count in counts.items()]
    if result.ignored_columns:
        lines.append(f"  Columns that are not imported: {', '.join(result.ignored_columns)}")
    lines += [f"  Line {row.line} {row.outcome}: {row.reason}" for row in result.rows]
    if result.noted > len(result.rows):
        lines.append(f"  ... the other rows are in the admin under Imports, {result.filename}.")
    return "\n".join(lines)
