"""Billing in the admin: what each person may see, how lists cost, and how a quote is written."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import (
    Appointment,
    CreditMemo,
    Invoice,
    Job,
    JobParticipant,
    Payment,
    Product,
    Quote,
    QuoteItem,
    TaxCode,
)
from billing.signals import quote_changed
from tests.billing.rows import make_invoice, make_product, make_quote, make_tax_code, pay, repair
from tests.contacts.admin.forms import OpenForm, errors_of
from tests.factories import make_contact, make_property
from tests.people import make_user

pytestmark = pytest.mark.django_db
MODELS = ("product", "taxcode", "job", "appointment", "quote", "invoice", "payment", "creditmemo")
ADD = "admin:billing_quote_add"


def url(model: str, page: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:billing_{model}_{page}", args=args)


def fill_all() -> None:
    """One row of each kind, with nameless people, who cost the most to show."""
    nameless = make_contact(phones=("617-555-0101",), emails=("a@example.com",))
    make_product(item_type="inventory", quantity_on_hand=1, reorder_point=2)
    make_tax_code("6.25", "1")
    job = Job.objects.create(property=make_property(), title="Crack in the cellar")
    JobParticipant.objects.create(job=job, contact=nameless, role="payer")
    now = timezone.now()
    Appointment.objects.create(contact=nameless, job=job, starts_at=now, ends_at=now + timedelta(hours=1))
    make_quote(("1", "5"), contact=nameless, job=job)
    invoice = make_invoice(contact=nameless, job=job)
    pay((invoice, "10"), on=timezone.localdate())
    CreditMemo.objects.create(contact=nameless, total_amount=5, remaining_credit=5)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("query", ["", "?q=617-555-0101"])
def test_a_list_takes_the_same_number_of_queries_for_two_rows_and_for_twenty(
    model: str, query: str, office_client: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office_client.get(url(model) + query).status_code == 200
        return len(captured)

    for _ in range(2):
        fill_all()
    queries()
    two = queries()
    for _ in range(18):
        fill_all()
    assert queries() == two


@pytest.mark.parametrize("model", MODELS)
def test_every_page_of_a_row_opens(model: str, office_client: Client, bookkeeper_client: Client) -> None:
    fill_all()
    classes = {
        "product": Product, "taxcode": TaxCode, "job": Job, "appointment": Appointment, "quote": Quote,
        "invoice": Invoice, "payment": Payment, "creditmemo": CreditMemo,
    }  # fmt: skip
    page = url(model, "change", classes[model].objects.get().pk)
    assert office_client.get(page).status_code == 200
    assert bookkeeper_client.get(page).status_code == 200


def test_the_form_of_a_job_shows_who_takes_part_and_offers_the_technicians(office_client: Client) -> None:
    tim = make_user("tim", "technician")
    nameless, ann = make_contact(phones=("617-555-0101",)), make_contact("Ann", "Lee")
    job = Job.objects.create(property=make_property(), title="Crack")
    for contact, role in ((nameless, "payer"), (ann, "owner")):
        JobParticipant.objects.create(job=job, contact=contact, role=role)
    now = timezone.now()
    for technician in (tim, None):
        Appointment.objects.create(
            contact=ann, job=job, technician=technician, starts_at=now, ends_at=now + timedelta(hours=1)
        )
    shown = office_client.get(url("job", "change", job.pk)).content.decode()
    for person, times in ((nameless, 1), (ann, 3)):  # one part each, and the two appointments
        assert (
            len(re.findall(rf'<option value="{person.pk}" selected[^>]*>\s*{re.escape(str(person))}', shown)) == times
        )
    offered = re.findall(rf'<option value="{tim.pk}"([^>]*)>\s*tim\s*<', shown)
    assert (len(offered), sum("selected" in option for option in offered)) == (3, 1)  # two rows and the empty one


def test_the_office_may_all_the_bookkeeper_looks_and_the_marketer_sees_nothing(
    bookkeeper_client: Client, marketer_client: Client
) -> None:
    def held(name: str) -> set[str]:
        rows = Group.objects.get(name=name).permissions.filter(content_type__app_label="billing")
        return {codename.split("_")[0] for codename in rows.values_list("codename", flat=True)}

    assert (held("office"), held("bookkeeper"), held("marketer")) == (
        {"add", "change", "convert", "delete", "view"}, {"view"}, set(),
    )  # fmt: skip
    for model in MODELS:
        assert bookkeeper_client.get(url(model)).status_code == 200
        assert marketer_client.get(url(model)).status_code == 403
    assert bookkeeper_client.get(reverse(ADD)).status_code == 403


# --- Writing quotes -------------------------------------------------------------------------------


@pytest.fixture
def told() -> Any:
    heard: list[Quote] = []

    def listen(sender: Any, quote: Quote, **rest: Any) -> None:
        heard.append(quote)

    quote_changed.connect(listen)
    yield heard
    quote_changed.disconnect(listen)


def new_quote(client: Client, *lines: dict[str, str], **fields: str) -> OpenForm:
    form = OpenForm(client, reverse(ADD))
    contact = make_contact("Ann", "Lee")
    form.values |= {"contact": str(contact.pk), "quote_items-TOTAL_FORMS": "0", **fields}
    for line in lines:
        form.add_row("quote_items", **({"description": "Crack", "quantity": "1", "position": "0"} | line))
    return form


def test_a_new_quote_is_added_up_told_once_and_has_its_history(office_client: Client, told: list) -> None:
    product, code = make_product("Crack repair"), make_tax_code("6.25")
    form = new_quote(
        office_client,
        {"product": str(product.pk), "quantity": "2.5", "unit_price": "33.33", "taxable": "on"},
        {"unit_price": "50", "description": "Call-out"},
        tax_code=str(code.pk),
        discount_percent="10",
    )
    assert form.save().status_code == 302
    quote = Quote.objects.get()
    # 83.33 + 50 = 133.33; 10 % is 13.33; 6.25 % of 83.33 is 5.21
    assert (quote.subtotal, quote.discount_total, quote.tax_amount, quote.total_amount) == (
        Decimal("133.33"), Decimal("13.33"), Decimal("5.21"), Decimal("125.21"),
    )  # fmt: skip
    assert [(line.position, line.description, line.line_total) for line in quote.quote_items.all()] == [
        (1, "Crack", Decimal("83.33")),
        (2, "Call-out", Decimal("50.00")),
    ]
    assert quote.quote_items.first().product == product
    assert quote.number == 1001
    assert told == [quote]
    assert quote.history.get().sentence == "Written. The total is $125.21."


def test_saving_and_opening_a_quote_take_the_same_queries_for_1_10_and_60_lines(office_client: Client) -> None:
    products = [make_product() for _ in range(60)]

    def cost(lines: int) -> list[int]:
        form = new_quote(office_client, *[
            {"product": str(product.pk), "unit_price": "5"} for product in products[:lines]
        ])  # fmt: skip
        counted = []
        for change in ({}, None):
            with CaptureQueriesContext(connection) as captured:
                if change is None:
                    opened = OpenForm(office_client, url("quote", "change", Quote.objects.latest("id").pk))
                else:
                    assert form.save().status_code == 302
            counted.append(len(captured))
        for number in range(lines):
            opened.values[f"quote_items-{number}-unit_price"] = "6"
        with CaptureQueriesContext(connection) as captured:
            assert opened.save().status_code == 302
        assert Quote.objects.latest("id").total_amount == 6 * lines
        return [*counted, len(captured)]

    cost(1)
    few = cost(1)
    assert few == cost(10) == cost(60)
    assert max(few) <= 60, few


def test_a_discount_above_the_lines_is_an_error_at_the_form(office_client: Client, told: list) -> None:
    form = new_quote(office_client, {"unit_price": "50"}, discount_amount="50.01")
    assert errors_of(form.save()) == {
        "rows": ["The total would be -$0.01. QuickBooks takes no total below zero: make the discount smaller."]
    }
    assert (Quote.objects.count(), told) == (0, [])


def test_both_kinds_of_discount_and_a_quote_for_nobody_are_errors(office_client: Client) -> None:
    form = new_quote(office_client, {"unit_price": "50"}, discount_amount="5", discount_percent="5", contact="")
    errors = [sentence for found in errors_of(form.save()).values() for sentence in found]
    assert sorted(errors) == [
        "Choose the contact that this quote is for.",
        "Give the discount as a percentage or in dollars, not both.",
    ]
    assert Quote.objects.count() == 0


def test_a_product_that_is_not_sold_any_more_stays_on_old_lines_only(office_client: Client) -> None:
    old = make_product("Old way", active=False)
    form = new_quote(office_client, {"product": str(old.pk), "unit_price": "5"})
    assert errors_of(form.save())["quote_items-0-product"] == ["Old way is not sold any more. Choose another product."]
    quote = make_quote(("1", "5"))
    quote.quote_items.update(product=old)
    assert OpenForm(office_client, url("quote", "change", quote.pk)).save(notes="x").status_code == 302
    assert QuoteItem.objects.get().product == old


def test_a_line_that_changes_in_quickbooks_meanwhile_is_not_overwritten(office_client: Client) -> None:
    quote = make_quote(("1", "5"), ("1", "7"))
    form = OpenForm(office_client, url("quote", "change", quote.pk))
    first = quote.quote_items.first()
    QuoteItem.objects.filter(pk=first.pk).update(unit_price=6, line_total=6)
    assert form.save(**{"quote_items-1-unit_price": "8"}).status_code == 302
    assert list(quote.quote_items.values_list("unit_price", "line_total")) == [(6, 6), (8, 8)]
    assert Quote.objects.get().total_amount == 14

    QuoteItem.objects.filter(pk=first.pk).update(unit_price=9, line_total=9)
    page = form.save(**{"quote_items-0-unit_price": "10"})
    assert "changed this to “9.00” while you were editing" in errors_of(page)["quote_items-0-unit_price"][0]
    assert Quote.objects.get().total_amount == 14


def test_a_line_with_an_amount_of_quickbooks_own_is_reckoned_anew_when_its_price_is_typed(
    office_client: Client,
) -> None:
    quote = make_quote(("3", "3.33"))
    quote.quote_items.update(line_total="10.00", is_odd=True)  # QuickBooks: 3 times 3.33333
    form = OpenForm(office_client, url("quote", "change", quote.pk))
    form.values["quote_items-0-description"] = "Another crack"
    assert form.save().status_code == 302
    assert quote.quote_items.values_list("line_total", "is_odd").get() == (Decimal("10.00"), True)
    form = OpenForm(office_client, url("quote", "change", quote.pk))
    form.values["quote_items-0-unit_price"] = "4.00"
    assert form.save().status_code == 302
    assert quote.quote_items.values_list("line_total", "is_odd").get() == (Decimal("12.00"), False)
    quote.refresh_from_db()
    assert quote.total_amount == Decimal("12.00")


def test_a_removed_line_disappears_and_the_sum_follows(office_client: Client) -> None:
    quote = make_quote(("1", "5"), ("1", "7"))
    form = OpenForm(office_client, url("quote", "change", quote.pk))
    assert form.save(**{"quote_items-0-DELETE": "on"}).status_code == 302
    assert [line.unit_price for line in quote.quote_items.all()] == [7]
    assert Quote.objects.get().total_amount == 7


def test_saving_without_a_change_tells_nobody(office_client: Client, told: list) -> None:
    quote = make_quote(("1", "5"))
    assert OpenForm(office_client, url("quote", "change", quote.pk)).save().status_code == 302
    assert (told, quote.history.count()) == ([], 0)


def test_the_button_saves_the_lines_first_and_then_approves(office_client: Client, told: list) -> None:
    quote = make_quote(("1", "5"))
    form = OpenForm(office_client, url("quote", "change", quote.pk))
    assert form.save(**{"quote_items-0-unit_price": "9", "billing_quote_approve": "1"}).status_code == 302
    quote.refresh_from_db()
    assert (quote.status, quote.total_amount, len(told)) == ("approved", 9, 2)
    sentences = [row.sentence for row in quote.history.order_by("id")]
    assert sentences == ["Written. The total is $9.00.", "Approved."]


def test_editing_an_approved_quote_warns(office_client: Client) -> None:
    quote = make_quote(("1", "5"), status="approved")
    form = OpenForm(office_client, url("quote", "change", quote.pk))
    form.save(**{"quote_items-0-unit_price": "9"})
    assert f"{quote} is approved already." in office_client.get(url("quote")).content.decode()


def test_the_action_duplicates_and_a_quote_that_quickbooks_has_cannot_be_deleted(office_client: Client) -> None:
    quote = make_quote(("1", "5"), quickbooks_estimate_id="12")
    data = {"action": "duplicate", "_selected_action": [quote.pk]}
    assert office_client.post(url("quote"), data).status_code == 302
    assert Quote.objects.latest("id").total_amount == 5
    office_client.post(url("quote", "delete", quote.pk), {"post": "yes"})
    assert Quote.objects.count() == 2


def test_the_autocomplete_offers_only_what_can_be_sold(office_client: Client) -> None:
    make_product("Crack repair")
    make_product("Crack, old way", active=False)
    make_product("Crack set", is_bundle=True)
    query = {"term": "crack", "app_label": "billing", "model_name": "quoteitem", "field_name": "product"}
    found = office_client.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [row["text"] for row in found] == ["Crack repair"]


@pytest.mark.parametrize(("price", "shown"), [(None, ""), (Decimal(0), "0.00"), (Decimal("95.5"), "95.50")])
def test_a_product_fills_its_line_and_nothing_is_not_zero(
    price: Decimal | None, shown: str, office_client: Client, marketer_client: Client
) -> None:
    product = make_product("Crack repair", description="Per foot", unit_price=price, taxable=False)
    page = reverse("admin:billing_product_line", args=[product.pk])
    assert office_client.get(page).json() == {"description": "Per foot", "unit_price": shown, "taxable": False}
    assert marketer_client.get(page).status_code == 403


def test_a_technician_is_a_name_and_no_link_to_a_page_that_only_administrators_may_open(
    bookkeeper_client: Client,
) -> None:
    technician = make_user("tom <b>o'hara</b>", "office")
    visit = repair(timezone.localdate(), technician=technician)
    invoice = make_invoice(technician=technician)
    pages = (("appointment", visit.pk), ("job", visit.job_id), ("invoice", invoice.pk))
    for model, number in pages:
        shown = bookkeeper_client.get(url(model, "change", number)).content.decode()
        assert "tom &lt;b&gt;o&#x27;hara&lt;/b&gt;" in shown
        assert f"/admin/auth/user/{technician.pk}/" not in shown
