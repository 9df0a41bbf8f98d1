"""Payments of both sides, and what they are used for."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser

from billing import applying, invoices, payments, summaries
from billing.models import CreditMemo, Invoice, Payment, PaymentApplication
from quickbooks_integration.documents import projecting, reading, taking, writing
from quickbooks_integration.documents.facts import PaymentFacts
from quickbooks_integration.documents.projecting import LABELS, VOID, Projection
from quickbooks_integration.mapping import Document, Unusable
from quickbooks_integration.models import QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import documents, keeping
from quickbooks_integration.sync.keeping import Kept
from quickbooks_integration.sync.kinds import locking
from quickbooks_integration.sync.kinds.base import Kind, NeedsCustomer, Request, Waits, World
from quickbooks_integration.sync.kinds.sales import customer_of


class Payments(Kind[Payment]):
    entity_type, entity = "payment", "Payment"
    is_booked = True
    # Intuit: a payment without an account waits in Undeposited Funds.
    filled_there = ("account",)
    columns = {
        "customer": ("contact_id",),
        "date": ("payment_date",),
        "amount": ("amount", "unapplied_amount"),
        "method": ("method",),
        "reference": ("reference",),
        "account": ("deposit_account",),
        "notes": ("notes",),
        "status": ("is_void",),
        "applied": ("unapplied_amount",),
    }

    def lock(self, local_id: int | None, document: Document | None = None) -> Payment | None:
        """Everybody locks invoices first: those that it pays, and those that it is to pay."""
        self.lock_for(local_id or 0, {}, document)
        return locking.locked(Payment, local_id, "contact")

    def lock_for(self, local_id: int, kept: Kept, document: Document | None) -> None:
        """All of them at once, in their order."""
        paid = PaymentApplication.objects.filter(payment=local_id, invoice__isnull=False)
        wanted = set(paid.values_list("invoice_id", flat=True))
        wanted |= {one["invoice_id"] for one in kept.get("applications", ())} - {None}
        if document is not None:
            there = reading.payment_facts(document, {}).invoices
            wanted |= set(Invoice.objects.filter(quickbooks_invoice_id__in=there).values_list("pk", flat=True))
        applying.lock_invoices(wanted)

    def named(self, row: Payment) -> str:
        return f"{row} of {row.customer}"

    def ours(self, row: Payment, sync: QuickBooksSync) -> Projection:
        return projecting.our_payment(row, _applications(row), _customer(sync, row))

    def theirs(self, document: Document, world: World) -> Projection:
        return projecting.payment(self.facts(document, world))

    def facts(self, document: Document, world: World) -> PaymentFacts:
        return reading.payment_facts(document, world.names)

    def mirror(self, sync: QuickBooksSync, document: Document, world: World) -> None:
        facts = self.facts(document, world)
        documents.store(sync, facts.head, facts.unapplied, "", self.theirs(document, world), document)

    def request(self, row: Payment, sync: QuickBooksSync, ours: Projection, world: World) -> Request:
        if not ours["customer"] and row.contact is not None:
            raise NeedsCustomer(row.contact)
        before = writing.Before(sync.document.raw, sync.base_ours or {}) if sync.entity_id else None
        if ours["status"] == VOID:
            if before is None:
                raise Unusable("It was voided before it reached QuickBooks, so there is nothing to send.")
            return Request("void", {"Id": before.raw["Id"], "SyncToken": before.raw["SyncToken"], "sparse": True})
        for application in _applications(row):
            if application.invoice is not None and not application.invoice.quickbooks_invoice_id:
                raise Waits(f"{application.invoice} goes to QuickBooks first.", on=f"invoice {application.invoice_id}")
        return Request("update" if before else "create", writing.payment(row, ours, world.ids, before))

    def operation(self, request_kind: str) -> dict[str, Any]:
        # Intuit: a payment is voided by an update that includes it; other documents by an operation of that name.
        return {"operation": "update", "include": "void"} if request_kind == "void" else {}

    def take(self, row: Payment, fields: Iterable[str], document: Document, world: World, *, said: str = "") -> None:
        fields = list(fields)
        facts = self.facts(document, world)
        if "status" in fields and facts.head.is_void:
            payments.void(row, None, origin="quickbooks")
            fields = [name for name in fields if name not in ("status", "amount", "applied")]
            if not fields:
                return
        values = taking.payment(
            facts, documents.known(world.auth, customer_ids=[facts.head.customer_id], contact_id=row.contact_id)
        )
        names = list(dict.fromkeys(name for field in fields for name in self.columns[field]))
        contacts = {row.contact_id}
        for name in names:
            setattr(row, name, values[name])
        row.save(update_fields=[*names, "updated_at"])
        touched = _use_for(row, facts) if {"applied", "status"} & set(fields) else set()
        touched |= set(row.applications.filter(invoice__isnull=False).values_list("invoice_id", flat=True))
        invoices.recompute(touched)
        summaries.refresh(contacts | {row.contact_id})
        payments.taken_over(row, said or f"Changed in QuickBooks: {', '.join(LABELS[name] for name in fields)}.")

    def keep(self, row: Payment, name: str) -> Kept:
        kept: Kept = {"columns": keeping.columns_of(row, self.columns[name])}
        return kept | {"applications": keeping.rows_of(row.applications.all())} if name == "applied" else kept

    def put_back(self, row: Payment, kept: Kept) -> None:
        former = row.contact_id
        names = keeping.put_columns(row, kept["columns"])
        row.save(update_fields=[*names, "updated_at"])
        touched = set(row.applications.filter(invoice__isnull=False).values_list("invoice_id", flat=True))
        if "applications" in kept:
            keeping.put_rows(row.applications.all(), kept["applications"])
            touched |= {one["invoice_id"] for one in kept["applications"]} - {None}
        invoices.recompute(touched)
        summaries.refresh([former, row.contact_id])

    def tell(self, row: Payment, sentence: str, by: AbstractBaseUser | None) -> None:
        row.history.create(by=by, sentence=sentence)

    def follow(
        self, row: Payment, sync: QuickBooksSync, document: Document, world: World, *, edited: Iterable[str] = ()
    ) -> None:
        facts = self.facts(document, world)
        names: dict[str, Any] = {
            "quickbooks_payment_id": facts.head.entity_id,
            "quickbooks_sync_token": facts.head.sync_token,
            "customer_name": facts.head.customer_name,
        }
        if not row.deposit_account and "account" not in edited:
            names["deposit_account"] = facts.account
        if not {"applied", "amount", "status"} & set(edited):
            names |= {
                "unapplied_amount": facts.unapplied,
                "is_odd": bool(facts.odd_reason),
                "odd_reason": facts.odd_reason,
            }
        changed = {name: value for name, value in names.items() if getattr(row, name) != value}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
        if "unapplied_amount" in changed:
            summaries.refresh([row.contact_id])


def _applications(row: Payment) -> list[PaymentApplication]:
    return list(row.applications.select_related("invoice").order_by("pk"))


def _customer(sync: QuickBooksSync, row: Payment) -> str:
    """QuickBooks applies a payment only to invoices of its own customer, so the invoice's customer comes first."""
    if not sync.entity_id:
        paid = [one.invoice.quickbooks_invoice_id for one in _applications(row) if one.invoice is not None]
        of_invoice = QuickBooksDocument.objects.filter(
            sync__company=sync.company_id, sync__entity_type="invoice", sync__entity_id__in=list(filter(None, paid))
        )
        if found := of_invoice.values_list("customer_id", flat=True).first():
            return found
    return customer_of(sync, row)


