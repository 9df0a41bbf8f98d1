"""The history as sentences: of one record, of all, and as CSV."""

import csv
import html
import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pghistory
import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import quotes, tasks
from billing.models import Job, Quote, QuoteItem
from contacts import changes
from contacts.changes import Asked, Change, Place
from contacts.changes.reading import QUICKBOOKS
from contacts.models import Contact
from tests.billing.rows import make_invoice, make_product, make_quote, pay
from tests.factories import make_contact, make_property

PAGE = reverse("admin:attackacrack_auditseal_changelist")
EXPORT = reverse("admin:attackacrack_auditseal_export")


def everything(permission: str) -> bool:
    return True


def found(asked: Asked | None = None, number: int = 100) -> list[Change]:
    return changes.page(asked or Asked(), everything, number=number).changes


def said(asked: Asked | None = None) -> list[str]:
    return [f"{change.name}: {' '.join(change.sentences)}" for change in found(asked)]


def kind_of(name: str) -> changes.Kind:
    return next(kind for kind in changes.kinds(everything) if kind.name == name)


@pytest.fixture
def quote(db) -> Quote:
    return make_quote(contact=make_contact("Ann", "Lee"), quote_date=date(2026, 3, 2), expiration_date=None)


def test_the_first_change_of_a_row_says_from_what(quote):
    total = {"subtotal": Decimal(1350), "total_amount": Decimal(1350)}
    Quote.objects.filter(pk=quote.pk).update(subtotal=1200, total_amount=1200)
    Quote.objects.filter(pk=quote.pk).update(**total, quote_date=date(2026, 3, 4), notes="Call first")
    name = f"Quote {quote.number}"
    assert said() == [
        f"{name}: Our notes from nothing to “Call first”. Subtotal from $1,200.00 to $1,350.00."
        " Total amount from $1,200.00 to $1,350.00. Date from Mar 2, 2026 to Mar 4, 2026.",
        f"{name}: Subtotal from $0.00 to $1,200.00. Total amount from $0.00 to $1,200.00.",
    ]


def test_the_state_before_is_kept_once_and_in_front_of_the_change(quote):
    for number in (1, 2, 3):
        Quote.objects.filter(pk=quote.pk).update(notes=str(number))
    events = apps.get_model("billing", "QuoteEvent").objects.order_by("pgh_id")
    assert list(events.values_list("pgh_label", "notes")) == [
        ("made", ""),
        ("before", ""),
        *(("update", str(n)) for n in (1, 2, 3)),
    ]


def test_what_was_made_here_is_told_once_and_what_was_read_from_quickbooks_on_its_own_page_only(quote, office):
    with pghistory.context(user=office.pk, source="sync"):
        pulled = make_invoice()
    with pghistory.context(user=office.pk, source="admin"):
        invoice = make_invoice()
    with pghistory.context(source="automatic"):
        pay((invoice, "100"), on=date(2026, 3, 5))
    (made,) = changes.of_object(kind_of("invoice"), pulled.pk).changes
    assert (made.who, made.sentences) == ("olivia", ["Made."])
    assert [change.kind for change in found() if change.sentences == ["Made."]] == ["Payment", "Invoice"]
    assert not [line for line in said() if "added." in line]
    assert ["Made."] in [change.sentences for change in found(Asked(person=office.pk))]
    assert not apps.get_model("contacts", "ContactEvent").objects.exists()  # people come by the ten thousand


def test_a_line_that_is_added_later_is_told(quote, office):
    with pghistory.context(user=office.pk, source="admin"):
        QuoteItem.objects.create(quote=quote, description="Injection", quantity=Decimal(2), unit_price=Decimal(50))
    assert said() == [f"Quote {quote.number}: Line “Injection” added."]


def test_keys_are_told_by_name(quote, office):
    other = make_contact("Bob", "Ray")
    job = Job.objects.create(property=make_property(), title="Crack")
    Quote.objects.filter(pk=quote.pk).update(contact=other, job=job, status="approved")
    (one,) = found()
    assert (
        " ".join(one.sentences)
        == "Contact from Ann Lee to Bob Ray. Job from nothing to Crack. Status from Draft to Approved."
    )
    Job.objects.filter(pk=job.pk).update(title="Two cracks")
    assert "Two cracks: Title from “Crack” to “Two cracks”." in said()


def test_lines_are_told_with_their_document(quote):
    product = make_product("Epoxy")
    line = QuoteItem.objects.create(quote=quote, description="Injection", quantity=Decimal(2), unit_price=Decimal(50))
    QuoteItem.objects.filter(pk=line.pk).update(unit_price=60, line_total=120, product=product)
    line.delete()
    name = f"Quote {quote.number}"
    assert said() == [
        f"{name}: Line “Injection” removed.",
        f"{name}: Line “Injection”: Unit price from $50.00 to $60.00. Line total from $100.00 to $120.00."
        " Product from nothing to Epoxy.",
    ]


