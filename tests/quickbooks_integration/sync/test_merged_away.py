"""Customers merged in QuickBooks: documents follow, and what becomes of the contact is a person's decision."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from billing.models import Invoice
from contacts import changes, merging
from contacts.merging import wanting
from contacts.models import Contact, ContactMerge, WantedMerge
from quickbooks_integration import reconciling
from quickbooks_integration.models import (
    ApiCall,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
    WebhookDelivery,
)
from quickbooks_integration.reconciling import Settled, merged
from quickbooks_integration.sync import change_feed, outbox
from quickbooks_integration.webhooks import processing
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)

LOSER, SURVIVOR = "1", "2"


@pytest.fixture
def books(open_books):
    """Ann Lee and Anne Lee with a contact each, and an invoice of Ann's for 100."""
    opened = open_books()
    for name in ("Ann Lee", "Anne Lee"):
        opened.bookkeeper.create_customer(DisplayName=name)
    opened.pull_all()
    opened.take_over()
    link(LOSER)
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"TaxCodeRef": {"value": "NON"}}}
    opened.bookkeeper.create("Invoice", CustomerRef={"value": LOSER}, Line=[line])
    change_feed.poll(opened.service())
    assert ann().outstanding_balance == Decimal("100.00")
    return opened


@pytest.fixture
def office(db, client: Client) -> Client:
    user = User.objects.create_user("ann", is_staff=True)
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def link(customer: str) -> Contact:
    return reconciling.create_contact(sync_of(customer), None).contact


def sync_of(customer: str) -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="customer", entity_id=customer)


def customer(id: str) -> QuickBooksCustomer:
    return QuickBooksCustomer.objects.select_related("sync").get(sync=sync_of(id))


def ann() -> Contact:
    return Contact.objects.get(first_name="Ann")


def merge_there(books) -> None:
    books.bookkeeper.merge_customers(loser=LOSER, survivor=SURVIVOR)


def webhook(books, **event: Any) -> None:
    body = [{"specversion": "1.0", "id": "1", "type": "qbo.customer.merged.v1", "intuitaccountid": books.emulator.realm,
             "intuitentityid": SURVIVOR, "data": {"deletedid": LOSER}} | event]  # fmt: skip
    WebhookDelivery.objects.create(body=json.dumps(body).encode())
    processing.work_off()
    outbox.work_off(books.service())
    change_feed.poll(books.service())


def by_webhook(books) -> None:
    merge_there(books)
    webhook(books)


def by_webhook_of_the_invoice_alone(books) -> None:
    """The event of the customer comes late, or never."""
    merge_there(books)
    id = Invoice.objects.get().quickbooks_invoice_id
    webhook(books, type="qbo.invoice.updated.v1", intuitentityid=id, data={})


def by_feed(books) -> None:
    merge_there(books)
    change_feed.poll(books.service())


def by_feed_that_tells(books) -> None:
    books.emulator.switches.set("merged_in_change_feed", True)
    by_feed(books)


def by_full_pass(books) -> None:
    merge_there(books)
    books.pull_all(full=True)


def as_inactive(books) -> None:
    """As some have seen it: the loser first stays, inactive and without documents."""
    company = books.emulator.company()
    books.bookkeeper._move_transactions("CustomerRef", LOSER, SURVIVOR)
    books.bookkeeper._move_balance(company.find("Customer", LOSER), SURVIVOR)
    company.find("Customer", LOSER)["Balance"] = company.find("Customer", LOSER)["BalanceWithJobs"] = Decimal(0)
    books.bookkeeper.deactivate(LOSER)
    change_feed.poll(books.service())


WAYS = [by_webhook, by_webhook_of_the_invoice_alone, by_feed, by_feed_that_tells, by_full_pass, as_inactive]


