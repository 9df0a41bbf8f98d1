"""Compares every linked record and every total with QuickBooks, and names what differs. Writes nothing but its result.

findings.py    what a comparison finds
documents.py, customers.py, products.py    the two sides of one kind, field by field
totals.py      counts and sums by kind and year
telling.py     differences in sentences
fixing.py      what a person does about one
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from quickbooks_integration.collector import without_collector
from quickbooks_integration.documents.facts import SalesFacts
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import CheckRun, QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import history, lists, reading
from quickbooks_integration.sync.base_pull import IDS_A_QUERY
from quickbooks_integration.sync.checking import customers, documents, products, telling, totals
from quickbooks_integration.sync.checking.findings import RECORD, Found, Record, State, Why
from quickbooks_integration.sync.mirroring import ORDER

log = logging.getLogger(__name__)

KINDS = {"customer": "Customer", "item": "Item", **{kind: QuickBooksDocument.KINDS[kind] for kind in ORDER}}
MOST_KEPT = 1000
# A check that has not come to its end by then is not coming: its worker died.
LASTS_AT_MOST = timedelta(hours=1)
OPEN_STATES = [CheckRun.State.WAITING, CheckRun.State.RUNNING]
HUNDREDTH = Decimal("0.01")
OUTGOING = ("estimate", "invoice", "payment")
NOT_THERE = "ours:"  # in the place of QuickBooks' id


class AlreadyChecking(Exception):
    """Another check is at work. str() is a sentence."""


@dataclass
class Result:
    """compared: fields that agree or differ; what waits is counted apart. differences: as CheckRun keeps them, all."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)
    totals: list[dict[str, Any]] = field(default_factory=list)

    def sum(self, name: str) -> int:
        return sum(counts[name] for counts in self.counts.values())

    @property
    def compared(self) -> int:
        return self.sum(State.AGREES) + self.sum(State.DIFFERS)

    @property
    def accuracy(self) -> Decimal:
        return accuracy(self.sum(State.AGREES), self.compared)


def accuracy(agreeing: int, compared: int) -> Decimal:
    """Percent, rounded down: 99.999 is not 100. Nothing to compare is nothing wrong."""
    if not compared:
        return Decimal("100.00")
    return (Decimal(agreeing) * 100 / compared).quantize(HUNDREDTH, rounding=ROUND_DOWN)


# --- The record of a check -------------------------------------------------------------------------


def request(auth: QuickBooksAuth, by: AbstractBaseUser | None = None) -> tuple[CheckRun, bool]:
    """The open check, and whether it is new: pressing twice gives the same."""
    now = timezone.now()
    CheckRun.objects.filter(company=auth, state__in=OPEN_STATES, started_at__lt=now - LASTS_AT_MOST).update(
        state=CheckRun.State.FAILED, finished_at=now, message="The check did not come to its end. Press Check now."
    )
    return CheckRun.objects.get_or_create(company=auth, state__in=OPEN_STATES, defaults={"started_by": by})


def start(auth: QuickBooksAuth, by: AbstractBaseUser | None = None) -> CheckRun:
    """Asks a worker for a check and returns its row at once. Pressed again, it rings again: a bell may be lost."""
    from quickbooks_integration import tasks

    run, _ = request(auth, by)
    if run.state == CheckRun.State.WAITING:
        tasks.ring_check(run)
    return run


def execute(service: QuickBooksService, run: CheckRun) -> CheckRun:
    """Works off a check that waits. Raises AlreadyChecking, or QuickBooksError after writing down what happened. Not
    inside a transaction."""
    waiting = CheckRun.objects.filter(pk=run.pk, state=CheckRun.State.WAITING)
    if not waiting.update(state=CheckRun.State.RUNNING, started_at=timezone.now()):
        raise AlreadyChecking("A check is at work already. Its result is on the page Check in a few minutes.")
    source = reading.Counted(service)
    try:
        result = Check(service.auth, source).run()
    except QuickBooksError as error:
        _finish(run, CheckRun.State.FAILED, error.with_reference, api_calls=source.calls_made)
        raise
    except Exception:
        _finish(run, CheckRun.State.FAILED, "The check stopped at an error in this program, not in QuickBooks.")
        raise
    _finish(run, CheckRun.State.DONE, _sentence(result), **_columns(result), api_calls=source.calls_made)
    return run


