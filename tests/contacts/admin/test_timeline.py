"""The contact's page: how it stands, the next steps, and one timeline over all apps, newest first."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import quotes
from billing.models import Appointment, CreditMemo, FollowUp, Invoice
from contacts import merging, timeline
from contacts.models import Contact
from contacts.timeline import Place
from tests.billing.rows import make_invoice, make_quote, pay
from tests.factories import make_contact
from tests.people import client_of

DAY = date(2026, 3, 2)


@pytest.fixture
def ann(db) -> Contact:
    return make_contact("Ann", "Lee", payment_terms="Net 30")


def everything(permission: str) -> bool:
    return True


def told(contact: Contact, **asked) -> list[str]:
    return [entry.told.sentence for entry in timeline.page(contact, everything, **asked).entries]


def all_pages(contact: Contact, number: int) -> list[Place]:
    places: list[Place] = []
    before = None
    while True:
        page = timeline.page(contact, everything, before, number)
        places += [entry.place for entry in page.entries]
        if page.older is None:
            return places
        before = Place.read(str(page.older))
        assert before == page.older


def seer(*permissions: str) -> Client:
    user = User.objects.create_user("sam", is_staff=True)
    for permission in permissions:
        app, _, codename = permission.partition(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return client_of(user)


def change(contact: Contact) -> str:
    return reverse("admin:contacts_contact_change", args=[contact.pk])


def test_all_kinds_are_one_list_with_the_newest_first(ann, office):
    quote = make_quote(("1", "100.00"), contact=ann, quote_date=DAY)
    invoice = make_invoice("250.00", contact=ann, invoice_date=DAY + timedelta(days=2), document_number="1001")
    pay((invoice, "50.00"), on=DAY + timedelta(days=3), method="Check", reference="77")
    at = datetime(2026, 3, 3, 15, tzinfo=UTC)
    Appointment.objects.create(contact=ann, starts_at=at, ends_at=at + timedelta(hours=1))
    CreditMemo.objects.create(contact=ann, credit_date=DAY + timedelta(days=4), total_amount=5, remaining_credit=5)
    assert told(ann) == [
        "Credit memo, $5.00 of it left.",
        "Paid by Check 77.",
        "Invoice 1001, unpaid.",
        "Assessment: scheduled.",
        f"Quote {quote.number}, draft.",
    ]


def test_what_has_the_same_day_or_the_same_moment_is_on_exactly_one_page(ann):
    midnight = datetime(2026, 3, 2, 5, tzinfo=UTC)  # in Boston
    for _ in range(3):
        make_quote(contact=ann, quote_date=DAY)
        invoice = make_invoice(contact=ann, invoice_date=DAY)
        pay((invoice, "1.00"), on=DAY)
        for at in (midnight, midnight + timedelta(hours=9), midnight - timedelta(microseconds=1)):
            Appointment.objects.create(contact=ann, starts_at=at, ends_at=at + timedelta(hours=1))
    whole = all_pages(ann, 1000)
    assert len(whole) == 18
    for number in (1, 2, 5, 17):
        assert all_pages(ann, number) == whole


def test_a_day_is_the_business_own_and_not_utc(ann):
    late = datetime(2026, 3, 3, 3, tzinfo=UTC)  # ten in the evening of March 2 in Boston
    Appointment.objects.create(contact=ann, starts_at=late, ends_at=late + timedelta(hours=1))
    assert timeline.page(ann, everything).entries[0].day == "Mar 2, 2026, 10:00 PM"


def test_a_page_costs_the_same_for_many_rows(ann, office, office_client):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office_client.get(reverse("admin:contacts_contact_timeline", args=[ann.pk])).status_code == 200
        return len(queries)

    def add(number: int) -> None:
        for _ in range(number):
            quote = make_quote(("1", "1.00"), contact=ann)
            quotes.finish_edit(quote, office)
            quotes.approve(quote, office)
            FollowUp.objects.create(kind="schedule", quote=quote, step=1, priority=1, began_on=DAY, due_on=DAY)
            invoice = make_invoice(contact=ann)
            pay((invoice, "1.00"), on=DAY)

    nameless = Contact.objects.filter(pk=ann.pk)
    nameless.update(first_name="", last_name="")
    add(1)
    few = cost()
    add(12)
    assert cost() == few


def test_money_is_not_read_for_who_may_not_see_it(ann):
    quote = make_quote(contact=ann, quote_date=DAY)
    invoice = make_invoice("250.00", contact=ann, invoice_date=DAY)
    pay((invoice, "50.00"), on=DAY)
    Contact.objects.filter(pk=ann.pk).update(outstanding_balance=200)
    client = seer("contacts.view_contact", "billing.view_appointment")
    with CaptureQueriesContext(connection) as queries:
        shown = client.get(reverse("admin:contacts_contact_timeline", args=[ann.pk])).content.decode()
    assert f"Quote {quote.number}" not in shown
    assert "250.00" not in shown
    asked = " ".join(query["sql"] for query in queries)
    for table in ("billing_quote", "billing_invoice", "billing_payment", "billing_creditmemo", "billing_followup"):
        assert table not in asked
    shown = client.get(change(ann)).content.decode()
    assert "Oldest open invoice" not in shown
    assert "250.00" not in shown


def test_who_may_not_see_contacts_sees_no_timeline(ann, marketer_client):
    assert marketer_client.get(reverse("admin:contacts_contact_timeline", args=[ann.pk])).status_code == 403


def test_the_page_says_what_is_owed_and_paid_and_offers_the_next_steps(ann, office_client):
    make_invoice("70.00", contact=ann, invoice_date=DAY, due_date=date(2026, 5, 1), document_number="1002")
    old = make_invoice("250.00", contact=ann, invoice_date=DAY, due_date=date(2026, 4, 1), document_number="1001")
    pay((old, "50.00"), on=DAY)
    Invoice.objects.filter(pk=old.pk).update(amount_paid=50, balance_due=200)
    pay(on=DAY, more="20.00", contact=ann, is_void=True)
    make_invoice(
        "30.00", contact=ann, invoice_date=DAY, is_sales_receipt=True, deposit=30, balance_due=0, amount_paid=30
    )
    CreditMemo.objects.create(contact=ann, credit_date=DAY, total_amount=5, remaining_credit=0, is_refund=True)
    Contact.objects.filter(pk=ann.pk).update(outstanding_balance=Decimal("270.00"))
    ann.refresh_from_db()
    facts = {fact.label: fact.text for fact in timeline.standing(ann, everything).facts}
    assert facts == {
        "Balance": "$270.00",
        "Terms": "Net 30",
        "Paid in all": "$75.00",
        "Oldest open invoice": "Invoice 1001: $200.00, due Apr 1, 2026",
    }
    steps = {step.label: step.page for step in timeline.standing(ann, everything).steps}
    assert list(steps) == ["New quote", "Schedule", "Take payment"]
    assert steps["Take payment"] == reverse("admin:billing_invoice_pay", args=[old.pk])
    for page in steps.values():
        assert office_client.get(page).status_code == 200
    shown = office_client.get(change(ann)).content.decode()
    assert "Oldest open invoice" in shown
    assert steps["New quote"] in shown


def test_who_only_looks_is_offered_nothing(ann, bookkeeper_client):
    shown = bookkeeper_client.get(change(ann)).content.decode()
    assert "How this contact stands" in shown
    assert "New quote" not in shown


def test_a_follow_up_says_how_it_ended(ann, office):
    quote = make_quote(contact=ann, quote_date=DAY)
    FollowUp.objects.create(
        kind="schedule", quote=quote, step=1, priority=1, began_on=DAY, due_on=DAY,
        done_at=timezone.now(), closed_reason="It is invoiced.",
    )  # fmt: skip
    assert told(ann)[0] == f"Schedule the repair (Quote {quote.number}), closed: It is invoiced."


def test_merges_are_in_it_with_what_they_brought(ann, office):
    anne = make_contact("Anne", "Lee")
    make_quote(contact=anne, quote_date=DAY)
    merge = merging.merge(ann.pk, anne.pk, office)
    assert told(ann)[0] == "Anne Lee was merged into this contact by olivia."
    assert len(told(ann)) == 2
    merging.undo(merge.pk, office)
    assert told(ann)[0].startswith("Anne Lee was merged into this contact by olivia. Taken back on ")
    assert len(told(ann)) == 1


def test_an_address_that_nobody_wrote_is_the_newest_page(ann, office_client):
    make_quote(contact=ann, quote_date=DAY)
    page = reverse("admin:contacts_contact_timeline", args=[ann.pk])
    for older in ("x", "2026-01-01~1~1", "2026-01-01T00:00:00+00:00~1", "~~", f"2026-01-01T00:00:00+00:00~1~{10**30}"):
        assert "Quote" in office_client.get(page, {"older": older}).content.decode()
    assert office_client.get(reverse("admin:contacts_contact_timeline", args=[ann.pk + 1000])).status_code == 404
