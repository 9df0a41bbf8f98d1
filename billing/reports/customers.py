"""What customers have brought over all the years."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, Sum

from billing import takings
from billing.models import CreditMemo, Invoice
from billing.takings import ZERO
from contacts.models import Contact


@dataclass(frozen=True)
class Customer:
    """`since`: the day of the first invoice. Invoiced less credited is the value, which the contact's page shows too."""

    contact: Contact
    since: date | None
    invoiced: Decimal
    credited: Decimal

    @property
    def value(self) -> Decimal:
        return self.invoiced - self.credited


@dataclass(frozen=True)
class Lifetime:
    """So many customers have brought anything, and so many dollars together; the best of them."""

    number: int
    total: Decimal
    best: list[Customer]

    @property
    def average(self) -> Decimal | None:
        return self.total / self.number if self.number else None


def lifetime(number: int) -> Lifetime:
    """The best `number` customers by what they were invoiced less credits, and all who have brought anything. Six
    queries: who has no name is called by phone or e-mail."""
    buyers = Contact.objects.current().filter(total_sales__gt=0)
    whole = buyers.aggregate(number=Count("pk"), total=Sum("total_sales"))
    contacts = list(buyers.order_by("-total_sales", "pk").prefetch_related("phones", "emails")[:number])
    invoices = _by_contact(takings.invoiced(Invoice.objects.filter(contact__in=contacts)), since=Min("invoice_date"))
    credits = _by_contact(takings.credited(CreditMemo.objects.filter(contact__in=contacts)))
    best = [_customer(contact, invoices, credits) for contact in contacts]
    return Lifetime(whole["number"], whole["total"] or ZERO, best)


def _customer(contact: Contact, invoices: dict[int, dict[str, Any]], credits: dict[int, dict[str, Any]]) -> Customer:
    bought, back = invoices.get(contact.pk, {}), credits.get(contact.pk, {})
    return Customer(contact, bought.get("since"), bought.get("total", ZERO), back.get("total", ZERO))


def _by_contact(rows: Any, **more: Any) -> dict[int, dict[str, Any]]:
    found = rows.order_by().values("contact").annotate(total=Sum("counted"), **more)
    return {row["contact"]: row for row in found}
