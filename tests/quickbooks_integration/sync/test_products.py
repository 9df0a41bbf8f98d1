"""A pull of items: what becomes a product, what follows, and what waits for a person."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from billing.models import Product
from quickbooks_integration import item_mapping, product_links, tasks
from quickbooks_integration.item_mapping import item_facts
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import PullCursor, QuickBooksSync, RejectedRow, SyncRun
from quickbooks_integration.sync import products
from tests.people import office, office_client  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

ACCOUNTS = [
    {"Id": "1", "Name": "Services", "AccountType": "Income", "AccountSubType": "ServiceFeeIncome"},
    {"Id": "80", "Name": "Cost of Goods Sold", "AccountType": "Cost of Goods Sold"},
]


def item(name: str, **fields: Any) -> dict[str, Any]:
    account = {"value": "1", "name": "Services"}
    return {"Name": name, "Type": "Service", "UnitPrice": 95, "IncomeAccountRef": account, **fields}


def opened(open_books: Any, *items: dict[str, Any]) -> Any:
    return open_books({"Account": ACCOUNTS, "Item": list(items)})


def id_of(name: str) -> str:
    return Product.objects.get(name=name).quickbooks_item_id


def edit(books: Any, name: str, **fields: Any) -> None:
    """Somebody changes an item in QuickBooks."""
    known = books.emulator.company().find("Item", id_of(name))
    books.emulator.clock.advance(60)
    body = {"Id": known["Id"], "SyncToken": known["SyncToken"], "sparse": True, **fields}
    books.service().update("Item", body, f"edit {name} {known['SyncToken']}")


def counts(result: dict[str, Any]) -> tuple[int, ...]:
    return tuple(result[name] for name in ("read", "created", "updated", "unchanged", "conflict", "rejected"))


def test_the_sample_company_comes_whole_in_one_call_and_a_second_pull_changes_nothing(open_books):
    books = open_books("craig")
    first = books.sync().sync_products()
    assert (counts(first), first["state"]) == ((18, 18, 0, 0, 0, 0), "done")
    assert books.queries() == first["api_calls"] == 1
    pump = Product.objects.get(name="Pump")
    assert (pump.item_type, pump.unit_price, pump.cost, pump.quantity_on_hand, pump.taxable) == (
        "inventory", Decimal("15.00"), Decimal("10.00"), 25, True,
    )  # fmt: skip
    assert (pump.income_account, pump.expense_account) == ("Sales of Product Income", "Cost of Goods Sold")
    assert (pump.description, pump.active, pump.quickbooks_item_id) == ("Fountain Pump", True, "11")
    hours = Product.objects.get(name="Hours")
    assert (hours.unit_price, hours.quantity_on_hand, hours.taxable) == (Decimal("0.00"), None, False)
    assert QuickBooksSync.objects.filter(entity_type="item", sync_status="synced").count() == 18

    again = books.sync().sync_products(full=True)
    assert counts(again) == (18, 0, 0, 18, 0, 0)
    assert counts(books.sync().sync_products()) == (0, 0, 0, 0, 0, 0)


FACTS = {"Id": "1", "SyncToken": "0", "Name": "Crack repair", "Type": "Service"}


@pytest.mark.parametrize(
    ("kind", "ours", "is_bundle"),
    [
        ("Service", "service", False),
        ("Inventory", "inventory", False),
        ("NonInventory", "non_inventory", False),
        ("Group", "service", True),
    ],
)
def test_the_types_are_mapped_exactly(kind: str, ours: str, is_bundle: bool):
    facts = item_facts({**FACTS, "Type": kind})
    assert (facts.item_type, facts.is_bundle) == (ours, is_bundle)


@pytest.mark.parametrize(("given", "price"), [({}, None), ({"UnitPrice": 0}, 0), ({"UnitPrice": "1.005"}, "1.01")])
def test_a_price_of_nothing_is_not_the_lack_of_one(given: dict, price: Any):
    assert item_facts({**FACTS, **given}).unit_price == (None if price is None else Decimal(price))


def test_fractions_of_stock_are_whole_pieces_and_only_inventory_has_any():
    stock = {"QtyOnHand": Decimal("2.75"), "ReorderPoint": 3}
    facts = item_facts({**FACTS, **stock, "Type": "Inventory"})
    assert (facts.quantity_on_hand, facts.reorder_point) == (2, 3)
    assert item_facts({**FACTS, **stock, "Type": "Inventory", "QtyOnHand": "-0.5"}).quantity_on_hand == -1
    assert item_facts({**FACTS, **stock}).quantity_on_hand is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"Id": ""},
        {"Name": " "},
        {"Type": "Payroll"},
        {"UnitPrice": "a lot"},
        {"UnitPrice": 10**8},
        {"Type": "Inventory", "QtyOnHand": 10**10},
        {"Description": "a\x00b"},
    ],
)
def test_what_cannot_be_a_product_is_refused_with_a_sentence(wrong: dict):
    with pytest.raises(Unusable, match=r"\.$"):
        item_facts({**FACTS, **wrong})


def test_categories_group_and_are_no_products_and_inactive_items_are_kept(open_books):
    books = opened(
        open_books,
        {"Id": "50", "Name": "Foundation", "Type": "Category"},
        item("Crack repair", SubItem=True, ParentRef={"value": "50", "name": "Foundation"}),
        item("Old way", Active=False),
    )
    result = books.sync().sync_products()
    assert counts(result) == (3, 2, 0, 1, 0, 0)
    assert "1 of them only group others." in result["message"]
    assert set(Product.objects.values_list("name", "category", "active")) == {
        ("Crack repair", "Foundation", True),
        ("Old way", "", False),
    }


def test_a_price_that_changed_only_there_follows(open_books):
    books = opened(open_books, item("Crack repair"), item("Call-out"))
    books.sync().sync_products()
    edit(books, "Crack repair", UnitPrice=0)
    result = books.sync().sync_products()
    assert (result["updated"], result["conflict"]) == (1, 0)
    assert Product.objects.get(name="Crack repair").unit_price == 0


def test_a_price_that_changed_only_here_stays(open_books):
    books = opened(open_books, item("Crack repair"))
    books.sync().sync_products()
    Product.objects.update(unit_price=100)
    edit(books, "Crack repair", Description="Per foot")
    books.sync().sync_products(full=True)
    product = Product.objects.get()
    assert (product.unit_price, product.description) == (100, "Per foot")
    assert QuickBooksSync.objects.get().sync_status == "synced"


def test_a_price_that_changed_on_both_sides_waits_for_a_person(open_books):
    books = opened(open_books, item("Crack repair"))
    books.sync().sync_products()
    Product.objects.update(unit_price=100)
    edit(books, "Crack repair", UnitPrice=110)
    assert books.sync().sync_products()["conflict"] == 1
    link = QuickBooksSync.objects.get()
    assert (link.sync_status, link.conflicts) == (
        "conflict",
        {"unit_price": {"base": "95.00", "ours": "100.00", "theirs": "110.00"}},
    )
    assert Product.objects.get().unit_price == 100
    again = books.sync().sync_products(full=True)
    assert (again["unchanged"], again["conflict"]) == (1, 0)
    assert QuickBooksSync.objects.get().sync_status == "conflict"


@pytest.mark.parametrize(("action", "price"), [("take_theirs", 110), ("keep_ours", 100)])
def test_the_office_decides_in_the_list(action: str, price: int, open_books, office_client):  # noqa: F811
    books = opened(open_books, item("Crack repair"))
    books.sync().sync_products()
    Product.objects.update(unit_price=100)
    edit(books, "Crack repair", UnitPrice=110)
    books.sync().sync_products()
    product = Product.objects.get()
    page = reverse("admin:billing_product_change", args=[product.pk])
    assert "Price: here “100.00”, in QuickBooks “110.00”." in office_client.get(page).content.decode()
    changelist = reverse("admin:billing_product_changelist")
    assert "Crack repair" in office_client.get(changelist + "?quickbooks=conflict").content.decode()

    office_client.post(changelist, {"action": action, "_selected_action": [product.pk]})
    assert (Product.objects.get().unit_price, QuickBooksSync.objects.get().sync_status) == (price, "synced")
    books.sync().sync_products(full=True)
    assert (Product.objects.get().unit_price, QuickBooksSync.objects.get().sync_status) == (price, "synced")


def test_a_product_typed_here_before_is_the_item_of_the_same_name(open_books):
    typed = Product.objects.create(name="crack  Repair", unit_price=None, taxable=False)
    other = Product.objects.create(name="Call-out", unit_price=150, taxable=False)
    books = opened(open_books, item("Crack Repair"), item("Call-out"))
    assert counts(books.sync().sync_products()) == (2, 0, 0, 0, 2, 0)
    typed.refresh_from_db()
    other.refresh_from_db()
    assert (typed.unit_price, other.unit_price) == (95, 150)  # an empty field is filled, a filled one is a question
    assert set(QuickBooksSync.objects.get(local_id=other.pk).conflicts) == {"unit_price"}
    assert Product.objects.count() == 2


def test_an_item_that_is_gone_makes_its_product_inactive_and_never_deletes_it(open_books):
    books = opened(open_books, item("Crack repair"), item("Call-out"))
    books.sync().sync_products()
    gone = id_of("Call-out")
    company = books.emulator.company()
    kept = company.find("Item", gone)
    company.remove(item_kind(), gone)
    result = books.sync().sync_products(full=True)
    assert (result["state"], counts(result)) == ("done", (1, 0, 0, 1, 0, 0))
    assert Product.objects.get(name="Call-out").active is False
    link = QuickBooksSync.objects.get(entity_id=gone)
    assert (link.sync_status, link.error_message) == ("error", products.VANISHED)
    assert counts(books.sync().sync_products(full=True)) == (1, 0, 0, 1, 0, 0)

    facts = item_mapping.item_facts(kept)
    product_links.merge(link, product := Product.objects.get(name="Call-out"), facts)
    assert (product.active, link.sync_status) == (True, "synced"), "should QuickBooks show it again"


def item_kind() -> Any:
    from quickbooks_integration.emulator.entities.items import ITEM

    return ITEM


def test_a_pull_that_would_change_too_many_changes_none(open_books):
    books = opened(open_books, *[item(f"Work {number}") for number in range(10)])
    books.sync().sync_products()
    for number in range(6):
        edit(books, f"Work {number}", UnitPrice=200)
    result = books.sync().sync_products()
    assert (result["state"], Product.objects.filter(unit_price=95).count()) == ("stopped", 10)
    assert "change or remove 6 of the 10 products" in result["message"]
    assert counts(books.sync().sync_products(brake_released=True)) == (10, 0, 6, 4, 0, 0)
    assert Product.objects.filter(unit_price=200).count() == 6


def test_an_item_that_cannot_be_stored_is_set_aside_with_its_reason(open_books):
    books = opened(open_books, item("Gold", UnitPrice=99999999999), item("Crack repair"))
    assert counts(books.sync().sync_products()) == (2, 1, 0, 0, 0, 1)
    row = RejectedRow.objects.get()
    assert (row.name, row.reason) == ("Gold", "UnitPrice is 99,999,999,999, which is more than a price here can be.")


def test_2500_items_arrive_and_take_pages_and_one_count(open_books):
    books = opened(open_books, *[item(f"Work {number:04}") for number in range(2500)])
    result = books.sync().sync_products()
    assert (counts(result), result["api_calls"]) == ((2500, 2500, 0, 0, 0, 0), 4)
    assert PullCursor.objects.get(entity_type="item").complete


def test_a_dry_run_counts_and_writes_nothing(open_books):
    books = open_books("craig")
    assert counts(books.sync().sync_products(dry_run=True)) == (18, 18, 0, 0, 0, 0)
    written = (Product, QuickBooksSync, SyncRun, PullCursor, RejectedRow)
    assert [model.objects.count() for model in written] == [0, 0, 0, 0, 0]


def test_a_failure_in_the_middle_stores_nothing_and_says_so(open_books):
    books = opened(open_books, item("Crack repair"))
    books.emulator.faults.add("server_error", route="query")
    result = books.sync().sync_products()
    assert (result["state"], Product.objects.count(), PullCursor.objects.count()) == ("failed", 0, 0)


def test_the_command_pulls_items_alone_or_with_the_customers(open_books, capsys):
    books = open_books("craig")
    call_command("quickbooks_sync", "--entity", "item", "--json")
    alone = json.loads(capsys.readouterr().out)
    assert alone["entities"] == {
        "item": {"read": 18, "created": 18, "updated": 0, "unchanged": 0, "conflict": 0, "rejected": 0}
    }
    call_command("quickbooks_sync", "--json", "--full")
    both = json.loads(capsys.readouterr().out)["entities"]
    assert (list(both)[:2], both["item"]["unchanged"]) == (["customer", "item"], 18)
    books.emulator.faults.add("server_error", route="query")
    with pytest.raises(CommandError):
        call_command("quickbooks_sync", "--entity", "item")


def test_beat_pulls_items_after_customers(open_books):
    open_books("craig")
    tasks.pull()
    assert list(SyncRun.objects.order_by("id").values_list("entity_type", "state")) == [
        ("customer", "done"),
        ("item", "done"),
    ]
