"""The history says by which way a value came, and which of Intuit's answers brought it."""

# ruff: noqa: F811  (fixtures that are imported)

from decimal import Decimal

import pghistory
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command

from billing.models import Invoice
from contacts import changes
from contacts.changes import Asked, Change
from contacts.models import Contact
from quickbooks_integration import arrivals, tasks
from quickbooks_integration.models import ApiCall, QuickBooksSync
from quickbooks_integration.sync import outbox
from tests.billing.forms import filled
from tests.billing.rows import make_invoice, make_quote
from tests.factories import make_contact
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_outbox import write
from tests.quickbooks_integration.test_webhooks_arriving import arrive, bill, books, invoice  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def changes_of(kind: str, source: str = "") -> list[Change]:
    return changes.page(Asked(kind=kind, source=source), lambda permission: True).changes


def newest(kind: str) -> tuple[str, str]:
    """(source, Intuit's trace) of the newest change."""
    events = apps.get_model("billing", f"{kind.title()}Event").objects.filter(pgh_label="update")
    return events.latest("pgh_id").pgh_source, changes_of(kind)[0].tid


def traces(part: str) -> set[str]:
    """Of the answers to requests whose address has this in it."""
    return set(ApiCall.objects.filter(path__contains=part, status=200).values_list("intuit_tid", flat=True))


def test_each_way_is_told_with_the_answer_that_brought_it(books):
    id = bill(books, 100)
    tasks.pull()
    ApiCall.objects.all().delete()
    books.bookkeeper.edit("Invoice", id, CustomerMemo={"value": "By the poll"})
    tasks.pull()
    source, tid = newest("invoice")
    assert (source, {tid} & traces("/cdc")) == ("sync", {tid})

    ApiCall.objects.all().delete()
    books.bookkeeper.edit("Invoice", id, CustomerMemo={"value": "By the webhook"})
    arrive(books)
    source, tid = newest("invoice")
    assert (source, {tid}) == ("webhook", traces(f"/invoice/{id}"))

    ApiCall.objects.all().delete()
    books.bookkeeper.edit("Invoice", id, CustomerMemo={"value": "By the command"})
    call_command("quickbooks_sync", entity=["invoice"], json=True)
    source, tid = newest("invoice")
    assert (source, {tid} & traces("/query")) == ("command", {tid})
    assert [change.who for change in changes_of("invoice", "webhook")] == ["Webhook of QuickBooks"]
    found = {change.who for change in changes_of("invoice", "quickbooks")}
    assert found >= {"QuickBooks sync", "Webhook of QuickBooks", "Command on the server"}
    assert arrivals.now() == arrivals.SYNC


def test_a_row_that_a_webhook_told_of_once_is_not_told_of_for_ever(books):
    id = bill(books, 100)
    arrive(books)
    books.bookkeeper.edit("Invoice", id, CustomerMemo={"value": "By the webhook"})
    arrive(books)
    books.emulator.webhooks.configure("")
    books.bookkeeper.edit("Invoice", id, CustomerMemo={"value": "Read for another reason"})
    QuickBooksSync.objects.filter(entity_type="invoice", entity_id=id).update(needs_read=True)
    outbox.work_off(books.service())
    assert newest("invoice")[0] == "sync"


def test_a_new_payment_that_a_webhook_told_of_is_the_webhooks(books):
    id = bill(books, 100)
    arrive(books)
    books.bookkeeper.record_payment(invoices=[id])
    arrive(books)
    assert invoice(id).balance_due == 0
    assert newest("invoice")[0] == "webhook"


@pytest.mark.django_db
def test_what_a_person_writes_at_a_page_is_told_with_the_person_and_without_a_trace(client):
    quote = make_quote(("1", "100.00"), contact=make_contact("Ann", "Lee"))
    client.force_login(User.objects.create_superuser("olivia"))
    address, sent = filled(client, quote)
    client.post(address, sent | {"notes": "Ring twice"})
    told = changes_of("quote", "admin")
    assert "Our notes from nothing to “Ring twice”." in " ".join(sentence for one in told for sentence in one.sentences)
    assert {(one.who, one.source, one.tid) for one in told} == {("olivia", "", "")}
    assert changes_of("quote", "quickbooks") == []


def test_what_a_push_brings_back_carries_its_trace(books):
    quote = write(Contact.objects.get(quickbooks_customer_id="1"), "100.00")
    ApiCall.objects.all().delete()
    outbox.work_off(books.service())
    quote.refresh_from_db()
    assert quote.quickbooks_estimate_id
    source, tid = newest("quote")
    assert (source, {tid}) == ("push", traces("/estimate"))


def test_an_answer_within_a_request_gives_nothing_else_of_the_request_its_trace(db):
    row = Invoice.objects.filter(pk=make_invoice("100.00").pk)
    with pghistory.context(source="admin", user=7, url="/x"):
        row.update(notes="a")
        with arrivals.noted("1-abc", way=arrivals.PUSH):
            row.update(notes="b")
        row.update(notes="c")
    found = [(one.source, one.tid) for one in reversed(changes_of("invoice"))]
    assert found == [("", ""), ("QuickBooks' answer to what was sent", "1-abc"), ("", "")]
