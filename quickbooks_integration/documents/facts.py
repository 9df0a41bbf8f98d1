"""What QuickBooks' documents say. Money in dollars with cents, dates as the business's days, "" for what is not said."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal("0.00")


class LineFacts(NamedTuple):
    """One line that adds to the subtotal. is_odd: its amount is not quantity times price as our columns hold them."""

    line_id: str
    kind: str
    item_id: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    taxable: bool
    is_odd: bool = False


class Head(NamedTuple):
    """What every document has."""

    entity_id: str
    sync_token: str
    customer_id: str
    customer_name: str
    document_number: str
    day: date | None
    total: Decimal
    notes: str
    # Ours, which the CRM writes into the note: how a document of ours is known whose link was lost.
    reference: str
    is_void: bool
    links: tuple[tuple[str, str], ...]
    created_at: datetime | None
    updated_at: datetime | None


class SalesFacts(NamedTuple):
    """An estimate, an invoice, a credit memo, a sales or refund receipt. odd_reason: why our rules do not hold for it."""

    head: Head
    lines: tuple[LineFacts, ...]
    subtotal: Decimal
    discount_percent: Decimal | None
    discount_amount: Decimal | None
    discount_total: Decimal
    tax: Decimal
    tax_code_id: str
    tax_after_discount: bool
    balance: Decimal
    deposit: Decimal
    due_date: date | None
    expiration_date: date | None
    payment_terms: str
    message: str
    status: str
    accepted_by: str
    accepted_date: date | None
    email_status: str
    email: str
    delivered_at: datetime | None
    payment_link: str
    odd_reason: str = ""

    @property
    def invoice_ids(self) -> tuple[str, ...]:
        return tuple(id for kind, id in self.head.links if kind == "Invoice")

    @property
    def estimate_ids(self) -> tuple[str, ...]:
        return tuple(id for kind, id in self.head.links if kind == "Estimate")


class PaymentFacts(NamedTuple):
    """invoices and credits: amounts by QuickBooks id. An amount of 0 is no money: it sets credits against invoices."""

    head: Head
    unapplied: Decimal
    method: str
    reference: str
    account: str
    invoices: dict[str, Decimal]
    credits: dict[str, Decimal]
    odd_reason: str = ""
