"""Pulls from QuickBooks. Exit status 0 only if nothing failed."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from quickbooks_integration import arrivals
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import SyncRun
from quickbooks_integration.sync import PULLS, QuickBooksSyncService, history, kinds_to_pull, runs

BAD = (SyncRun.State.FAILED, SyncRun.State.STOPPED)
COUNTS = ("read", "created", "updated", "unchanged", "conflict", "rejected")


class Command(BaseCommand):
    help = "Pulls what changed in QuickBooks since the last pull."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="Read everything, not only what changed.")
        parser.add_argument(
            "--entity", action="append", choices=list(PULLS), help="Pull only this kind. May be repeated."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--dry-run", action="store_true", help="Read and count, write nothing.")
        parser.add_argument("--release-brake", action="store_true", help="Apply even if more than 5 %% would change.")

    @arrivals.by(arrivals.COMMAND)
    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            service = QuickBooksSyncService()
            if not options["dry_run"] and history.begin_first(service.auth):
                self.stderr.write("The history is read for the first time. Open QuickBooks > History when it is done.")
            offered = PULLS if options["dry_run"] or options["entity"] else kinds_to_pull(service.auth)
            wanted = [kind for kind in offered if kind in (options["entity"] or offered)]
            results = {kind: self._pull(service, kind, options) for kind in wanted}
        except (QuickBooksError, runs.AlreadyRunning) as error:
            raise CommandError(str(error)) from error
        self._print(results, round(time.monotonic() - began, 3), as_json=options["json"])
        failed = [result["message"] for result in results.values() if result["state"] in BAD]
        if failed:
            raise CommandError(" ".join(failed))

    def _pull(self, service: QuickBooksSyncService, kind: str, options: dict[str, Any]) -> dict[str, Any]:
        return service.sync(
            kind, full=options["full"], dry_run=options["dry_run"], brake_released=options["release_brake"]
        )

    def _print(self, results: dict[str, dict[str, Any]], seconds: float, *, as_json: bool) -> None:
        counts = {kind: {name: result[name] for name in COUNTS} for kind, result in results.items()}
        calls = sum(result["api_calls"] for result in results.values())
        if as_json:
            self.stdout.write(json.dumps({"entities": counts, "api_calls": calls, "seconds": seconds}))
            return
        for kind, result in results.items():
            told = ", ".join(f"{number} {name}" for name, number in counts[kind].items())
            self.stdout.write(f"{kind}: {told}. {result['message']}")
        self.stdout.write(f"{calls} calls to QuickBooks, {seconds} seconds.")
