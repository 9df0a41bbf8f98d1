"""One row of each kind, in step on both sides, and a field of it that either side can change."""

from abc import ABC, abstractmethod
from datetime import date
from decimal import Decimal
from typing import Any

from billing import invoices, payments, quotes
from billing.models import Invoice, InvoiceItem, Payment, Quote, QuoteItem
from contacts.models import Contact, ContactAddress
from contacts.signals import contact_changed
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import outbox
from quickbooks_integration.sync.kinds import KINDS

D = Decimal
BASE, OURS, THEIRS = "100.00", "150.00", "120.00"


class Clash(ABC):
    """base, ours, theirs: three values of the field as the test thinks of them."""

    kind: str
    field: str
    base, ours, theirs = "Before", "Ours", "Theirs"

    def __init__(self, books: Any, ann: Contact) -> None:
        self.books, self.ann = books, ann
        self.begin()
        self.push()

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def edit(self, value: str) -> None: ...

    @abstractmethod
    def edit_there(self, value: str) -> None: ...

    @abstractmethod
    def here(self) -> str: ...

    @abstractmethod
    def there(self) -> str: ...

    @property
    @abstractmethod
    def local_id(self) -> int: ...

    @property
    def sync(self) -> QuickBooksSync:
        return QuickBooksSync.objects.get(entity_type=self.kind, local_id=self.local_id)

    def document(self) -> dict[str, Any]:
        return self.books.emulator.company().find(KINDS[self.kind].entity, self.sync.entity_id)

    def push(self) -> None:
        QuickBooksSync.objects.update(next_try_at=None)
        outbox.work_off(self.books.service())

    def read(self) -> None:
        """QuickBooks tells that something changed there."""
        QuickBooksSync.objects.filter(pk=self.sync.pk).update(needs_read=True)
        self.push()

    def clash(self) -> "Clash":
        self.edit_there(self.theirs)
        self.edit(self.ours)
        self.read()
        assert list(self.sync.conflicts) == [self.field]
        return self

    def both(self) -> tuple[str, str]:
        return self.here(), self.there()

    def everything(self) -> Any:
        """Both sides and both bases, for "as it was before"."""
        sync = self.sync
        ours = KINDS[self.kind].ours(self._locked(), sync)
        return ours, self.both(), self.columns(), sync.base, sync.base_ours, sync.conflicts, sync.sync_status

    def _locked(self) -> Any:
        from django.db import transaction

        with transaction.atomic():
            return KINDS[self.kind].lock(self.local_id)

    @abstractmethod
    def columns(self) -> Any:
        """All columns of our row and its parts but for times."""


def all_of(rows: Any) -> list[dict[str, Any]]:
    left_out = {"updated_at", "version"}
    return [
        {name: value for name, value in row.items() if name not in left_out} for row in rows.order_by("pk").values()
    ]


class EstimateLines(Clash):
    kind, field = "estimate", "content"
    base, ours, theirs = BASE, OURS, THEIRS

    def begin(self) -> None:
        self.quote = Quote.objects.create(contact=self.ann, quote_date=date(2026, 5, 1), message="Before")
        for position, amount in enumerate((BASE, "25.00"), 1):
            QuoteItem.objects.create(
                quote=self.quote,
                position=position,
                description=f"Crack {position}",
                quantity=D(1),
                unit_price=D(amount),
            )
        quotes.finish_edit(self.quote, None)
        quotes.mark_ready(self.quote, None)

    @property
    def local_id(self) -> int:
        return self.quote.pk

    def edit(self, value: str) -> None:
        quote = Quote.objects.get(pk=self.quote.pk)
        line = quote.quote_items.order_by("position").first()
        line.unit_price = D(value)
        line.save()
        quotes.finish_edit(quote, None)

    def edit_there(self, value: str, *, only: bool = False) -> None:
        """The bookkeeper changes the first line and, but for `only`, deletes the second."""
        first, *others = self.document()["Line"]
        line = {
            **first,
            "Amount": D(value),
            "SalesItemLineDetail": {**first["SalesItemLineDetail"], "UnitPrice": D(value)},
        }
        self.books.bookkeeper.edit(KINDS[self.kind].entity, self.sync.entity_id, Line=[line, *(others if only else [])])

    def here(self) -> str:
        return str(Quote.objects.get(pk=self.local_id).quote_items.order_by("position").first().line_total)

    def there(self) -> str:
        return f"{self.document()['Line'][0]['Amount']:.2f}"

    def columns(self) -> Any:
        return all_of(Quote.objects.filter(pk=self.local_id)), all_of(QuoteItem.objects.filter(quote=self.local_id))


