"""Deposits and the final invoice come to the quote's total, here and in QuickBooks, whatever lines, discount and tax."""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from billing import converting, quotes
from billing.models import Invoice, Quote
from billing.money import cents
from billing.refusals import Refused
from quickbooks_integration.emulator import Emulator
from tests.billing.rows import make_quote, make_tax_code
from tests.billing.test_money import CODES, discounts, document, some_lines
from tests.quickbooks_integration.emulator.client import Client

pytestmark = pytest.mark.django_db
shares = st.lists(st.decimals(min_value=1, max_value=60, places=0), min_size=1, max_size=3)  # percent of what is left


@pytest.fixture(scope="module")
def api() -> Iterator[Client]:
    with Emulator(company="craig", limits=False) as running:
        yield Client(running)


def write(some: list[Any], discount: Any, code: str, after: bool) -> Quote:
    given_discount = {f"discount_{discount[0]}": discount[1]} if discount else {}
    taxed = make_tax_code(*map(str, CODES[code])) if code else None
    quote = make_quote(status="approved", tax_code=taxed, tax_after_discount=after, **given_discount)
    for position, (quantity, price, taxable) in enumerate(some, 1):
        quote.quote_items.create(
            position=position, description="Work", quantity=quantity, unit_price=price, taxable=taxable
        )
    return quotes.finish_edit(quote, None)


def in_quickbooks(api: Client, invoice: Invoice) -> Decimal:
    """The total that QuickBooks makes of the invoice's lines and discount."""
    lines = [(line.quantity, line.unit_price, line.taxable) for line in invoice.invoice_items.all()]
    code = next((key for key, rates in CODES.items() if rates == _rates(invoice)), "")
    discount = ("amount", invoice.discount_amount) if invoice.discount_amount is not None else None
    made = api.save("Invoice", **document(lines, discount, code, invoice.tax_after_discount))
    return Decimal(str(made["TotalAmt"]))


def _rates(invoice: Invoice) -> tuple[Decimal, ...]:
    return tuple(rate.percent for rate in invoice.tax_code.rates.all()) if invoice.tax_code else ()


def compare(api: Client, some: list[Any], discount: Any, code: str, after: bool, shares: list[Decimal]) -> None:
    try:
        quote = write(some, discount, code, after)
    except Refused:
        assume(False)
    invoices = []
    for share in shares:
        amount = cents(converting.left_to_bill(quote) * share / 100)
        if amount > 0:
            invoices.append(converting.bill_part(quote, amount, None))
    parts = len(invoices)
    with suppress(Refused):
        invoices.append(converting.convert(quote, None))
    if len(invoices) == parts:  # what cannot be made equal is refused, and that is only this
        assert (after, quote.discount_total > 0, quote.tax_amount > 0) == (True, True, True)
        return
    assert sum(invoice.total_amount for invoice in invoices) == quote.total_amount
    if parts:
        assert [in_quickbooks(api, invoice) for invoice in invoices] == [invoice.total_amount for invoice in invoices]


every_case = (some_lines, discounts, st.sampled_from(sorted(CODES)), st.booleans(), shares)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*every_case)
def test_the_invoices_of_a_quote_come_to_its_total_to_the_cent(api, some, discount, code, after, shares) -> None:
    compare(api, some, discount, code, after, shares)


@pytest.mark.long
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*every_case)
def test_the_invoices_of_five_hundred_quotes_come_to_their_totals(api, some, discount, code, after, shares) -> None:
    compare(api, some, discount, code, after, shares)
