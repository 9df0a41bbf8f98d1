"""The page Business: each number is the sum of the list behind it, the same rows as on the first page, who sees it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attackacrack.business import Card
from billing import summaries
from billing.models import CreditMemo, Invoice, InvoiceItem
from billing.models import Product as CatalogueProduct
from contacts.models import Contact
from tests.attackacrack.first_page.test_page import at, behind, money
from tests.billing.rows import make_invoice, make_product
from tests.billing.test_figures import quote
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:attackacrack_outcomemonth_business")
D = Decimal
QUERIES = 20


@pytest.fixture(autouse=True)
def that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, datetime(2026, 5, 20, 16, tzinfo=UTC))


def cards(client: Client, **asked: str) -> dict[str, Card]:
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    return {card.title: card for card in answer.context["cards"]}


def rows(card: Card) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in card.rows}


def billed(day: date, *lines: tuple[CatalogueProduct | None, str], more: str = "0", **fields: Any) -> Invoice:
    """An invoice of these lines; more: its tax, or its discount where it is below zero."""
    subtotal, beside = sum(D(amount) for _, amount in lines), D(more)
    sums = {"subtotal": subtotal, "tax_amount": max(beside, D(0)), "discount_total": max(-beside, D(0))}
    invoice = make_invoice(str(subtotal + beside), invoice_date=day, **(sums | fields))
    for position, (product, amount) in enumerate(lines, 1):
        InvoiceItem.objects.create(
            invoice=invoice, position=position, product=product, description="x", unit_price=D(amount)
        )
    return invoice


def credited(day: date, amount: str, **fields: Any) -> CreditMemo:
    common = {"credit_date": day, "total_amount": D(amount), "remaining_credit": D(0), "contact": make_contact()}
    return CreditMemo.objects.create(**(common | fields))


def some_of_each() -> None:
    crack, seal = make_product("Crack injection", category="Repair"), make_product("Sealing")
    day, ann = date(2026, 4, 3), make_contact("Ann", "Lee")
    billed(day, (crack, "800"), (crack, "200"), (None, "50"), more="62.50", contact=ann)
    billed(day, (seal, "300"), more="-30")
    billed(date(2025, 7, 1), (seal, "70"), contact=ann)
    billed(date(2025, 5, 31), (seal, "11"))  # before the twelve months
    billed(date(2022, 1, 1), (crack, "40"))
    billed(date(2021, 12, 31), (crack, "9000"))  # before the five years
    billed(date(2026, 5, 21), (crack, "9000"))  # tomorrow
    deal = quote("500", status="invoiced", sent_at=moment(2026, 4, 1))
    billed(day, (None, "200"), quote=deal, contact=deal.contact, is_part=True)
    billed(date(2026, 5, 2), (crack, "500"), (None, "-200"), quote=deal, contact=deal.contact)
    for status in ("void", "draft"):
        billed(day, (crack, "9000"), status=status, balance_due=D(0), amount_paid=D(0), is_odd=True)
    credited(day, "100", contact=ann)
    credited(day, "7", is_refund=True)
    credited(day, "9000", is_void=True)
    summaries.refresh(Contact.objects.values_list("pk", flat=True))
    for status, day, total in (("sent", 2, "900"), ("approved", 3, "1000"), ("declined", 4, "2500"), ("ready", 5, "1"),
                               ("draft", 6, "2"), ("invoiced", 30, "5000")):  # fmt: skip
        quote(total, status=status, sent_at=moment(2026, 4, day), expiration_date=date(2026, 6, 1))
    quote("70", status="sent", sent_at=moment(2026, 4, 7), expiration_date=date(2026, 5, 19))
    quote("80", status="ready", sent_at=None)  # never went out
    quote("90", status="approved", sent_at=None, quote_date=date(2026, 3, 9))
    make_invoice("33", invoice_date=date(2026, 5, 1), due_date=date(2026, 5, 1), contact=None, is_odd=True,
                 quickbooks_invoice_id=str(Invoice.objects.count()))  # fmt: skip


def moment(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(year, month, day, hour))  # noqa: DTZ001


# --- Numbers and their lists ----------------------------------------------------------------------


@pytest.mark.parametrize("year", ["", "2025"])
def test_every_number_equals_the_sum_of_the_rows_behind_it(year: str, office_client: Client) -> None:
    some_of_each()
    checked = 0
    for card in cards(office_client, year=year).values():
        for row in card.rows:
            for column, cell in zip(card.columns, row.cells, strict=True):
                if "/billing/" in cell.page:
                    number, total = behind(office_client, cell.page)
                    if column == "Average":
                        total = round(total / number, 2) if number else D(0)
                    expected = total if "$" in cell.text else number
                    shown = money(cell.text) if "$" in cell.text else cell.text.removeprefix("-") or "0"
                    assert (card.title, row.label, column, D(str(shown))) == (card.title, row.label, column, expected)
                    if cell.change:
                        assert money(cell.change) == total
                    checked += 1
    assert checked > 200


def test_products_lines_without_one_and_tax_come_to_what_the_first_page_calls_invoiced(office_client: Client) -> None:
    some_of_each()
    card = cards(office_client)["Revenue by product"]
    assert rows(card) == {
        "Crack injection": ["$1,500.00", "75.5 %"],
        "Sealing": ["$370.00", "18.6 %"],
        "Without a product": ["$50.00", "2.5 %"],
        "Tax, less discounts": ["$65.50", "3.3 %"],
        "Invoiced (6)": ["$1,985.50", ""],
    }
    this = cards(office_client, year="2026")["Revenue by product"]
    months = office_client.get(reverse("admin:index")).context["charts"][0].bars[-5:]
    assert money(rows(this)["Invoiced (5)"][0]) == sum(money(bar.text) for bar in months)


def test_a_category_holds_those_below_it_and_all_come_to_what_was_invoiced(office_client: Client) -> None:
    some_of_each()
    day = date(2026, 4, 4)
    for name, amount in (("Repair:Walls", "60"), ("Repair:Walls:Old", "7"), ("Repairs", "3"), ("", "0.50")):
        billed(day, (make_product(category=name), amount))
    card = cards(office_client)["Revenue by category"]
    assert {label: texts[0] for label, texts in rows(card).items()} == {
        "Repair": "$1,567.00", "Repairs": "$3.00", "Products without a category": "$370.50",
        "Without a product": "$50.00", "Tax, less discounts": "$65.50", "Invoiced (10)": "$2,056.00",
    }  # fmt: skip
    assert [row.meaning for row in card.rows if row.label == "Repair"] == ["Walls, Walls:Old"]
    for row in card.rows:
        assert (row.label, behind(office_client, row.cells[0].page)[1]) == (row.label, money(row.cells[0].text))


def test_products_that_brought_little_are_one_sum_that_leads_to_all_of_them(office_client: Client) -> None:
    for number in range(1, 43):
        billed(date(2025, 4, 3), (make_product(f"Product {number}"), str(number)))
    card = cards(office_client, year="2025")["Revenue by product"]
    assert len(card.rows) == 40 + 2
    assert rows(card)["2 more products"][0] == "$3.00"
    everything = office_client.get(PAGE + card.rows[-2].cells[0].page).context["cards"][0]
    assert [money(row.cells[0].text) for row in everything.rows] == [*range(42, 0, -1), 903]


def test_a_quote_counts_in_the_month_it_was_sent_by_what_became_of_it(office_client: Client) -> None:
    some_of_each()
    found = cards(office_client)
    by_month, by_size = found["Quotes by month sent"], found["Quotes by size"]
    assert list(by_month.columns) == ["Went out", "Approved", "Declined", "Expired", "Still open", "Approved of all"]
    assert rows(by_month)["Apr 2026"] == ["7", "3", "1", "1", "2", "42.8 %"]
    assert rows(by_month)["Mar 2026"] == ["1", "1", "0", "0", "0", "100.0 %"]
    assert rows(by_month)["May 2025"] == ["0", "0", "0", "0", "0", "-"]
    assert {label: texts[:2] for label, texts in rows(by_size).items()} == {
        "Under $1,000": ["5", "2"], "$1,000 to $2,499": ["1", "1"], "$2,500 to $4,999": ["1", "0"],
        "$5,000 and more": ["1", "1"],
    }  # fmt: skip


def test_a_quote_sent_in_the_last_minute_of_a_month_counts_there_by_the_business_own_clock(
    office_client: Client,
) -> None:
    quote(status="sent", sent_at=datetime(2026, 5, 1, 3, 59, tzinfo=UTC))
    quote(status="sent", sent_at=datetime(2026, 5, 1, 4, 0, tzinfo=UTC))
    found = rows(cards(office_client)["Quotes by month sent"])
    assert (found["Apr 2026"][0], found["May 2026"][0]) == ("1", "1")


def test_years_stand_beside_each_other_by_calendar_month(office_client: Client) -> None:
    some_of_each()
    card = cards(office_client)["Seasons"]
    assert list(card.columns) == ["2022", "2023", "2024", "2025", "2026"]
    found = rows(card)
    assert found["May"] == ["$0.00", "$0.00", "$0.00", "$11.00", "$333.00"]
    assert found["June"][-1] == ""  # not yet
    assert found["Credited"] == ["$0.00", "$0.00", "$0.00", "$0.00", "$107.00"]
    assert [len(month.bars) for month in card.seasons] == [3] * 12


def test_a_jobs_month_is_that_of_its_final_invoice_and_holds_its_deposits(office_client: Client) -> None:
    some_of_each()
    found = rows(cards(office_client)["Average job"])
    assert found["May 2026"] == ["2", "$533.00", "$266.50"]
    assert found["Jun 2025"] == ["0", "$0.00", "-"]


def test_lifetime_value_is_what_the_contacts_page_says(office_client: Client) -> None:
    some_of_each()
    ann = Contact.objects.get(total_sales__gt=1000, total_sales__lt=2000)
    card = cards(office_client)["Customer lifetime value"]
    of_ann = next(row for row in card.rows if row.page.endswith(f"/{ann.pk}/change/"))
    assert [cell.text for cell in of_ann.cells] == ["Jul 2025", "$1,182.50", "$100.00", "$1,082.50"]
    assert ann.total_sales == D("1082.50")
    everybody = Contact.objects.filter(total_sales__gt=0)
    assert rows(card)["All customers"][-1] == f"${sum(one.total_sales for one in everybody):,.2f}"
    listed = office_client.get(card.rows[-1].cells[-1].page).context["cl"].result_list
    assert len(listed) == everybody.count()


def test_what_is_merged_away_is_no_customer(office_client: Client) -> None:
    ann, other = make_contact("Ann", "Lee"), make_contact("Ann", "Li")
    Contact.objects.update(total_sales=5)
    Contact.objects.filter(pk=other.pk).update(merged_into=ann)
    assert rows(cards(office_client)["Customer lifetime value"])["All customers"][0] == "1 customer"


# --- Who, how much, how ---------------------------------------------------------------------------


def test_who_sees_no_money_sees_nothing_of_it(
    bookkeeper_client: Client, technician: User, marketer_client: Client
) -> None:
    assert bookkeeper_client.get(PAGE).status_code == 200
    for client in (client_of(technician), marketer_client):
        assert client.get(PAGE).status_code == 403
        assert "Business" not in [
            item["title"] for part in client.get(reverse("admin:index")).context["sidebar_navigation"]
            for item in part["items"]
        ]  # fmt: skip


def test_a_year_that_is_not_offered_is_the_last_twelve_months(office_client: Client) -> None:
    for year in ("2019", "x", "99999999999999999999"):
        assert cards(office_client, year=year)["Revenue by product"].choices[0][2] is True


def test_it_takes_the_same_queries_for_a_few_rows_and_for_many(office_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office_client.get(PAGE)
        return len(captured)

    some_of_each()
    queries()
    first = queries()
    some_of_each()
    for number in range(3):  # known by number or address only
        billed(date(2026, 4, 3), (None, "9000"), contact=make_contact(phones=(f"617555010{number}",)))
        billed(date(2026, 4, 3), (None, "9000"), contact=make_contact(emails=(f"a{number}@example.com",)))
    summaries.refresh(Contact.objects.values_list("pk", flat=True))
    assert queries() == first == QUERIES


def test_it_has_no_script_or_style_of_its_own_and_says_what_nothing_is(office_client: Client) -> None:
    empty = office_client.get(PAGE).content.decode()
    assert "Nothing was invoiced in this time." in empty
    some_of_each()
    shown = office_client.get(PAGE).content.decode()
    ours = shown[shown.index('<article class="first-page business">') : shown.index("</article>")]
    assert ours.count("<svg") > 50
    assert " style=" not in ours
    assert "<script" not in ours


def test_a_list_named_wrongly_is_the_whole_list(office_client: Client) -> None:
    make_invoice()
    quote()
    for model, name in (("invoice", "product-"), ("invoice", "product-0x1"), ("quote", "out-2026-13-01-2026-01-01--"),
                        ("quote", "out-2026-01-01-2026-12-01-huge-"), ("invoice", "category-a\x00"),
                         ("payment", "product-1")):  # fmt: skip
        shown = office_client.get(reverse(f"admin:billing_{model}_changelist"), {"rows": name}).context["cl"]
        assert (name, hasattr(shown, "counted")) == (name, False)


def test_a_list_of_one_product_is_told_by_its_name(office_client: Client) -> None:
    product = make_product("Crack injection")
    billed(date(2026, 5, 20), (product, "5"))
    page = reverse("admin:billing_invoice_changelist")
    assert office_client.get(page, {"rows": f"product-{product.pk}"}).context["cl"].counted == (
        "Lines of Crack injection: 1 row, $5.00"
    )
    gone = office_client.get(page, {"rows": "product-999999999999"}).context["cl"].counted
    assert gone == "Lines of a product that is gone: 0 rows, $0.00"