def _finish(run: CheckRun, state: CheckRun.State, message: str, **columns: Any) -> None:
    columns |= {"state": state, "message": message, "finished_at": timezone.now()}
    CheckRun.objects.filter(pk=run.pk).update(**columns)
    run.refresh_from_db()


def _columns(result: Result) -> dict[str, Any]:
    return {
        "accuracy": result.accuracy,
        "compared": result.compared,
        "agreeing": result.sum(State.AGREES),
        "waiting": result.sum(State.WAITS),
        "counts": {
            kind: {
                "records": counts["records"], "compared": counts[State.AGREES] + counts[State.DIFFERS],
                "agreeing": counts[State.AGREES], "waiting": counts[State.WAITS], "apart": counts[State.APART],
            }
            for kind, counts in result.counts.items()
        },
        "totals": result.totals,
        "differences": result.differences[:MOST_KEPT],
        "difference_count": len(result.differences),
    }  # fmt: skip


def _sentence(result: Result) -> str:
    waits = result.sum(State.WAITS)
    on_their_way = f" {waits:,} {'is' if waits == 1 else 'are'} on the way." if waits else ""
    count = len(result.differences)
    if not count:
        return f"Both sides say the same in all {result.compared:,} fields that were compared.{on_their_way}"
    how = "1 difference was" if count == 1 else f"{count:,} differences were"
    return f"{how} found in {result.compared:,} compared fields. Each says below what to do.{on_their_way}"


# --- Comparing -------------------------------------------------------------------------------------


