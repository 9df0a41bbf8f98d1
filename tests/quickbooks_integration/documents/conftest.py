"""One QuickBooks for a whole module: with tax codes of none to three rates, classes, a bundle, and our products."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from billing.models import Product
from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.entities.taxes import add_tax_code, add_tax_rate
from quickbooks_integration.models import HistoryImport
from quickbooks_integration.sync import lists
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.documents.office import Office
from tests.quickbooks_integration.sync.conftest import Books

TAXES = {
    "None": (),
    "Massachusetts": ("6.25",),
    "New York": ("8.875",),
    "Quebec": ("5", "9.975"),
    "Tiny": ("0.5", "0.5", "0.0001"),
    "Three": ("6.25", "8.875", "9.975"),
}
SOLD = {"1": "Services", "3": "Concrete", "4": "Design", "15": "Soil", "16": "Sprinkler Heads"}


@pytest.fixture(scope="module")
def quickbooks() -> Iterator[Emulator]:
    with Emulator(company="craig", limits=False) as running:
        company, bookkeeper = running.company(), running.bookkeeper()
        with company.changing():
            for name, percents in TAXES.items():
                rates = [add_tax_rate(company, f"{name} {percent}", Decimal(percent), "1") for percent in percents]
                add_tax_code(company, name, "USER_DEFINED", [rate["Id"] for rate in rates], [])
        for name in ("North", "South"):
            bookkeeper.create("Class", Name=name)
        parts = [{"ItemRef": {"value": "4"}, "Qty": 2}, {"ItemRef": {"value": "16"}, "Qty": Decimal("1.5")}]
        bookkeeper.create("Item", Name="Bundle", Type="Group", ItemGroupDetail={"ItemGroupLine": parts})
        yield running


@pytest.fixture
def books(quickbooks, settings, db) -> Books:
    """The CRM's connection, its history taken over, its lists read, some products linked."""
    settings.QUICKBOOKS_EMULATOR_URL = quickbooks.url
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = quickbooks.client_id, quickbooks.client_secret
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 100_000_000
    settings.QUICKBOOKS_RETRY_SECONDS = 0.01
    settings.QUICKBOOKS_OUTAGE_AFTER = 1_000_000  # a test says itself when trouble is an outage
    opened = Books(quickbooks)
    lists.refresh(opened.auth, opened.service())
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    for item, name in SOLD.items():
        Product.objects.create(name=name, quickbooks_item_id=item)
    return opened


@pytest.fixture
def office(books) -> Office:
    """The office with one contact, who is a customer in QuickBooks of this test's own."""
    contact = pairs.contact("Ann", f"Lee {len(books.emulator.company().all('Customer'))}")
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    contact.refresh_from_db()
    return Office(books, contact)