class EstimateMessage(EstimateLines):
    field = "message"
    base, ours, theirs = "Before", "Ours", "Theirs"

    def edit(self, value: str) -> None:
        quote = Quote.objects.get(pk=self.quote.pk)
        quote.message = value
        quote.save()
        quotes.finish_edit(quote, None)

    def edit_there(self, value: str) -> None:
        self.books.bookkeeper.edit("Estimate", self.sync.entity_id, CustomerMemo={"value": value})

    def here(self) -> str:
        return Quote.objects.get(pk=self.local_id).message

    def there(self) -> str:
        return str(self.document()["CustomerMemo"]["value"])


class EstimateStatus(EstimateMessage):
    field = "status"
    base, ours, theirs = "Pending", "Accepted", "Rejected"

    def edit(self, value: str) -> None:
        quote = Quote.objects.get(pk=self.quote.pk)
        quotes.approve(quote, None) if value == "Accepted" else quotes.decline(quote, None)

    def edit_there(self, value: str) -> None:
        self.books.bookkeeper.edit("Estimate", self.sync.entity_id, TxnStatus=value)

    def here(self) -> str:
        status = Quote.objects.get(pk=self.local_id).status
        return {"approved": "Accepted", "declined": "Rejected"}.get(status, "Pending")

    def there(self) -> str:
        return str(self.document()["TxnStatus"])


class InvoiceLines(EstimateLines):
    kind = "invoice"

    def begin(self) -> None:
        self.invoice = Invoice.objects.create(
            contact=self.ann, status="open", invoice_date=date(2026, 5, 1), due_date=date(2026, 6, 1),
            subtotal=D("125.00"), total_amount=D("125.00"), balance_due=D("125.00"),
        )  # fmt: skip
        for position, amount in enumerate((BASE, "25.00"), 1):
            InvoiceItem.objects.create(
                invoice=self.invoice, position=position, description=f"Crack {position}", quantity=D(1),
                unit_price=D(amount),
            )  # fmt: skip
        invoices.finish_edit(self.invoice, None)

    @property
    def local_id(self) -> int:
        return self.invoice.pk

    def edit(self, value: str) -> None:
        invoice = Invoice.objects.get(pk=self.invoice.pk)
        line = invoice.invoice_items.order_by("position").first()
        line.unit_price = D(value)
        line.save()
        invoices.finish_edit(invoice, None)

    def here(self) -> str:
        invoice = Invoice.objects.get(pk=self.local_id)
        assert invoice.balance_due == invoice.total_amount - invoice.amount_paid
        return str(invoice.invoice_items.order_by("position").first().line_total)

    def columns(self) -> Any:
        lines = InvoiceItem.objects.filter(invoice=self.local_id)
        return all_of(Invoice.objects.filter(pk=self.local_id)), all_of(lines)


class InvoiceDue(InvoiceLines):
    field = "due"
    base, ours, theirs = "2026-06-01", "2026-07-01", "2026-08-01"

    def edit(self, value: str) -> None:
        invoice = Invoice.objects.get(pk=self.invoice.pk)
        invoice.due_date = date.fromisoformat(value)
        invoice.save()
        invoices.finish_edit(invoice, None)

    def edit_there(self, value: str) -> None:
        self.books.bookkeeper.edit("Invoice", self.sync.entity_id, DueDate=value)

    def here(self) -> str:
        return Invoice.objects.get(pk=self.local_id).due_date.isoformat()

    def there(self) -> str:
        return str(self.document()["DueDate"])