def test_what_a_payment_was_used_for_is_told_when_the_invoice_is_gone_too(db):
    invoice = make_invoice("100.00", document_number="1001")
    payment = pay((invoice, "40.00"), on=date(2026, 3, 2))
    payment.applications.all().delete()
    assert said() == [f"{payment}: Use $40.00, Invoice 1001 removed."]
    invoice.delete()
    assert f"{payment}: Use $40.00, one that is deleted removed." in said()


def test_who_it_was_and_where_it_came_from(quote, office):
    Quote.objects.filter(pk=quote.pk).update(notes="c")
    with pghistory.context(user=office.pk, url="/x"):
        Quote.objects.filter(pk=quote.pk).update(notes="a")
    with pghistory.context(source="quickbooks", intuit_tid="1-abc"):
        Quote.objects.filter(pk=quote.pk).update(notes="b")
    with pghistory.context(user=office.pk, source="merging"):
        Quote.objects.filter(pk=quote.pk).update(notes="d")
    with pghistory.context(user=10**6):
        Quote.objects.filter(pk=quote.pk).update(notes="e")
    assert [(one.who, one.source, one.tid) for one in reversed(found())] == [
        ("The CRM by itself", "", ""),
        ("olivia", "", ""),
        ("QuickBooks", "", "1-abc"),
        ("olivia", "Merge of contacts", ""),
        ("Somebody who is deleted", "", ""),
    ]
    assert len(found(Asked(person=office.pk))) == 2
    assert len(found(Asked(source=QUICKBOOKS))) == 1
    assert found(Asked(person=office.pk, kind="invoice")) == []


def test_what_a_person_did_at_a_page_is_one_source_also_where_older_rows_say_none(quote, office):
    Quote.objects.filter(pk=quote.pk).update(notes="nobody")
    with pghistory.context(user=office.pk):
        Quote.objects.filter(pk=quote.pk).update(notes="old")
    with pghistory.context(user=office.pk, source="admin"):
        Quote.objects.filter(pk=quote.pk).update(notes="new")
    with pghistory.context(user=office.pk, source="merging"):
        Quote.objects.filter(pk=quote.pk).update(notes="merged")
    assert [(one.who, one.source) for one in found(Asked(source="admin"))] == [("olivia", "")] * 2


def test_what_beat_changes_is_told_as_the_schedules(db):
    late = make_invoice("100.00", due_date=timezone.localdate() - timedelta(days=1))
    tasks.mark_overdue()
    assert [(one.who, one.page) for one in found(Asked(source="automatic"))] == [
        ("The CRM's schedule", reverse("admin:billing_invoice_change", args=[late.pk]))
    ]


