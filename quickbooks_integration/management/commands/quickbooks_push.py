"""Pushes to QuickBooks what waits. Exit status 0 only if nothing was refused and nothing still waits."""

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from quickbooks_integration import arrivals
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.standing import waiting
from quickbooks_integration.sync import delivering, new_customers, outbox, previewing, pushing
from quickbooks_integration.sync.kinds import KINDS, World
from quickbooks_integration.sync.previewing import Preview

Status = QuickBooksSync.Status
COUNTS = ("pushed", "refused", "conflict", "waiting")


class Command(BaseCommand):
    help = "Pushes quotes, invoices, payments and edited contacts that wait to QuickBooks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--entity", action="append", choices=list(KINDS), help="Push only this kind. Repeatable.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument("--dry-run", action="store_true", help="Print what would be sent; send and write nothing.")

    @arrivals.by(arrivals.COMMAND)
    def handle(self, *args: Any, **options: Any) -> None:
        auth = QuickBooksAuth.objects.in_use().first()
        if auth is None or pushing.why_not(auth):
            raise CommandError(pushing.why_not(auth))
        wanted = [kind for kind in KINDS if kind in (options["entity"] or KINDS)]
        if options["dry_run"]:
            self._show(_previews(auth, wanted), as_json=options["json"])
            return
        began = time.monotonic()
        try:
            counts, troubles = _push(QuickBooksService.current(delivering.PATIENCE), wanted)
        except QuickBooksError as error:
            raise CommandError(str(error)) from error
        self._tell(counts, round(time.monotonic() - began, 3), as_json=options["json"])
        if troubles:
            raise CommandError(" ".join(troubles[:5]))

    def _tell(self, counts: dict[str, dict[str, int]], seconds: float, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"entities": counts, "seconds": seconds}))
            return
        for kind, numbers in counts.items():
            told = ", ".join(f"{number} {name}" for name, number in numbers.items())
            self.stdout.write(f"{kind}: {told}.")

    def _show(self, previews: list[Preview], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps({"would_send": [_as_json(one) for one in previews]}))
            return
        if not previews:
            self.stdout.write("Nothing waits.")
        for preview in previews:
            how = "void" if preview.is_void else "new" if preview.is_new else "change"
            self.stdout.write(f"{preview.name}: {preview.problem or how}")
            for change in preview.changes:
                before = "" if preview.is_new else f"{_in_a_line(change.there)} -> "
                self.stdout.write(f"  {change.label}: {before}{_in_a_line(change.here)}")
            if preview.sums:
                self.stdout.write(f"  Expected: tax {preview.sums.tax}, total {preview.sums.total}")


def _of_kinds(auth: QuickBooksAuth, wanted: list[str]) -> QuerySet[QuickBooksSync]:
    return waiting().filter(company=auth, entity_type__in=wanted).order_by("pk")


def _previews(auth: QuickBooksAuth, wanted: list[str]) -> list[Preview]:
    """What was refused waits for a person: it is shown with the reason, and not sent by this command either."""
    rows = list(
        _of_kinds(auth, wanted).exclude(local_id=None).only("entity_type", "local_id", "sync_status", "error_message")
    )
    found = []
    for kind in wanted:
        refused = {row.local_id: row.error_message for row in rows if row.sync_status == Status.ERROR}
        for preview in previewing.of(
            auth, kind, dict.fromkeys(row.local_id for row in rows if row.entity_type == kind)
        ):
            preview.problem = refused.get(preview.local_id) or preview.problem
            found.append(preview)
    return found


def _push(service: QuickBooksService, wanted: list[str]) -> tuple[dict[str, dict[str, int]], list[str]]:
    """Counts by kind, and the sentences of what did not get through."""
    began = {row.pk: row.entity_type for row in _of_kinds(service.auth, wanted)}
    world = World.of(service.auth)
    for sync_id in began:
        if not new_customers.work(service, sync_id) and not outbox.work(service, sync_id, world):
            break  # the company has to pause
    counts = {kind: dict.fromkeys(COUNTS, 0) for kind in wanted}
    left = {row.pk: row for row in QuickBooksSync.objects.filter(pk__in=began)}
    names = {Status.ERROR: "refused", Status.CONFLICT: "conflict", Status.PENDING: "waiting", Status.SYNCED: "pushed"}
    troubles = []
    for sync_id, kind in began.items():
        row = left.get(sync_id)  # the row of a new customer gives way to the customer's own
        counts[kind][names[Status(row.sync_status)] if row else "pushed"] += 1
        if row is not None and row.sync_status != Status.SYNCED:
            troubles.append(row.error_message or "Changed on both sides: decide in the CRM first.")
    return counts, troubles


def _as_json(preview: Preview) -> dict[str, Any]:
    return {
        "entity": preview.entity_type,
        "id": preview.local_id,
        "name": preview.name,
        "new": preview.is_new,
        "problem": preview.problem,
        "changes": {change.label: [_in_a_line(change.there), _in_a_line(change.here)] for change in preview.changes},
        "total": preview.sums.total if preview.sums else None,
    }


def _in_a_line(value: Any) -> str:
    if value.content is None:
        return value.text.replace("\n", "; ")
    lines = "; ".join(f"{line.quantity} x {line.description} {line.amount}" for line in value.content.lines)
    return f"{lines} (total {value.content.total})"