class PaymentUse(Clash):
    """A payment that waits: here it is used for one invoice, there for another one."""

    kind, field = "payment", "applied"
    base, ours, theirs = "nothing", "first", "second"

    def begin(self) -> None:
        self.bills = [InvoiceLines(self.books, self.ann).invoice for _ in range(2)]
        self.payment = payments.record(self.ann, D(BASE), by=None, payment_date=date(2026, 5, 2), applications={})

    @property
    def local_id(self) -> int:
        return self.payment.pk

    def _bill(self, value: str) -> Invoice | None:
        chosen = {"first": 0, "second": 1}.get(value)
        return None if chosen is None else Invoice.objects.get(pk=self.bills[chosen].pk)

    def edit(self, value: str) -> None:
        bill = self._bill(value)
        payments.reapply(Payment.objects.get(pk=self.payment.pk), {bill: D(BASE)} if bill else {}, None)

    def edit_there(self, value: str) -> None:
        bill = self._bill(value)
        linked = {"TxnId": bill.quickbooks_invoice_id, "TxnType": "Invoice"} if bill else None
        lines = [{"Amount": D(BASE), "LinkedTxn": [linked]}] if linked else []
        self.books.bookkeeper.edit("Payment", self.sync.entity_id, Line=lines)

    def here(self) -> str:
        used = list(Payment.objects.get(pk=self.local_id).applications.values_list("invoice_id", flat=True))
        for bill in self.bills:
            bill = Invoice.objects.get(pk=bill.pk)
            assert bill.amount_paid == (D(BASE) if bill.pk in used else 0)
        return {(): "nothing", (self.bills[0].pk,): "first", (self.bills[1].pk,): "second"}[tuple(used)]

    def there(self) -> str:
        ids = [one["TxnId"] for line in self.document().get("Line", []) for one in line["LinkedTxn"]]
        by_id = {self._bill(name).quickbooks_invoice_id: name for name in ("first", "second")}
        return by_id[ids[0]] if ids else "nothing"

    def columns(self) -> Any:
        used = Payment.objects.get(pk=self.local_id).applications.all()
        bills = Invoice.objects.filter(pk__in=[bill.pk for bill in self.bills])
        return all_of(Payment.objects.filter(pk=self.local_id)), all_of(used), all_of(bills)


class PaymentReference(PaymentUse):
    field = "reference"
    base, ours, theirs = "", "1001", "2002"

    def edit(self, value: str) -> None:
        payment = Payment.objects.get(pk=self.payment.pk)
        payments.correct(payment, None, reference=value) if hasattr(payments, "correct") else self._by_hand(value)

    def _by_hand(self, value: str) -> None:
        from billing.signals import payment_changed

        payment = Payment.objects.get(pk=self.payment.pk)
        payment.reference = value
        payment.save()
        payment_changed.send(sender=Payment, payment=payment, origin="office")

    def edit_there(self, value: str) -> None:
        self.books.bookkeeper.edit("Payment", self.sync.entity_id, PaymentRefNum=value)

    def here(self) -> str:
        return Payment.objects.get(pk=self.local_id).reference

    def there(self) -> str:
        return str(self.document().get("PaymentRefNum", ""))


class CustomerName(Clash):
    kind, field = "customer", "last_name"
    base = "Lee"

    def begin(self) -> None:
        pass

    @property
    def local_id(self) -> int:
        return self.ann.pk

    def edit(self, value: str) -> None:
        contact = Contact.objects.get(pk=self.ann.pk)
        contact.last_name = value
        contact.save()
        contact_changed.send(sender=Contact, contact=contact, origin="office")

    def edit_there(self, value: str) -> None:
        self.books.bookkeeper.edit_customer(self.sync.entity_id, FamilyName=value)

    def here(self) -> str:
        return Contact.objects.get(pk=self.ann.pk).last_name

    def there(self) -> str:
        return str(self.document()["FamilyName"])

    def columns(self) -> Any:
        addresses = ContactAddress.objects.filter(contact=self.ann)
        return all_of(Contact.objects.filter(pk=self.ann.pk)), all_of(addresses)


class CustomerAddress(CustomerName):
    field = "billing"
    base, ours, theirs = "1 Main St", "2 Main St", "3 Main St"

    def begin(self) -> None:
        ContactAddress.objects.create(contact=self.ann, kind="billing", street=self.base, city="Boston", state="MA")
        contact_changed.send(sender=Contact, contact=self.ann, origin="office")

    def edit(self, value: str) -> None:
        ContactAddress.objects.filter(contact=self.ann).update(street=value)
        contact_changed.send(sender=Contact, contact=self.ann, origin="office")

    def edit_there(self, value: str) -> None:
        address = {**self.document()["BillAddr"], "Line1": value}
        self.books.bookkeeper.edit_customer(self.sync.entity_id, BillAddr=address)

    def here(self) -> str:
        return ContactAddress.objects.get(contact=self.ann, kind="billing").street

    def there(self) -> str:
        return str(self.document()["BillAddr"]["Line1"])


CLASHES = [
    EstimateLines, EstimateMessage, EstimateStatus, InvoiceLines, InvoiceDue, PaymentUse, PaymentReference,
    CustomerName, CustomerAddress,
]  # fmt: skip