def test_what_was_made_here_is_not_looked_for_among_what_came_from_elsewhere(quote):
    def queries(source: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            found(Asked(source=source))
        return len(captured)

    assert queries("merging") < queries("admin")


def test_what_says_nothing_to_people_is_left_out(quote):
    Quote.objects.filter(pk=quote.pk).update(quickbooks_sync_token="7")
    Quote.objects.filter(pk=quote.pk).update(quickbooks_estimate_id="130")
    assert said() == [f"Quote {quote.number}: It is in QuickBooks now."]


def test_a_row_from_before_the_state_was_kept_says_so(quote):
    Quote.objects.filter(pk=quote.pk).update(notes="a")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as history was before
        cursor.execute("DELETE FROM billing_quoteevent WHERE pgh_label IN ('made', 'before')")
    assert said() == [f"Quote {quote.number}: Changed. What it was before was not kept then."]


def test_a_deleted_record_is_named_as_it_was(quote, office_client):
    name = str(quote)
    QuoteItem.objects.create(quote=quote, description="Injection", quantity=Decimal(2), unit_price=Decimal(50))
    quote.delete()
    assert set(said()) == {f"{name}: Deleted.", "A deleted quote: Line “Injection” removed."}
    assert office_client.get(PAGE).status_code == 200


def test_every_change_is_on_exactly_one_page(quote):
    contact = quote.contact
    for number in range(7):
        Quote.objects.filter(pk=quote.pk).update(notes=str(number))
        Contact.objects.filter(pk=contact.pk).update(company=f"Company {number}")
    whole = [(one.name, *one.sentences) for one in found()]
    assert len(whole) == 14
    for number in (1, 3, 13):
        pages, place = [], None
        while True:
            page = changes.page(Asked(), everything, place, number)
            pages += [(one.name, *one.sentences) for one in page.changes]
            if page.older is None:
                break
            place = Place.read(str(page.older))
        assert sorted(pages) == sorted(whole)
        assert len(pages) == 14


def test_where_it_came_from_is_told_as_the_filter_finds_it(quote, office):
    """What is done after the commit of a request is another source within the same context."""
    with pghistory.context(user=office.pk, source="matching"):
        Quote.objects.filter(pk=quote.pk).update(notes="a")
        with pghistory.context(source="quickbooks"):
            Quote.objects.filter(pk=quote.pk).update(notes="b")
    assert [one.source for one in found()] == ["QuickBooks", "Matching with QuickBooks"]
    assert [one.source for one in found(Asked(source=QUICKBOOKS))] == ["QuickBooks"]


def test_days_are_the_business_own(quote):
    Quote.objects.filter(pk=quote.pk).update(notes="a")
    today = timezone.localdate()
    assert len(found(Asked(first=today, last=today))) == 1
    assert found(Asked(last=today - timedelta(days=1))) == []
    assert found(Asked(first=today + timedelta(days=1))) == []


def test_the_history_of_one_record_has_nothing_of_others(quote, office_client, office):
    other = make_quote(("1", "5.00"), contact=quote.contact)
    Quote.objects.filter(pk=other.pk).update(notes="Other")
    Quote.objects.filter(pk=quote.pk).update(notes="Mine")
    shown = office_client.get(reverse("admin:billing_quote_history", args=[quote.pk])).content.decode()
    assert "“Mine”" in shown
    assert "Other" not in shown
    assert [one.name for one in changes.of_object(kind_of("quote"), quote.pk).changes] == [str(quote)] * 2


def test_older_changes_of_one_record_are_a_link_away(quote, office_client):
    for number in range(60):
        Quote.objects.filter(pk=quote.pk).update(notes=f"N{number}")
    page = reverse("admin:billing_quote_history", args=[quote.pk])
    shown = office_client.get(page).content.decode()
    (link,) = set(re.findall(r'href="(\?older=[^"]+)"', shown))
    older = office_client.get(page + html.unescape(link)).content.decode()
    assert ("“N59”" in shown, "“N59”" in older, "“N1”" in older) == (True, False, True)


def test_a_person_who_edits_is_named_with_what_changed(quote, office_client):
    quote_items = make_quote(("1", "10.00"), contact=quote.contact)
    with pghistory.context(user=User.objects.get(username="olivia").pk):
        quotes.finish_edit(quote_items, None)
    shown = office_client.get(PAGE).content.decode()
    assert "Total amount from $0.00 to $10.00." in shown
    assert "olivia" in shown


def test_what_a_role_may_not_see_is_not_read(quote):
    Quote.objects.filter(pk=quote.pk).update(notes="a")
    with CaptureQueriesContext(connection) as queries:
        page = changes.page(Asked(), lambda permission: permission == "contacts.view_contact")
    assert page.changes == []
    assert "billing" not in " ".join(query["sql"] for query in queries)


def test_who_may_not_see_the_changes_sees_none_of_the_pages(quote, marketer_client):
    for page in (PAGE, EXPORT, reverse("admin:billing_quote_history", args=[quote.pk])):
        assert marketer_client.get(page).status_code == 403


def test_the_bookkeeper_may_look_and_export(quote, bookkeeper_client):
    Contact.objects.filter(pk=quote.contact_id).update(company="=HYPERLINK(1)", first_name="=cmd")
    body = b"".join(bookkeeper_client.get(EXPORT).streaming_content).decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(body))
    assert header[:2] == ["when", "who"]
    assert row[3:6] == [
        "Contact",
        "'=cmd Lee",
        "First name from “Ann” to “=cmd”. Company from nothing to “=HYPERLINK(1)”.",
    ]


def test_an_export_has_every_change_of_what_is_asked(quote, office_client, monkeypatch):
    monkeypatch.setattr("contacts.changes.exporting.AT_ONCE", 2)
    for number in range(5):
        Quote.objects.filter(pk=quote.pk).update(notes=str(number))
    Contact.objects.filter(pk=quote.contact_id).update(company="Lee")
    body = b"".join(office_client.get(EXPORT, {"kind": "quote"}).streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))[1:]
    assert [row[5] for row in rows][0] == "Our notes from “3” to “4”."
    assert len(rows) == 5


def test_what_is_left_out_makes_no_empty_page(quote):
    Quote.objects.filter(pk=quote.pk).update(notes="a")
    for number in range(9):
        Contact.objects.filter(pk=quote.contact_id).update(total_sales=number + 1)
    assert [change.name for change in changes.page(Asked(), everything, number=2).changes] == [str(quote)]


def test_rows_that_say_nothing_are_not_read_however_many_there_are(quote):
    Quote.objects.filter(pk=quote.pk).update(notes="a")
    for number in range(40):
        Contact.objects.filter(pk=quote.contact_id).update(total_sales=number + 1)
    with CaptureQueriesContext(connection) as queries:
        assert [change.name for change in changes.page(Asked(), everything, number=1).changes] == [str(quote)]
    assert sum('FROM "contacts_contactevent"' in query["sql"] for query in queries) == 1