# The keys of an invoice and of a credit memo of ours, one of them None.
Use = tuple[int | None, int | None]


def _use_for(row: Payment, facts: PaymentFacts) -> set[int]:
    """The payment is used for what QuickBooks says. Returns the ids of the invoices that gain or lose. What stays as it was
    is not written anew: the history would tell that it was taken off."""
    uses = PaymentApplication.objects.filter(payment=row)
    touched = set(uses.filter(invoice__isnull=False).values_list("invoice_id", flat=True))
    wanted = {} if row.is_void else _uses_there(facts)
    kept: dict[Use, int] = {}
    for one in uses:
        use = one.invoice_id, one.credit_memo_id
        if wanted.get(use) == one.amount:
            kept.setdefault(use, one.pk)
    uses.exclude(pk__in=kept.values()).delete()
    PaymentApplication.objects.bulk_create(
        PaymentApplication(payment=row, invoice_id=invoice, credit_memo_id=memo, amount=amount)
        for (invoice, memo), amount in wanted.items()
        if (invoice, memo) not in kept
    )
    return touched | {invoice for invoice, _ in wanted if invoice}


def _uses_there(facts: PaymentFacts) -> dict[Use, Decimal]:
    """What the money is for in QuickBooks, as far as it is here."""
    bills = Invoice.objects.filter(quickbooks_invoice_id__in=facts.invoices)
    memos = CreditMemo.objects.filter(quickbooks_credit_memo_id__in=facts.credits)
    found: dict[Use, Decimal] = {
        (key, None): facts.invoices[id or ""] for id, key in bills.values_list("quickbooks_invoice_id", "pk")
    }
    found |= {(None, key): facts.credits[id or ""] for id, key in memos.values_list("quickbooks_credit_memo_id", "pk")}
    return {use: amount for use, amount in found.items() if amount > 0}


PAYMENTS = Payments()
