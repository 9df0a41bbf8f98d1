"""Matches QuickBooks' customers with contacts, and writes the result to a file if asked."""

import csv
import json
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.reconciling import match, reporting

# A spreadsheet runs a text that begins like this.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Command(BaseCommand):
    help = "Links QuickBooks customers to contacts where there is no doubt, and puts the rest into the review queue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print the counts as one JSON object.")
        parser.add_argument("--export", metavar="FILE.csv", type=Path, help="Write every pair and its state.")

    def handle(self, *, export: Path | None, **options: Any) -> None:
        company = self._company()
        began = time.monotonic()
        result = match(company)
        seconds = round(time.monotonic() - began, 2)
        written = self._export(company, export) if export else None
        counts = reporting.counts(company)
        self.stdout.write(self._json(result, counts, seconds) if options["json"] else self._sentences(result, counts))
        if written is not None and not options["json"]:
            self.stdout.write(f"{written} pairs were written to {export}.")

    @staticmethod
    def _company() -> QuickBooksAuth:
        company = QuickBooksAuth.objects.exclude(state=QuickBooksAuth.State.DISCONNECTED).first()
        if company is None:
            raise CommandError("No QuickBooks company is connected. Connect one first, then pull its customers.")
        return company

    @staticmethod
    def _json(result: Any, counts: dict[str, int], seconds: float) -> str:
        return json.dumps({"run": asdict(result), **counts, "seconds": seconds})

    @staticmethod
    def _sentences(result: Any, counts: dict[str, int]) -> str:
        and_jobs = f" and {result.jobs} of their jobs" if result.jobs else ""
        return (
            f"{result.linked} customers were linked{and_jobs}, {result.review} pairs are new for review, "
            f"{result.unchanged} are as before, {result.withdrawn} no longer arise.\n"
            f"Of {counts['customers']} customers {counts['linked']} are linked, {counts['review']} wait for review "
            f"({counts['open_pairs']} pairs), and {counts['unmatched']} fit no contact."
        )

    @staticmethod
    def _export(company: QuickBooksAuth, path: Path) -> int:
        number = 0
        try:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(["external_id", "quickbooks_customer_id", "decision", "score", "reasons"])
                for line in reporting.lines(company):
                    values = asdict(line).values()
                    writer.writerow([_harmless(value) if isinstance(value, str) else value for value in values])
                    number += 1
        except OSError as error:
            raise CommandError(f"{path} could not be written: {error.strerror}.") from error
        return number


def _harmless(text: str) -> str:
    """A leading apostrophe makes a spreadsheet show a text instead of running it. Numbers stay numbers."""
    if not text.startswith(FORMULA_STARTS) or text.lstrip("+-").replace(".", "", 1).isdigit():
        return text
    return f"'{text}"