class Check:
    """One comparison of everything, in pages of 1,000. What differs is read and compared once more at the end of its
    kind, so that a change that was on its way is no difference."""

    def __init__(self, auth: QuickBooksAuth, source: reading.Source) -> None:
        self.auth, self.source = auth, source
        self.names = lists.names(auth)
        self.is_taken = history.is_committed(auth)
        self.result = Result()
        self.balances = customers.Balances()

    def run(self) -> Result:
        wanted = KINDS if history.is_wanted(self.auth) else ("customer", "item")
        for entity_type in wanted:
            self._check(entity_type)
        return self.result

    @without_collector
    def _check(self, entity_type: str) -> None:
        records: dict[str, Record] = {}  # those that differ
        counts: Counter[str] = Counter()
        theirs, links, seen = totals.Theirs(), Links(), set[str]()
        for fresh in self._pages(entity_type, seen):
            for entity_id, one in self._compare(entity_type, fresh).items():
                if one.differences:
                    records[entity_id] = one
                else:
                    _count(counts, one)
                links.see(entity_type, entity_id, one)
                if one.facts is not None:
                    theirs.add(one.facts.head.day, one.facts.head.total)
        missing = self._known(entity_type) - seen
        self._look_again(entity_type, records, missing, counts)
        self._own(entity_type, records, counts)
        if entity_type == "invoice":
            for estimate_id, one in self._twice(links).items():
                records[f"estimate {estimate_id}"] = one
        if entity_type == "customer":
            self._owed(records, counts)
        self._conclude(entity_type, records, counts, theirs)

    def _pages(self, entity_type: str, seen: set[str]) -> Iterator[dict[str, Document]]:
        for page in reading.changes(self.source, KINDS[entity_type], None):
            rows = {str(row["Id"]): row for row in page.rows if isinstance(row, dict) and row.get("Id")}
            fresh = {entity_id: row for entity_id, row in rows.items() if entity_id not in seen}
            seen.update(fresh)
            if entity_type == "customer":
                self.balances.see(fresh)
            yield fresh

    def _compare(self, entity_type: str, found: Mapping[str, Document]) -> dict[str, Record]:
        if entity_type == "customer":
            return customers.compare(self.auth, found, self.names)
        if entity_type == "item":
            return products.compare(self.auth, found)
        return documents.compare(self.auth, entity_type, found, self.names, taken=self.is_taken)

    def _known(self, entity_type: str) -> set[str]:
        rows = QuickBooksSync.objects.filter(company=self.auth, entity_type=entity_type, local_id__isnull=False)
        return set(rows.exclude(entity_id="").values_list("entity_id", flat=True))

    def _gone(self, entity_type: str, entity_ids: Iterable[str]) -> dict[str, Record]:
        if entity_type == "customer":
            return customers.gone(self.auth, entity_ids)
        if entity_type == "item":
            return products.gone(self.auth, entity_ids)
        return documents.gone(self.auth, entity_type, entity_ids)

    def _look_again(
        self, entity_type: str, records: dict[str, Record], missing: set[str], counts: Counter[str]
    ) -> None:
        """One call: those that differ or were not met, as they are by now. The first 200 of them."""
        records |= self._gone(entity_type, missing)
        again = list(records)[:IDS_A_QUERY]
        if not again:
            return
        rows = reading.by_ids(self.source, KINDS[entity_type], again)
        there = {str(row["Id"]): row for row in rows if isinstance(row, dict) and row.get("Id")}
        compared = self._compare(entity_type, there) | self._gone(entity_type, [id for id in again if id not in there])
        for entity_id in again:
            del records[entity_id]
            one = compared.get(entity_id)
            if one is not None and one.differences:
                records[entity_id] = one
            elif one is not None:
                _count(counts, one)

    def _own(self, entity_type: str, records: dict[str, Record], counts: Counter[str]) -> None:
        """Ours that are not there yet."""
        if entity_type not in OUTGOING:
            return
        waiting, refused = documents.waiting_creates(self.auth, entity_type)
        counts[State.WAITS] += waiting
        records |= {f"{entity_type} {NOT_THERE}{one.local_id}": one for one in refused}

    def _owed(self, records: dict[str, Record], counts: Counter[str]) -> None:
        for entity_id, one in self.balances.compare(self.auth):
            if one.differences:
                records[f"customer {entity_id}"] = one
            else:
                counts.update(one.counts())

    def _twice(self, links: "Links") -> dict[str, Record]:
        """Estimates that several invoices of QuickBooks bill, none of them void."""
        several = {estimate: bills for estimate, bills in links.bills.items() if len(bills) > 1}
        rows = QuickBooksSync.objects.filter(company=self.auth, entity_type="estimate").of_objects(several)
        estimates = {sync.entity_id: sync for sync in rows.select_related("document").defer("document__raw")}
        found = {}
        for estimate_id, bills in several.items():
            sync = estimates.get(estimate_id)
            told = " and ".join(
                f"No. {number or '(none)'} with ${total:,.2f}" for number, total in sorted(bills.values())
            )
            name = str(sync.document) if sync is not None and hasattr(sync, "document") else "An estimate"
            said = (
                f"was billed {len(bills)} times in QuickBooks: invoices {told}. If one of them is a mistake, open it and "
                "void it."
            )
            one = Found(RECORD, State.DIFFERS, "", told, Why.TWICE, can_take=False, can_push=False, said=said)
            found[estimate_id] = Record(name, [one], sync.pk if sync else None, sync.local_id if sync else None)
        return found

    def _conclude(
        self, entity_type: str, records: dict[str, Record], counts: Counter[str], theirs: totals.Theirs
    ) -> None:
        for one in records.values():
            _count(counts, one)
        told = telling.told(self.auth, entity_type, records)
        if entity_type in totals.OURS and self.is_taken:
            rows = totals.compare(self.auth, entity_type, theirs)
            self.result.totals += rows
            # A sum that differs because a record does is that record's difference.
            if not records and not counts[State.WAITS]:
                told += self._sums(entity_type, rows, counts)
        self.result.counts[entity_type] = counts
        self.result.differences += told

    def _sums(self, entity_type: str, rows: list[dict[str, Any]], counts: Counter[str]) -> list[dict[str, Any]]:
        found = []
        for name, ours, theirs, sentence in totals.sentences(rows, telling.label(entity_type)):
            counts[State.DIFFERS] += 1
            found.append(
                {
                    "kind": entity_type, "name": name, "field": "total", "ours": ours, "theirs": theirs,
                    "sentence": sentence, "label": "Count and sum", "entity_id": "", "sync": None, "local": None,
                    "take": True, "push": False,
                }
            )  # fmt: skip
        return found


class Links:
    """Which invoices bill an estimate; void ones do not count."""

    def __init__(self) -> None:
        self.bills: dict[str, dict[str, tuple[str, Decimal]]] = {}

    def see(self, entity_type: str, entity_id: str, one: Record) -> None:
        facts = one.facts
        if entity_type != "invoice" or not isinstance(facts, SalesFacts) or facts.head.is_void:
            return
        for estimate_id in facts.estimate_ids:
            self.bills.setdefault(estimate_id, {})[entity_id] = (facts.head.document_number, facts.head.total)


def _count(counts: Counter[str], one: Record) -> None:
    counts.update(one.counts())
    counts["records"] += 1


__all__ = ["AlreadyChecking", "Check", "Result", "accuracy", "execute", "request", "start"]