@pytest.mark.parametrize("found", WAYS)
def test_a_merge_is_found_and_asked_about_and_nothing_is_taken_from_the_contact(books, found):
    contact = ann()
    found(books)
    row = Invoice.objects.get()
    assert QuickBooksDocument.objects.get(sync__entity_type="invoice").customer_id == SURVIVOR
    assert (row.contact_id, row.total_amount, row.status) == (contact.pk, Decimal("100.00"), "open")
    loser = customer(LOSER)
    assert (loser.merged_into, loser.sync.local_id) == (SURVIVOR, contact.pk)
    [question] = merged.questions(list(merged.losers().select_related("sync")))
    assert (question.contact, question.survivor, question.holder) == (contact, customer(SURVIVOR), None)
    # Nothing of all this goes back there, nor with the next edit.
    assert QuickBooksSync.objects.get(entity_type="invoice").base_ours["customer"] == SURVIVOR
    assert not QuickBooksSync.objects.exclude(entity_type="customer").exclude(request_id="").exists()
    sent = books.emulator.requests.counts()
    outbox.work_off(books.service())
    assert books.emulator.requests.counts() == sent


@pytest.mark.parametrize("found", WAYS)
def test_the_survivor_becomes_the_contacts_customer_when_a_person_says_so(books, found, django_user_model):
    contact = ann()
    found(books)
    merged.link_survivor(sync_of(LOSER).pk, django_user_model.objects.create_user("ann"))
    contact.refresh_from_db()
    assert (contact.quickbooks_customer_id, contact.outstanding_balance) == (SURVIVOR, Decimal("100.00"))
    assert sync_of(SURVIVOR).local_id == contact.pk
    assert sync_of(LOSER).local_id is None
    assert Invoice.objects.get().contact_id == contact.pk
    assert not merged.losers().exists()
    books.pull_all(full=True)
    assert sync_of(SURVIVOR).local_id == contact.pk
    assert Invoice.objects.get().contact_id == contact.pk


def test_each_change_names_the_answer_that_caused_it(books):
    by_webhook_of_the_invoice_alone(books)
    told = changes.page(changes.Asked(), lambda permission: True).changes
    read = ApiCall.objects.filter(method="GET", path__contains="/invoice/").latest("pk").intuit_tid
    assert {one.tid for one in told if one.kind == "Invoice" and one.tid} == {read}


def test_documents_follow_to_the_survivors_contact(books):
    other = link(SURVIVOR)
    by_feed(books)
    assert Invoice.objects.get().contact_id == other.pk
    [question] = merged.questions(list(merged.losers().select_related("sync")))
    assert (question.contact.first_name, question.holder) == ("Ann", other)
    assert ann().outstanding_balance == Decimal(0)


def test_a_contact_of_both_is_settled_without_a_question(books):
    contact = ann()
    reconciling.link_to(sync_of(SURVIVOR), contact, None)
    by_feed(books)
    contact.refresh_from_db()
    assert (contact.quickbooks_customer_id, contact.outstanding_balance) == (SURVIVOR, Decimal("100.00"))
    assert sync_of(LOSER).local_id is None
    assert not merged.losers().exists()


def test_a_document_that_was_given_to_another_customer_is_no_merge(books):
    company = books.emulator.company()
    invoice = company.all("Invoice")[0]["Id"]
    books.bookkeeper.edit("Invoice", invoice, CustomerRef={"value": SURVIVOR})
    change_feed.poll(books.service())
    assert (customer(LOSER).merged_into, customer(LOSER).vanished_at) == ("", None)
    assert not merged.losers().exists()


def test_the_second_click_changes_nothing(books, django_user_model):
    by_feed(books)
    person = django_user_model.objects.create_user("ann")
    merged.link_survivor(sync_of(LOSER).pk, person)
    before = ann().quickbooks_customer_id
    for verb in (merged.link_survivor, merged.let_go):
        with pytest.raises(Settled):
            verb(sync_of(LOSER).pk, person)
    assert (ann().quickbooks_customer_id, sync_of(SURVIVOR).local_id) == (before, ann().pk)


def test_a_survivor_that_has_a_contact_by_now_is_not_given_a_second_one(books, django_user_model):
    contact = ann()
    by_feed(books)
    other = link(SURVIVOR)
    with pytest.raises(Settled):
        merged.link_survivor(sync_of(LOSER).pk, django_user_model.objects.create_user("ann"))
    assert (sync_of(SURVIVOR).local_id, sync_of(LOSER).local_id) == (other.pk, contact.pk)


