"""The page on which the history is read, looked at, and taken over or discarded."""

from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from billing.models import Invoice
from quickbooks_integration import reconciling, tasks
from quickbooks_integration.models import HistoryImport, QuickBooksDocument, QuickBooksSync, SyncRun
from quickbooks_integration.sync import history
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/quickbooks_integration/historyimport/"
DOCUMENTS = "/admin/quickbooks_integration/quickbooksdocument/"


@pytest.fixture
def office(client: Client, db) -> Client:
    user = User.objects.create_user("ann", first_name="Ann", last_name="Office", is_staff=True)
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def text(client: Client, page: str = PAGE) -> str:
    return unescape(client.get(page).content.decode())


def work_off_runs() -> None:
    """What the worker does with what was asked for."""
    tasks.execute_runs(list(SyncRun.objects.filter(state="waiting").order_by("pk").values_list("pk", flat=True)))


def test_without_a_connection_the_page_says_where_to_begin(office):
    assert "QuickBooks is not connected." in text(office)


def test_from_the_first_sentence_to_the_stored_report(office, open_books):
    books = open_books("craig")
    said = text(office)
    assert "Nothing is taken over, and nothing is sent to QuickBooks, before you say so." in said
    assert "Take everything over" not in said

    assert office.post(f"{PAGE}read/")["Location"] == PAGE
    assert history.current(books.auth).state == HistoryImport.State.READING
    assert 'id="quickbooks-progress"' in text(office)

    work_off_runs()
    said = text(office)
    assert "Ready to look at" in said
    assert "Take everything over" in said
    for table in ("Estimates", "Invoices", "Payments", "Credit memos"):
        assert f"<h3>{table}</h3>" in said
    assert Invoice.objects.count() == 0

    asked = office.post(f"{PAGE}commit/")
    assert "Yes, take everything over" in asked.content.decode()
    assert history.current(books.auth).state == HistoryImport.State.READY

    office.post(f"{PAGE}commit/", {"confirmed": "yes"})
    assert history.current(books.auth).state == HistoryImport.State.COMMITTING
    assert "to go." in text(office)
    tasks.take_over_history(books.auth.pk)
    said = text(office)
    assert "for Ann Office" in said
    assert "report as it was shown before" in said
    assert "Take everything over" not in said
    assert Invoice.objects.count() == len(books.emulator.company().all("Invoice")) + len(
        books.emulator.company().all("SalesReceipt")
    )


def test_beat_goes_on_with_what_a_killed_worker_left(office, open_books):
    books = open_books("craig")
    books.pull_all()
    history.commit(history.current(books.auth), None)
    tasks.pull()
    assert history.is_committed(books.auth) is True


def test_ticked_doubles_go_through_the_question_and_are_linked(office, open_books):
    books = open_books("craig")
    books.pull()
    reconciling.create_contact(QuickBooksSync.objects.get(entity_type="customer", entity_id="1"), None)
    contact_id = QuickBooksSync.objects.get(entity_type="customer", entity_id="1").local_id
    ours = Invoice.objects.create(
        contact_id=contact_id, invoice_date="2026-05-03", status="open", subtotal=77, total_amount=77, balance_due=77
    )
    made = books.bookkeeper.create(
        "Invoice", CustomerRef={"value": "1"}, TxnDate="2026-05-04",
        Line=[{"Amount": 77, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}],
    )  # fmt: skip
    books.pull_all()
    said = text(office)
    link = QuickBooksSync.objects.get(entity_type="invoice", entity_id=made["Id"])
    assert "Perhaps here already" in said
    assert f'value="{link.pk}-{ours.pk}"' in said
    assert reverse("admin:billing_invoice_change", args=[ours.pk]) in said
    asked = office.post(f"{PAGE}commit/", {"same": [f"{link.pk}-{ours.pk}", "nonsense"]})
    assert f'value="{link.pk}-{ours.pk}"' in asked.content.decode()
    office.post(f"{PAGE}commit/", {"same": [f"{link.pk}-{ours.pk}", "nonsense"], "confirmed": "yes"})
    tasks.take_over_history(books.auth.pk)
    ours.refresh_from_db()
    assert ours.quickbooks_invoice_id == made["Id"]


def test_discarding_asks_first(office, open_books):
    books = open_books("craig")
    books.pull_all()
    assert "Yes, discard" in text(office, f"{PAGE}discard/")
    assert QuickBooksDocument.objects.exists()
    office.post(f"{PAGE}discard/")
    assert QuickBooksDocument.objects.count() == 0
    assert "Discarded. Nothing of it was kept" in text(office)
    assert "Read QuickBooks' history" in text(office)


@pytest.mark.parametrize("verb", ["read", "commit", "discard"])
def test_looking_is_not_deciding(client, open_books, verb):
    books = open_books("craig")
    books.pull_all()
    client.force_login(pairs.somebody("bob", "quickbooks_integration.view_historyimport"))
    assert "Take everything over" not in text(client)
    assert client.post(f"{PAGE}{verb}/", {"confirmed": "yes"}).status_code == 403
    assert history.current(books.auth).state == HistoryImport.State.READY
    assert QuickBooksDocument.objects.exists()


def test_nobody_without_the_permission_to_look_sees_the_page(client, db):
    client.force_login(pairs.somebody("bob"))
    assert client.get(PAGE).status_code == 403


def test_documents_are_found_by_number_customer_kind_year_and_state(office, open_books):
    books = open_books("craig")
    books.pull_all()
    numbered = next(one for one in books.emulator.company().all("Invoice") if one["DocNumber"] == "1037")
    customer = QuickBooksDocument.objects.get(sync__entity_type="invoice", document_number="1037").customer_name
    for query in ("?q=1037", f"?q={customer}", "?kind=invoice", f"?year={numbered['TxnDate'][:4]}", "?state=missing"):
        assert "Invoice 1037" in text(office, f"{DOCUMENTS}{query}"), query
    for query in ("?q=nobody", "?kind=payment", "?year=1999", "?state=gone"):
        assert "Invoice 1037" not in text(office, f"{DOCUMENTS}{query}"), query
    found = QuickBooksDocument.objects.get(sync__entity_type="invoice", document_number="1037")
    assert "not taken over" in text(office, f"{DOCUMENTS}{found.pk}/change/")


def test_the_list_of_documents_costs_as_many_queries_for_many_as_for_few(
    office, open_books, django_assert_max_num_queries
):
    books = open_books("craig")
    books.pull_all()
    books.take_over()
    with django_assert_max_num_queries(14):
        office.get(f"{DOCUMENTS}?kind=invoice")
    with django_assert_max_num_queries(14):
        office.get(DOCUMENTS)
