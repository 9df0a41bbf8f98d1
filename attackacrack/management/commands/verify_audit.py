"""Whether the history is as it was sealed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from attackacrack import audit
from attackacrack.backups import seals
from attackacrack.health import signs


class Command(BaseCommand):
    help = "Compares the history of changes with its seals; fails if a row was altered, removed or put in between."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", default="", help="A digest that was kept outside, from a log or an e-mail.")

    def handle(self, *args: Any, expect: str, **options: Any) -> None:
        found = audit.verify([audit.Expected(expect)] if expect else seals.kept())
        if not expect:  # a digest that was mistyped is nobody's alarm
            signs.leave_comparison(found)
        for finding in found.findings:
            self.stderr.write(str(finding))
        for restored in found.restores:
            self.stdout.write(restored)
        if found.findings:
            raise CommandError(f"The history is not as it was sealed: {len(found.findings)} findings above.")
        if expect and found.unknown:
            raise CommandError(found.unknown[0])
        for reason in found.unknown:
            self.stdout.write(reason)
        self.stdout.write(
            f"{found.seals:,} seals over {found.rows:,} rows: all there, none altered. Newest: {found.last}"
        )