@pytest.mark.parametrize("found", [by_webhook, by_feed, as_inactive])
def test_contacts_that_somebody_wants_merged_become_one_when_quickbooks_has_merged_their_customers(
    books, office, found
):
    other, page = link(SURVIVOR), reverse("admin:contacts_contact_merge")
    Contact.objects.filter(pk=ann().pk).update(notes="Has a dog")
    address = f"{page}?keep={other.pk}&other={ann().pk}"
    assert "Merge by itself when that is done" in office.get(address).content.decode()
    office.post(address, {"field-name": "loser", "when": "later"})
    assert "ann asked on" in office.get(address).content.decode()
    books.pull_all()
    assert ann().merged_into is None
    found(books)
    wanting.finish()  # as beat does
    other.refresh_from_db()
    assert Contact.objects.get(notes="Has a dog", merged_into=other).pk != other.pk
    assert (other.first_name, other.quickbooks_customer_id) == ("Ann", SURVIVOR)
    assert other.outstanding_balance == Decimal("100.00")
    assert Invoice.objects.get().contact_id == other.pk
    assert ContactMerge.objects.get().merged_by.username == "ann"
    assert [merged.losers().exists(), WantedMerge.objects.exists()] == [False, False]


def test_contacts_are_not_merged_by_themselves_where_quickbooks_merged_one_into_somebody_elses_customer(books):
    contact, holder, bob = ann(), link(SURVIVOR), make_contact("Bob", "Ray")
    wanting.want(bob, contact, None, {})
    by_feed(books)
    assert wanting.finish() == 0
    with pytest.raises(merging.Refused, match=f"into a customer of {holder}"):
        merging.merge(bob.pk, contact.pk, None)
    assert (ann().merged_into, WantedMerge.objects.count()) == (None, 1)


def test_a_link_that_is_taken_back_is_no_way_for_two_contacts_to_become_one(books, django_user_model):
    contact, bob = ann(), make_contact("Bob", "Ray")
    wanting.want(bob, contact, None, {})
    reconciling.undo(sync_of(LOSER).decisions.latest("pk"), django_user_model.objects.create_user("ann"))
    assert (wanting.finish(), WantedMerge.objects.count(), ContactMerge.objects.count()) == (0, 0, 0)


# --- The page ------------------------------------------------------------------------------------

PAGE = "admin:quickbooks_integration_quickbookscustomer_merged"


def test_the_page_asks_and_links(books, office):
    by_feed(books)
    text = office.get(reverse(PAGE)).content.decode()
    assert "Ann Lee" in text
    assert "Anne Lee" in text
    office.post(reverse(PAGE), {"action": "link", "sync": sync_of(LOSER).pk})
    assert ann().quickbooks_customer_id == SURVIVOR
    assert "Nothing waits" in office.get(reverse(PAGE)).content.decode()


def test_the_page_lets_go_and_deletes_nothing(books, office):
    link(SURVIVOR)
    by_feed(books)
    contacts = Contact.objects.count()
    office.post(reverse(PAGE), {"action": "let_go", "sync": sync_of(LOSER).pk})
    assert (ann().quickbooks_customer_id, Contact.objects.count()) == (None, contacts)
    assert sync_of(LOSER).local_id is None


def test_who_may_not_decide_does_not_see_it(books, client):
    by_feed(books)
    user = User.objects.create_user("bea", is_staff=True)
    user.groups.add(Group.objects.get(name="bookkeeper"))
    client.force_login(user)
    assert client.get(reverse(PAGE)).status_code == 403
    assert client.post(reverse(PAGE), {"action": "let_go", "sync": sync_of(LOSER).pk}).status_code == 403
    assert sync_of(LOSER).local_id == ann().pk


def test_the_page_costs_the_same_for_many(books, office, django_assert_max_num_queries):
    by_feed(books)
    for number in range(5):
        made = books.bookkeeper.create_customer(DisplayName=f"Doomed {number}")["Id"]
        change_feed.poll(books.service())
        link(made)
        QuickBooksCustomer.objects.filter(sync=sync_of(made)).update(vanished_at=ann().created_at)
    with django_assert_max_num_queries(16):
        office.get(reverse(PAGE))
