"""Every order in which edits, pushes and pulls of one row can happen, and what has to hold after each.

A trace is played against the emulator and the database; both go back to an earlier state by snapshot and savepoint, so
that traces share their beginnings. States that differ in nothing that matters are followed once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import invoices, payments, quotes
from billing.models import Invoice, InvoiceItem, Payment, Quote, QuoteItem
from contacts.models import Contact
from contacts.signals import contact_changed
from quickbooks_integration.emulator import snapshot
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import delivering, merging, outbox
from quickbooks_integration.sync.kinds import KINDS, World

D = Decimal
FIRST, SECOND = "100.00", "150.00"
MEMOS = ("Hello", "Good day")


class Killed(BaseException):
    BEFORE_SENDING, BEFORE_CONFIRMING = "before sending", "before confirming"


class DyingWorker(delivering.Worker):
    dies = Killed.BEFORE_SENDING

    def _send(self, kind: Any, sync: QuickBooksSync) -> None:
        if self.dies == Killed.BEFORE_SENDING:
            raise Killed
        super()._send(kind, sync)

    def _confirm(self, kind: Any, document: Any) -> list[str]:
        raise Killed


class Case(ABC):
    """One row on both sides. Values toggle between two, so that going back to an old one is met too."""

    entity_type: str
    theirs_in: tuple[str, ...]

    def __init__(self, books: Any, ann: Contact) -> None:
        self.books, self.ann = books, ann
        self.world = World.of(books.auth)
        self.service = books.service()
        self.begin()

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def here(self) -> tuple[str, str]:
        """Our value, and our copy of what they edit."""

    @abstractmethod
    def there(self) -> list[tuple[str, str]]:
        """The same of each document that the CRM has made in QuickBooks."""

    @abstractmethod
    def edit(self) -> None: ...

    @abstractmethod
    def edit_there(self) -> None: ...

    @property
    def entity(self) -> str:
        return KINDS[self.entity_type].entity

    def sync(self) -> QuickBooksSync | None:
        return QuickBooksSync.objects.filter(entity_type=self.entity_type, local_id=self.local_id()).first()

    @abstractmethod
    def local_id(self) -> int: ...

    def documents(self) -> list[dict]:
        found = self.books.emulator.company().all(self.entity)
        return [one for one in found if "CRM " in str(one.get("PrivateNote", ""))]

    # --- Steps ---------------------------------------------------------------------------------

    def steps(self) -> dict[str, Callable[[], None]]:
        return {
            "edit": self.edit,
            "edit there": self.edit_there,
            "push": self.push,
            "push refused": self.push_refused,
            "stored, answer lost": lambda: self.push_with("commit_then_drop"),
            "never arrived": lambda: self.push_with("drop"),
            "killed before sending": self.killed_before_sending,
            "killed before confirming": self.killed_before_confirming,
            "pull": self.pull,
        }

    def push(self) -> None:
        sync = self.sync()
        if sync is not None:
            QuickBooksSync.objects.filter(pk=sync.pk).update(next_try_at=None)
            outbox.work(self.service, sync.pk, self.world)

    def push_refused(self) -> None:
        with self.fault("fault", code="6000", detail="no", status=400, count=1):
            self.push()

    def push_with(self, kind: str) -> None:
        with self.fault(kind, count=20):
            self.push()

    @contextmanager
    def fault(self, kind: str, **options: Any) -> Iterator[None]:
        self.books.emulator.faults.add(kind, method="POST", entity=self.entity, **options)
        try:
            yield
        finally:
            self.books.emulator.faults.clear()

    def killed_before_sending(self) -> None:
        self._killed_at(Killed.BEFORE_SENDING)

    def killed_before_confirming(self) -> None:
        self._killed_at(Killed.BEFORE_CONFIRMING)

    def _killed_at(self, moment: str) -> None:
        """A worker that dies: its lease runs out, what it had committed stays."""
        sync = self.sync()
        if sync is None:
            return
        QuickBooksSync.objects.filter(pk=sync.pk).update(next_try_at=None)
        lease = outbox._take_lease(self.books.auth, sync.pk)
        if lease is None:
            return
        worker = DyingWorker(self.service, sync.pk, lease, self.world)
        worker.dies = moment
        for _ in range(delivering.STEPS):
            current = worker._renewed()
            try:
                if current is None or not worker._step(current):
                    break
            except Killed:
                break
        QuickBooksSync.objects.filter(pk=sync.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    def pull(self) -> None:
        """What the change feed does: it settles open creates, then brings what is there."""
        sync = self.sync()
        if sync is None or not sync.entity_id:
            outbox.settle_creates(self.books.auth, self.service, self.entity_type)
            return
        asked_at = timezone.now()
        answer = self.service.read(self.entity, sync.entity_id)
        merging.follow(self.books.auth, sync.pk, answer[self.entity], asked_at=asked_at, world=self.world)

    # --- Judging -------------------------------------------------------------------------------

    def state(self) -> tuple[Any, ...]:
        """What the future depends on."""
        sync, there = self.sync(), self.there()
        mirror = self.raw(sync)
        return (
            self.here(),
            tuple(there),
            None
            if sync is None
            else (
                bool(sync.entity_id), sync.request_kind, sync.sync_status, sync.needs_read,
                min(sync.wanted - sync.sent, 2), None if sync.sending is None else sync.wanted - sync.sending,
                repr(sync.base), repr(sync.base_ours), repr(sync.request_ours), repr(sync.conflicts),
                self.token_there(sync) == sync.sync_version, mirror, sync.lease is not None,
                self.is_replayed(sync),
            ),
        )  # fmt: skip

    def raw(self, sync: QuickBooksSync | None) -> Any:
        return (
            None
            if sync is None or not sync.entity_id
            else merging.text(sync.document.raw, "SyncToken") == sync.sync_version
        )

    def token_there(self, sync: QuickBooksSync) -> str:
        found = self.books.emulator.company().find(self.entity, sync.entity_id) if sync.entity_id else None
        return found["SyncToken"] if found else ""

    def is_replayed(self, sync: QuickBooksSync) -> bool:
        """Whether QuickBooks has carried out the open request already."""
        known = repr(self.books.emulator.company().request_ids.dump())
        return bool(sync.request_id) and sync.request_id in known

    def settle_everything(self) -> None:
        """The office presses Try again, workers and change feed run until nothing moves."""
        before = None
        for _ in range(6):
            sync = self.sync()
            if sync is not None and sync.sync_status == "error":
                outbox.retry(sync.pk)
            QuickBooksSync.objects.update(next_try_at=None, lease=None, lease_until=None)
            outbox.work_off(self.service)
            self.pull()
            now = self.state()
            if now == before:
                return
            before = now

    def judge(self, wanted: str, memo: str, trace: tuple[str, ...]) -> None:
        self.settle_everything()
        sync = self.sync()
        assert sync is not None, trace
        assert self.there() == [(wanted, memo)], trace
        assert self.here() == (wanted, memo), trace
        assert (sync.sync_status, sync.conflicts, sync.request_id) == ("synced", {}, ""), trace


class Explorer:
    """All traces of up to `depth` steps; of states that are alike only the first is followed as deep."""

    def __init__(self, case: Case, depth: int) -> None:
        self.case, self.depth = case, depth
        self.seen: dict[Any, int] = {}
        self.judged: set[Any] = set()
        self.traces = 0

    def explore(self, wanted: str, memo: str, trace: tuple[str, ...] = ()) -> None:
        state, left = self.case.state(), self.depth - len(trace)
        if state not in self.judged:
            self.judged.add(state)
            with self.afterwards_undone():
                self.case.judge(wanted, memo, trace)
        if self.seen.get(state, -1) >= left or not left:
            return
        self.seen[state] = left
        for name, step in self.case.steps().items():
            with self.afterwards_undone():
                self.traces += 1
                step()
                edited = self.case.here()[0] if name == "edit" else wanted
                edited_there = self.case.there()[0][1] if name == "edit there" and self.case.there() else memo
                self.explore(edited, edited_there, (*trace, name))

    @contextmanager
    def afterwards_undone(self) -> Iterator[None]:
        world = self.case.books.emulator.world
        saved, savepoint = snapshot.dump(world), transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(savepoint)
            snapshot.restore(world, saved)


# --- The rows ------------------------------------------------------------------------------------


def memo_of(document: dict) -> str:
    return str(document.get("CustomerMemo", {}).get("value", ""))


def toggled(value: str, choices: tuple[str, str]) -> str:
    return choices[0] if value == choices[1] else choices[1]


class EstimateCase(Case):
    entity_type = "estimate"

    def begin(self) -> None:
        self.quote = Quote.objects.create(contact=self.ann, quote_date=date(2026, 5, 1))
        QuoteItem.objects.create(quote=self.quote, position=1, description="Crack", quantity=D(1), unit_price=D(FIRST))
        quotes.finish_edit(self.quote, None)
        quotes.mark_ready(self.quote, None)

    def local_id(self) -> int:
        return self.quote.pk

    def here(self) -> tuple[str, str]:
        quote = Quote.objects.get(pk=self.quote.pk)
        return str(quote.total_amount), quote.message

    def there(self) -> list[tuple[str, str]]:
        return [(f"{D(one['TotalAmt']):.2f}", memo_of(one)) for one in self.documents()]

    def edit(self) -> None:
        line = QuoteItem.objects.get(quote=self.quote)
        line.unit_price = D(toggled(str(line.unit_price), (FIRST, SECOND)))
        line.save()
        quotes.finish_edit(Quote.objects.get(pk=self.quote.pk), None)

    def edit_there(self) -> None:
        for one in self.documents():
            self.books.bookkeeper.edit(self.entity, one["Id"], CustomerMemo={"value": toggled(memo_of(one), MEMOS)})


class InvoiceCase(EstimateCase):
    entity_type = "invoice"

    def begin(self) -> None:
        amount = D(FIRST)
        self.invoice = Invoice.objects.create(
            contact=self.ann, status="open", invoice_date=date(2026, 5, 1), due_date=date(2026, 6, 1),
            subtotal=amount, total_amount=amount, balance_due=amount,
        )  # fmt: skip
        InvoiceItem.objects.create(
            invoice=self.invoice, position=1, description="Crack", quantity=D(1), unit_price=amount
        )
        invoices.finish_edit(self.invoice, None)

    def local_id(self) -> int:
        return self.invoice.pk

    def here(self) -> tuple[str, str]:
        invoice = Invoice.objects.get(pk=self.invoice.pk)
        assert invoice.balance_due == invoice.total_amount
        return str(invoice.total_amount), invoice.message

    def edit(self) -> None:
        line = InvoiceItem.objects.get(invoice=self.invoice)
        line.unit_price = D(toggled(str(line.unit_price), (FIRST, SECOND)))
        line.save()
        invoices.finish_edit(Invoice.objects.get(pk=self.invoice.pk), None)


class PaymentCase(Case):
    """A payment of $100 that is used for an invoice, or waits."""

    entity_type = "payment"

    def begin(self) -> None:
        bill = InvoiceCase(self.books, self.ann)
        bill.push()
        self.invoice = Invoice.objects.get(pk=bill.invoice.pk)
        assert self.invoice.quickbooks_invoice_id
        self.payment = payments.record(
            self.ann, D(FIRST), by=None, payment_date=date(2026, 5, 2), applications={self.invoice: D(FIRST)}
        )

    def local_id(self) -> int:
        return self.payment.pk

    def here(self) -> tuple[str, str]:
        payment, invoice = Payment.objects.get(pk=self.payment.pk), Invoice.objects.get(pk=self.invoice.pk)
        assert payment.unapplied_amount == invoice.balance_due  # $100 either pays the invoice or waits
        return str(payment.unapplied_amount), payment.notes

    def there(self) -> list[tuple[str, str]]:
        notes = [(one, str(one["PrivateNote"]).partition("CRM ")[0].strip()) for one in self.documents()]
        return [(f"{D(one['UnappliedAmt']):.2f}", note) for one, note in notes]

    def edit(self) -> None:
        payment = Payment.objects.get(pk=self.payment.pk)
        used = {} if payment.applications.exists() else {self.invoice.pk: D(FIRST)}
        payments.reapply(payment, used, None)

    def edit_there(self) -> None:
        for one in self.documents():
            note, _, reference = str(one["PrivateNote"]).partition("CRM ")
            changed = f"{toggled(note.strip(), MEMOS)}\nCRM {reference}"
            self.books.bookkeeper.edit(self.entity, one["Id"], PrivateNote=changed)


class CustomerCase(Case):
    """A contact who is a customer already: its last name goes there, notes come here."""

    entity_type = "customer"

    def begin(self) -> None:
        self.contact = self.ann
        self.edit()

    def local_id(self) -> int:
        return self.contact.pk

    def here(self) -> tuple[str, str]:
        contact = Contact.objects.get(pk=self.contact.pk)
        return contact.last_name, contact.notes

    def there(self) -> list[tuple[str, str]]:
        found = self.books.emulator.company().all("Customer")
        return [(one.get("FamilyName", ""), one.get("Notes", "")) for one in found if one.get("GivenName") == "Ann"]

    def edit(self) -> None:
        contact = Contact.objects.get(pk=self.contact.pk)
        contact.last_name = toggled(contact.last_name, ("Lee", "Ray"))
        contact.save()
        contact_changed.send(sender=Contact, contact=contact, origin="office")

    def edit_there(self) -> None:
        customer = self.books.emulator.company().find("Customer", self.contact.quickbooks_customer_id)
        note = toggled(customer.get("Notes", ""), MEMOS)
        self.books.bookkeeper.edit_customer(customer["Id"], Notes=note)

    def raw(self, sync: QuickBooksSync | None) -> Any:
        return None if sync is None else sync.customer.raw["SyncToken"] == sync.sync_version
