"""What a projection says, in words that the office uses: names for ids, dates and dollars, lines as a table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format

from billing import money
from billing.models import Invoice, Product, TaxCode
from contacts.models import Contact
from quickbooks_integration import enriching
from quickbooks_integration.documents.projecting import LABELS, Projection
from quickbooks_integration.mapping import Address
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer

NOTHING = "nothing"
DAYS = ("date", "due", "expires")
STATUSES = {"Closed": "Closed: it is invoiced", "Void": "Void"}
NEW_CUSTOMER = "new customer"  # stands for the id of one that is made first


@dataclass(frozen=True)
class LineInWords:
    product: str
    description: str
    quantity: str
    unit_price: str
    amount: str
    taxable: bool
    differs: bool = False  # from the other side's


@dataclass(frozen=True)
class ContentInWords:
    """Lines, discount and tax, with the sums that QuickBooks will make of them as far as we can tell."""

    lines: list[LineInWords]
    discount: str
    tax: str
    subtotal: str
    discount_total: str
    tax_total: str
    total: str
    discount_differs: bool = False  # from the other side's
    tax_differs: bool = False


@dataclass(frozen=True)
class Value:
    """One side of one field. Either a text, of one or more lines, or content."""

    text: str = ""
    content: ContentInWords | None = None


def in_one_line(value: Value) -> str:
    """For a file: of content the lines and the total."""
    if value.content is None:
        return " ".join(value.text.split())
    lines = [f"{line.description}, {line.quantity} x {line.unit_price}" for line in value.content.lines]
    return "; ".join([*(" ".join(line.split()) for line in lines), f"total {value.content.total}"])


@dataclass(frozen=True)
class Names:
    """What QuickBooks' ids stand for; read once for all values of a page."""

    customers: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    tax_codes: Mapping[str, TaxCode] = field(default_factory=dict)
    invoices: Mapping[str, str] = field(default_factory=dict)


def names_for(auth: QuickBooksAuth, projections: Iterable[Projection]) -> Names:
    """Four queries, however many projections."""
    told = [one for one in projections if one]
    contents = [one["content"] for one in told if one.get("content")]
    customers = {one.get("customer") for one in told} - {"", None}
    products = {line["item"] for content in contents for line in content["lines"]} - {""}
    codes = {content["tax_code"] for content in contents} - {""}
    paid = {id for one in told for id in one.get("applied") or ()}
    people = QuickBooksCustomer.objects.filter(
        sync__company=auth, sync__entity_type="customer", sync__entity_id__in=customers
    )
    bills = Invoice.objects.filter(quickbooks_invoice_id__in=paid)
    return Names(
        customers=dict(people.values_list("sync__entity_id", "display_name")),
        products=dict(
            Product.objects.filter(quickbooks_item_id__in=products).values_list("quickbooks_item_id", "name")
        ),
        tax_codes={
            code.quickbooks_tax_code_id or "": code
            for code in TaxCode.objects.filter(quickbooks_tax_code_id__in=codes).prefetch_related("rates")
        },
        invoices={bill.quickbooks_invoice_id or "": str(bill) for bill in bills},
    )


def label(name: str, entity_type: str = "") -> str:
    """A field as the office calls it; of a contact some are called otherwise than of a document."""
    labels = {**LABELS, **enriching.LABELS} if entity_type == "customer" else LABELS
    return labels.get(name) or name.replace("_", " ").capitalize()


def said(name: str, value: Any, names: Names) -> Value:
    """One field of a projection. Pure."""
    if name == "content":
        return Value(content=_content(value, names)) if value else Value(NOTHING)
    if name == "applied":
        used = [
            f"{names.invoices.get(id, 'an invoice that is not here')}: {dollars(sum)}"
            for id, sum in (value or {}).items()
        ]
        return Value("\n".join(used) or "nothing yet")
    if not value:
        return Value(NOTHING)
    if name in enriching.ADDRESS_KINDS:
        return Value(enriching.address_line(Address(**value)) or NOTHING)
    if name in DAYS:
        return Value(date_format(date.fromisoformat(value), "M j, Y"))
    if name == "customer":
        return Value(names.customers.get(value, "a customer that is not read yet" if value != NEW_CUSTOMER else value))
    if name == "amount":
        return Value(dollars(value))
    return Value(STATUSES.get(value, value) if name == "status" else str(value))


def marked(value: Value, other: Value) -> Value:
    """The same, its lines marked that the other side does not have. Pure."""
    if value.content is None or other.content is None:
        return value
    there = list(other.content.lines)
    lines = []
    for line in value.content.lines:
        is_there = line in there
        if is_there:
            there.remove(line)
        lines.append(replace(line, differs=not is_there))
    ours, theirs = value.content, other.content
    return Value(
        content=replace(
            ours,
            lines=lines,
            discount_differs=(ours.discount, ours.discount_total) != (theirs.discount, theirs.discount_total),
            tax_differs=(ours.tax, ours.tax_total) != (theirs.tax, theirs.tax_total),
        )
    )


def in_short(value: Value) -> str:
    """On one line: of content its total."""
    if value.content is None:
        return value.text.replace("\n", ", ")
    count = len(value.content.lines)
    return f"{count} line{'' if count == 1 else 's'}, {value.content.total} in all"


def dollars(amount: str | Decimal) -> str:
    return money.dollars(Decimal(amount))


def sums_of(content: Projection, names: Names) -> money.Totals:
    """What lines, discount and tax come to. Pure."""
    code = names.tax_codes.get(content["tax_code"])
    return money.totals(
        [money.Amount(Decimal(line["amount"]), line["taxable"]) for line in content["lines"]],
        discount_percent=_decimal(content["discount_percent"]),
        discount_amount=_decimal(content["discount_amount"]),
        tax_rates=[rate.percent for rate in code.rates.all()] if code else (),
        tax_after_discount=content["tax_after_discount"],
    )


def _content(content: Projection, names: Names) -> ContentInWords:
    code, sums = names.tax_codes.get(content["tax_code"]), sums_of(content, names)
    return ContentInWords(
        lines=[_line(line, names) for line in content["lines"]],
        discount=_discount(content),
        tax=_tax(content, code),
        subtotal=dollars(sums.subtotal),
        discount_total=dollars(-sums.discount),
        tax_total=dollars(sums.tax),
        total=dollars(sums.total),
    )


def _line(line: Projection, names: Names) -> LineInWords:
    product = names.products.get(line["item"], "")
    return LineInWords(
        product=product,
        description=line["description"] or product or "(no text)",
        quantity=f"{Decimal(line['quantity']).normalize():f}",
        unit_price=dollars(line["unit_price"]),
        amount=dollars(line["amount"]),
        taxable=line["taxable"],
    )


def _discount(content: Projection) -> str:
    percent, amount = _decimal(content["discount_percent"]), _decimal(content["discount_amount"])
    if percent:
        return f"{percent.normalize():f} %"
    return dollars(amount) if amount else ""


def _tax(content: Projection, code: TaxCode | None) -> str:
    if not content["tax_code"]:
        return "No tax code"
    name = code.name if code else "a tax code that is not read yet"
    return f"{name}, after the discount" if content["tax_after_discount"] else name


def _decimal(value: str) -> Decimal | None:
    return Decimal(value) if value else None


def named(row: Any) -> str:
    """Quote 1042 of Ann Lee."""
    if isinstance(row, Contact):
        return str(row)
    if isinstance(row, Invoice) and not row.document_number:
        return f"New invoice of {row.customer}"
    return f"{row} of {row.customer}"