def test_what_is_told_and_what_is_not_are_kept_apart(quote):
    contact = Contact.objects.filter(pk=quote.contact_id)
    contact.update(total_sales=1)
    contact.update(total_sales=2, company="Lee")
    contact.update(total_sales=2)
    events = apps.get_model("contacts", "ContactEvent").objects.order_by("pgh_id")
    assert list(events.values_list("pgh_label", "total_sales")) == [("before", 0), ("quiet", 1), ("update", 2)]


def test_rows_from_before_they_were_kept_apart_cost_a_bounded_number_of_queries(quote):
    Quote.objects.filter(pk=quote.pk).update(notes="a")
    for number in range(70):
        Contact.objects.filter(pk=quote.contact_id).update(total_sales=number + 1)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # as history was before
        cursor.execute(
            "UPDATE contacts_contactevent SET pgh_label = 'update', pgh_created_at = pgh_created_at + interval '1 hour'"
            " WHERE pgh_label = 'quiet'"
        )
    empty = changes.page(Asked(), everything, number=2)
    assert (empty.changes, empty.older is None) == ([], False)
    assert [one.name for one in changes.page(Asked(), everything, empty.older, number=2).changes] == [str(quote)]


def test_who_it_was_is_found_by_what_stood_in_the_context_when_the_row_was_written(quote, office):
    with pghistory.context(user=office.pk, source="quickbooks"):
        Quote.objects.filter(pk=quote.pk).update(notes="a")
    events = apps.get_model("billing", "QuoteEvent").objects.exclude(pgh_label="made").order_by("pgh_id")
    assert list(events.values_list("pgh_user", "pgh_source")) == [(str(office.pk), "quickbooks")] * 2


def test_a_page_costs_the_same_for_many_changes(quote):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            found(number=50)
        return len(queries)

    def change(number: int) -> None:
        for one in range(number):
            other = make_quote(("1", "1.00"))
            Quote.objects.filter(pk=other.pk).update(notes=str(one), contact=make_contact(phones=("617-555-0101",)))
            QuoteItem.objects.filter(quote=other).update(description="Other")

    change(1)
    few = cost()
    change(10)
    assert cost() == few


@pytest.mark.parametrize(
    "asked",
    [
        "older=1-2",
        "older=x",
        "older=0001-01-01T00:00:00%2B23:00~1~1",
        "older=2026-01-01T00:00:00~1~1",
        "person=x&first=2026-13-01",
        "person=999999999&kind=no",
        "last=0001-01-01",
    ],
)
def test_an_address_that_nobody_wrote_is_still_a_page(asked, office_client):
    assert office_client.get(f"{PAGE}?{asked}").status_code == 200


def test_the_page_and_the_export_show_one_source_or_all_of_quickbooks(quote, office_client):
    for source in ("webhook", "sync", "matching"):
        with pghistory.context(source=source):
            Quote.objects.filter(pk=quote.pk).update(notes=f"by {source}")
    seen = {name: office_client.get(PAGE, {"source": name}).content.decode() for name in ("webhook", "quickbooks", "x")}
    shown = {
        name: [one for one in ("webhook", "sync", "matching") if f"to “by {one}”" in page]
        for name, page in seen.items()
    }
    assert shown == {
        "webhook": ["webhook"], "quickbooks": ["webhook", "sync"], "x": ["webhook", "sync", "matching"],
    }  # fmt: skip
    body = b"".join(office_client.get(EXPORT, {"source": "webhook"}).streaming_content).decode("utf-8-sig")
    assert [row[1] for row in csv.reader(io.StringIO(body))] == ["who", "Webhook of QuickBooks"]


def test_who_sees_no_invoices_is_told_nothing_of_what_a_contact_owes_or_may_owe(client, db):
    contact = make_contact("Ann", "Lee")
    Contact.objects.filter(pk=contact.pk).update(outstanding_balance=Decimal("987.65"), credit_limit=4321)
    Contact.objects.filter(pk=contact.pk).update(payment_terms="Net 45", tax_exempt=True)
    Contact.objects.filter(pk=contact.pk).update(outstanding_balance=0, last_name="Lea")
    looking = User.objects.create_user("lea", is_staff=True)
    looking.user_permissions.set(Permission.objects.filter(codename__in=("view_contact", "view_auditseal")))
    client.force_login(looking)
    for page in (reverse("admin:contacts_contact_history", args=[contact.pk]), PAGE, EXPORT):
        answer = client.get(page)
        shown = b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode()
        assert "from “Lee” to “Lea”" in html.unescape(shown)
        assert [word for word in ("987", "4,321", "alance", "imit", "Net 45", "exempt") if word in shown] == []
