"""What makes a quote quick to write: templates of lines, and what the same work cost before."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing import prices
from billing.models import InvoiceItem, Job, Product, QuoteItem, QuoteTemplate, QuoteTemplateLine
from tests.billing.rows import make_invoice, make_product, make_quote
from tests.contacts.admin.forms import OpenForm, errors_of
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2026, 5, 4)


def template(*lines: dict[str, Any], **fields: Any) -> QuoteTemplate:
    made = QuoteTemplate.objects.create(**{"name": "Crack", **fields})
    for position, line in enumerate(lines, 1):
        QuoteTemplateLine.objects.create(template=made, position=position, **line)
    return made


def lines_of(client: Client, made: QuoteTemplate) -> dict[str, Any]:
    return client.get(reverse("admin:billing_quotetemplate_lines", args=[made.pk])).json()


def test_a_template_gives_its_lines_at_todays_prices(office_client: Client, marketer_client: Client) -> None:
    product = make_product("Crack repair", description="Per foot", unit_price=D("95.5"), taxable=True)
    made = template(
        {"product": product, "quantity": D(10)},
        {"product": product, "description": "Wide crack", "unit_price": D(120), "taxable": True},
        {"description": "Clean up", "unit_price": D(0)},
        message="Thank you",
    )
    known = {"id": product.pk, "name": "Crack repair"}
    assert lines_of(office_client, made) == {
        "message": "Thank you",
        "lines": [
            {"product": known, "not_sold": "", "description": "Per foot", "quantity": "10.00", "unit_price": "95.50",
             "taxable": False},
            {"product": known, "not_sold": "", "description": "Wide crack", "quantity": "1.00",
             "unit_price": "120.00", "taxable": True},
            {"product": None, "not_sold": "", "description": "Clean up", "quantity": "1.00", "unit_price": "0.00",
             "taxable": False},
        ],
    }  # fmt: skip
    Product.objects.update(unit_price=99)
    assert lines_of(office_client, made)["lines"][0]["unit_price"] == "99.00"
    assert marketer_client.get(reverse("admin:billing_quotetemplate_lines", args=[made.pk])).status_code == 403


def test_a_product_that_is_not_sold_any_more_is_left_out_and_named(office_client: Client) -> None:
    made = template({"product": make_product("Old way", active=False, unit_price=D(5))})
    line = lines_of(office_client, made)["lines"][0]
    assert (line["product"], line["not_sold"], line["description"]) == (None, "Old way", "Old way")


def test_a_template_is_written_in_the_admin(office_client: Client) -> None:
    form = OpenForm(office_client, reverse("admin:billing_quotetemplate_add"))
    form.values |= {"name": "Crack", "lines-TOTAL_FORMS": "0"}
    product = make_product()
    form.add_row("lines", product=str(product.pk), quantity="2", position="0", description="", unit_price="")
    form.add_row("lines", product="", quantity="1", position="0", description="Clean up", unit_price="")
    assert errors_of(form.save()) == {"lines-1-unit_price": ["Give a price: there is no product to take it from."]}
    assert form.save(**{"lines-1-unit_price": "0"}).status_code == 302
    assert list(QuoteTemplateLine.objects.values_list("position", "product", "unit_price")) == [
        (1, product.pk, None), (2, None, 0),
    ]  # fmt: skip


def test_only_active_templates_are_offered_on_a_quote(office_client: Client, bookkeeper_client: Client) -> None:
    template(name="Crack, poured wall")
    template(name="Old crack", active=False)
    page = office_client.get(reverse("admin:billing_quote_add")).content.decode()
    assert ("Crack, poured wall" in page, "Old crack" in page) == (True, False)
    look = bookkeeper_client.get(reverse("admin:billing_quote_change", args=[make_quote(("1", "5")).pk]))
    assert "Crack, poured wall" not in look.content.decode()


# --- Past prices ----------------------------------------------------------------------------------


def quoted(product: Product, price: str, day: date, **fields: Any) -> QuoteItem:
    line = make_quote(("2", price), quote_date=day, **fields).quote_items.get()
    QuoteItem.objects.filter(pk=line.pk).update(product=product)
    return line


def test_the_last_five_prices_come_newest_first_with_town_and_outcome() -> None:
    product = make_product()
    for number in range(6):
        quoted(product, f"9{number}", DAY + timedelta(days=number), status="approved")
    quoted(make_product(), "5", DAY)
    invoice = make_invoice(invoice_date=DAY + timedelta(days=3), document_number="1037")
    InvoiceItem.objects.create(invoice=invoice, product=product, description="Crack", unit_price=D(70))
    found = prices.recent(product.pk)
    assert [price.unit_price for price in found] == [95, 94, 93, 70, 92]
    assert (found[0].outcome, found[0].quantity, found[3].document) == ("Approved", 2, "Invoice 1037")


def test_an_invoice_of_a_quote_a_void_one_and_the_open_quote_are_not_counted() -> None:
    product = make_product()
    line = quoted(product, "90", DAY)
    for fields in ({"quote": line.quote}, {"status": "void"}):
        InvoiceItem.objects.create(
            invoice=make_invoice(**fields), product=product, description="Crack", unit_price=D(70)
        )
    assert [price.unit_price for price in prices.recent(product.pk)] == [90]
    assert prices.recent(product.pk, besides_quote=line.quote_id) == []


def test_the_town_is_that_of_the_work_or_else_of_the_customer() -> None:
    product = make_product()
    job = Job.objects.create(property=make_property(city="Quincy"), title="Crack")
    ann = make_contact("Ann", "Lee", address={"city": "Boston"})
    bo = make_contact("Bo", "Ray", address={"city": "Boston"})
    make_property(city="Sudbury", people=(bo,))
    for number, fields in enumerate(({"job": job, "contact": ann}, {"contact": bo}, {"contact": ann}, {})):
        quoted(product, "90", DAY - timedelta(days=number), **fields)
    assert [price.town for price in prices.recent(product.pk)] == ["Quincy", "Sudbury", "Boston", ""]


def test_past_prices_cost_the_same_queries_however_many_there_are(django_assert_num_queries: Any) -> None:
    product = make_product()
    for number in (1, 20):
        for _ in range(number):
            quoted(product, "90", DAY, contact=make_contact("Ann", "Lee", address={"city": "Boston"}))
        with django_assert_num_queries(4):
            assert prices.recent(product.pk)


def test_the_page_asks_for_past_prices_in_words(office_client: Client, marketer_client: Client) -> None:
    product = make_product()
    line = quoted(product, "95.5", DAY, contact=make_contact("Ann", "Lee", address={"city": "Boston"}))
    page = reverse("admin:billing_product_prices", args=[product.pk])
    assert office_client.get(page).json() == {
        "prices": [f"$95.50 x 2, Boston, May 2026, draft (Quote {line.quote.number})"]
    }
    assert office_client.get(f"{page}?quote={line.quote_id}").json() == {"prices": []}
    assert office_client.get(f"{page}?quote=x").status_code == 200
    assert marketer_client.get(page).status_code == 403
