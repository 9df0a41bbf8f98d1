"""Compares both sides and names each difference. Exit status 0 only if there is none."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import CheckRun
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import checking

TOLD = ("kind", "name", "field", "ours", "theirs", "sentence")


class Command(BaseCommand):
    help = "Compares every linked record with QuickBooks and names each difference."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            service = QuickBooksService.current()
            run, _ = checking.request(service.auth)
            checking.execute(service, run)
        except QuickBooksError as error:
            raise CommandError(error.with_reference) from error
        except checking.AlreadyChecking as error:
            raise CommandError(str(error)) from error
        self._print(run, as_json=options["json"])
        if run.difference_count:
            raise CommandError(run.message)

    def _print(self, run: CheckRun, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(_as_json(run)))
            return
        for difference in run.differences:
            self.stdout.write(difference["sentence"])
        if run.difference_count > len(run.differences):
            self.stdout.write(f"{run.difference_count - len(run.differences)} more.")
        self.stdout.write(
            f"{run.accuracy} % of {run.compared} fields agree, {run.waiting} are on their way. "
            f"{run.api_calls} calls to QuickBooks, {run.seconds:.1f} seconds."
        )


def _as_json(run: CheckRun) -> dict[str, Any]:
    return {
        "accuracy": str(run.accuracy),
        "compared": run.compared,
        "agreeing": run.agreeing,
        "waiting": run.waiting,
        "differences": [{name: one[name] for name in TOLD} for one in run.differences],
        "api_calls": run.api_calls,
        "seconds": round(run.seconds, 3),
    }
