"""The emulator tells the running CRM of changes, and a worker brings them here."""

from decimal import Decimal
from typing import Any

import pytest

from billing.models import CreditMemo, Invoice, Payment
from contacts.models import Contact
from quickbooks_integration import reconciling, tasks
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync, SyncRun, WebhookDelivery
from quickbooks_integration.sync import QuickBooksSyncService, outbox
from quickbooks_integration.webhooks import processing
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
TOKEN = "3f1c9a52-verifier"


@pytest.fixture
def books(open_books, live_server, settings):  # noqa: F811
    """Craig's company, its history taken over, which tells the CRM of every change."""
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = TOKEN
    opened = open_books("craig")
    opened.pull_all()
    opened.take_over()
    reconciling.create_contact(QuickBooksSync.objects.get(entity_type="customer", entity_id="1"), None)
    opened.emulator.switches.webhook_window_seconds = 0
    opened.emulator.webhooks.configure(
        f"{live_server.url}/webhooks/quickbooks", TOKEN, client_id=opened.emulator.client_id
    )
    yield opened
    opened.emulator.webhooks.configure("")


def arrive(books) -> list[str]:
    """All POSTs are made, then workers do what bells and beat would have them do. Returns the kinds that were pulled."""
    assert books.emulator.webhooks.send_now()
    before = set(SyncRun.objects.values_list("pk", flat=True))
    tasks.process_webhooks()
    runs = list(SyncRun.objects.exclude(pk__in=before).order_by("pk"))
    for run in runs:
        QuickBooksSyncService(books.service()).execute(run)
    outbox.work_off(books.service())
    return [run.entity_type for run in runs]


def bill(books, amount: int) -> str:
    line = {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}},
    }
    return books.bookkeeper.create("Invoice", CustomerRef={"value": "1"}, Line=[line])["Id"]


def invoice(id: str) -> Invoice:
    return Invoice.objects.get(quickbooks_invoice_id=id)


def link_of(entity_type: str, id: str) -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type=entity_type, entity_id=id)


@pytest.mark.parametrize("form", ["cloudevents", "legacy"])
def test_a_new_invoice_arrives_and_its_change_is_one_read(books, form):
    books.emulator.switches.webhook_format = form
    id = bill(books, 100)
    assert "invoice" in arrive(books)
    assert invoice(id).total_amount == D(100)
    books.emulator.requests.clear()
    books.bookkeeper.edit("Invoice", id, PrivateNote="Call first", CustomerMemo={"value": "Thank you"})
    assert "invoice" not in arrive(books)
    assert books.emulator.requests.counts().get("read") == 1
    assert link_of("invoice", id).document.raw["CustomerMemo"]["value"] == "Thank you"
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}


def test_a_deleted_invoice_is_void_here_as_a_pull_would_have_it(books):
    id = bill(books, 100)
    arrive(books)
    books.bookkeeper.delete("Invoice", id)
    arrive(books)
    link = link_of("invoice", id)
    assert (invoice(id).status, invoice(id).balance_due) == (Invoice.Status.VOID, D(0))
    assert (link.sync_status, link.error_message[:32]) == ("error", "This invoice was deleted in Quic")
    assert link.document.vanished_at is not None
    assert link.needs_read is False


def test_a_deleted_payment_opens_its_invoice_again(books):
    id = bill(books, 100)
    paid = books.bookkeeper.record_payment(invoices=[id])["Id"]
    arrive(books)
    assert invoice(id).balance_due == 0
    books.bookkeeper.delete("Payment", paid)
    arrive(books)
    payment = Payment.objects.get(quickbooks_payment_id=paid)
    assert (payment.is_void, invoice(id).balance_due) == (True, D(100))
    amy = Contact.objects.get(quickbooks_customer_id="1")
    assert amy.outstanding_balance == D(str(books.emulator.company().find("Customer", "1")["BalanceWithJobs"]))


def test_a_deleted_credit_memo_is_void_without_a_pull_of_everything(books):
    line: dict[str, Any] = {
        "Amount": 40,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    id = books.bookkeeper.create("CreditMemo", CustomerRef={"value": "1"}, Line=[line])["Id"]
    arrive(books)
    memo = CreditMemo.objects.get(quickbooks_credit_memo_id=id)
    assert memo.remaining_credit == D(40)
    books.bookkeeper.delete("CreditMemo", id)
    assert "credit_memo" not in arrive(books)
    memo.refresh_from_db()
    assert (memo.is_void, memo.remaining_credit) == (True, D(0))


def test_a_void_invoice_owes_nothing_here(books):
    id = bill(books, 100)
    arrive(books)
    books.bookkeeper.void("Invoice", id)
    arrive(books)
    assert (invoice(id).status, invoice(id).balance_due) == (Invoice.Status.VOID, D(0))


def test_a_changed_customer_brings_its_contact_up_to_date(books):
    books.bookkeeper.edit("Customer", "1", CompanyName="Amy's Finches")
    assert arrive(books) == ["customer"]
    assert QuickBooksCustomer.objects.get(sync__entity_id="1").company_name == "Amy's Finches"


def test_of_two_merged_customers_one_is_gone_here(books):
    loser = books.bookkeeper.create("Customer", DisplayName="Amy Twice")["Id"]
    arrive(books)
    books.bookkeeper.merge_customers(loser, "1")
    arrive(books)
    row = QuickBooksCustomer.objects.get(sync__entity_id=loser)
    assert row.vanished_at is not None
    assert row.sync.sync_status == "error"
    assert QuickBooksCustomer.objects.get(sync__entity_id="1").vanished_at is None


def test_doubled_and_reordered_events_end_alike(books):
    books.emulator.switches.webhook_duplicates = books.emulator.switches.webhook_reordering = 1.0
    ids = [bill(books, amount) for amount in (100, 200, 300)]
    arrive(books)
    books.bookkeeper.delete("Invoice", ids[0])
    books.bookkeeper.void("Invoice", ids[1])
    arrive(books)
    arrive(books)
    assert [invoice(id).balance_due for id in ids] == [D(0), D(0), D(300)]
    assert Invoice.objects.filter(quickbooks_invoice_id__in=ids).count() == 3
    for delivery in books.emulator.webhooks.deliveries():
        books.emulator.webhooks.replay(delivery.number)
    arrive(books)
    assert [invoice(id).balance_due for id in ids] == [D(0), D(0), D(300)]


def test_a_wrong_key_at_the_emulator_stores_nothing(books, settings):
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = "another key"
    bill(books, 100)
    books.emulator.webhooks.send_now()
    assert not WebhookDelivery.objects.exists()
    assert {attempt.status for delivery in books.emulator.webhooks.deliveries() for attempt in delivery.attempts} == {
        401
    }


def test_quickbooks_out_of_reach_postpones_and_says_why(books):
    id = bill(books, 5)
    arrive(books)
    QuickBooksSync.objects.filter(entity_type="invoice", entity_id=id).update(local_id=None)
    books.bookkeeper.delete("Invoice", id)
    assert books.emulator.webhooks.send_now()
    books.emulator.stop()
    processing.work_off()
    delivery = WebhookDelivery.objects.latest("pk")
    assert (delivery.state, delivery.tries) == ("waiting", 1)
    assert delivery.message
    assert delivery.next_try_at is not None
