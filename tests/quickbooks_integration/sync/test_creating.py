"""A contact becomes a QuickBooks customer: once, whatever happens to the answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import simplejson
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from contacts.models import Contact, ContactEmail, ContactPhone
from quickbooks_integration import mapping, reconciling
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.sync import creating
from quickbooks_integration.sync import customers as mirror
from tests.other_connection import in_other_connection

pytestmark = pytest.mark.django_db(transaction=True)


def make(first_name="Ann", last_name="Lee", phone="(617) 555-0123", email="ann@example.com", **fields) -> Contact:
    contact = Contact.objects.create(first_name=first_name, last_name=last_name, **fields)
    if phone:
        ContactPhone.objects.create(contact=contact, number=phone)
    if email:
        ContactEmail.objects.create(contact=contact, address=email)
    return contact


def customers(books) -> list[str]:
    return sorted(
        row["DisplayName"]
        for row in books.service().query("SELECT * FROM Customer")["QueryResponse"].get("Customer", [])
    )


def test_a_contact_that_nobody_resembles_becomes_a_customer_and_is_linked(open_books):
    books = open_books("empty")
    contact = make()
    answer = books.sync().create_customer_from_contact(contact)
    contact.refresh_from_db()
    sync = QuickBooksSync.objects.get()
    assert answer["result"] == "created"
    assert (sync.local_id, sync.entity_id, sync.request_id, sync.sync_status) == (
        contact.pk,
        contact.quickbooks_customer_id,
        "",
        "synced",
    )
    stored = books.emulator.company().find("Customer", sync.entity_id)
    assert stored["PrimaryPhone"]["FreeFormNumber"] == "(617) 555-0123"
    assert stored["PrimaryEmailAddr"]["Address"] == "ann@example.com"
    assert books.pull()["unchanged"] == 1


def test_a_contact_that_was_deleted_meanwhile_makes_no_customer(open_books):
    books = open_books("empty")
    contact = make()
    Contact.objects.filter(pk=contact.pk).delete()
    answer = books.sync().create_customer_from_contact(contact, looked=True)
    assert (answer["result"], answer["message"]) == ("refused", "The contact was deleted meanwhile.")
    assert customers(books) == []
    assert not QuickBooksSync.objects.exists()


def test_a_second_press_creates_nothing(open_books):
    books = open_books("empty")
    contact = make()
    books.sync().create_customer_from_contact(contact)
    assert books.sync().create_customer_from_contact(contact)["result"] == "already_linked"
    assert customers(books) == ["Ann Lee"]


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ({"DisplayName": "A. Lee", "PrimaryPhone": {"FreeFormNumber": "617.555.0123"}}, "Same phone"),
        ({"DisplayName": "A. Lee", "PrimaryEmailAddr": {"Address": "ANN@example.com"}}, "Same e-mail"),
        ({"DisplayName": "ann lee"}, "Same name"),
    ],
)
def test_whoever_resembles_the_contact_is_shown_first_and_nothing_is_created(open_books, there, reason):
    books = open_books([there])
    books.pull()
    contact = make()
    answer = books.sync().create_customer_from_contact(contact)
    contact.refresh_from_db()
    assert (answer["result"], answer["found"][0]["reason"]) == ("exists", reason)
    assert contact.quickbooks_customer_id is None
    assert len(customers(books)) == 1
    assert QuickBooksSync.objects.count() == 1


@pytest.mark.parametrize("entity", ["Vendor", "Employee"])
def test_a_name_used_by_a_vendor_or_employee_is_shown_and_cannot_be_linked(open_books, entity):
    books = open_books("empty")
    fields = {"GivenName": "Ann", "FamilyName": "Lee"} if entity == "Employee" else {}
    books.bookkeeper.create(entity, DisplayName="Ann Lee", **fields)
    answer = books.sync().create_customer_from_contact(make())
    assert (answer["result"], [(one["kind"], one["linkable"]) for one in answer["found"]]) == (
        "exists",
        [(entity, False)],
    )
    assert answer["suggested_name"] == "Ann Lee (617) 555-0123"


def test_a_name_clash_after_the_look_gives_the_choices_and_a_new_name_works(open_books):
    books = open_books("empty")
    books.bookkeeper.create("Vendor", DisplayName="Ann Lee")
    contact = make()
    clash = books.sync().create_customer_from_contact(contact, looked=True)
    assert (clash["result"], clash["found"][0]["kind"]) == ("name_taken", "Vendor")
    assert "already uses the name Ann Lee" in clash["message"]
    assert customers(books) == []

    assert (
        books.sync().create_customer_from_contact(contact, name="Ann Lee (Quincy)", looked=True)["result"] == "created"
    )
    assert customers(books) == ["Ann Lee (Quincy)"]
    assert QuickBooksSync.objects.count() == 1


@pytest.mark.parametrize("fault", ["commit_then_drop", "half_body", "garbage"])
def test_a_lost_answer_is_asked_for_again_and_there_is_one_customer(open_books, fault):
    books = open_books("empty")
    books.emulator.faults.add(fault, route="create")
    contact = make()
    assert books.sync().create_customer_from_contact(contact)["result"] == "unknown"
    waiting = QuickBooksSync.objects.get()
    assert (waiting.entity_id, waiting.local_id, waiting.lease) == ("", contact.pk, None)

    books.emulator.faults.clear()
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    assert customers(books) == ["Ann Lee"]
    assert QuickBooksSync.objects.get().request_id == ""


def test_a_pull_finishes_what_was_left_open(open_books):
    books = open_books("empty")
    books.emulator.faults.add("commit_then_drop", route="create")
    contact = make()
    books.sync().create_customer_from_contact(contact)
    books.emulator.faults.clear()
    assert books.pull()["state"] == "done"
    contact.refresh_from_db()
    assert contact.quickbooks_customer_id == QuickBooksSync.objects.get().entity_id
    assert customers(books) == ["Ann Lee"]


def test_a_customer_that_a_pull_stored_before_the_answer_is_adopted(open_books, monkeypatch):
    books = open_books("empty")
    contact = make()
    confirm = creating.confirm

    def pulled_first(auth, sync, lease, contact, document, by):
        creating.customers.insert(auth, [creating.mapping.customer_row(document, {})])
        return confirm(auth, sync, lease, contact, document, by)

    monkeypatch.setattr(creating, "confirm", pulled_first)
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    sync = QuickBooksSync.objects.get()
    assert (sync.local_id, QuickBooksCustomer.objects.count()) == (contact.pk, 1)


def test_a_slow_worker_whose_lease_went_to_another_confirms_nothing(open_books):
    books = open_books("empty")
    contact = make()
    sync = creating._reserve(books.auth, contact, "")
    slow = creating._take_lease(sync)
    QuickBooksSync.objects.update(lease_until="2020-01-01T00:00:00Z")
    quick = creating._take_lease(sync)
    document = books.service().create("customer", {"DisplayName": "Ann Lee"}, sync.request_id)["Customer"]
    assert creating.confirm(books.auth, sync, slow, contact, document, None) is False
    assert QuickBooksSync.objects.get().entity_id == ""
    assert creating.confirm(books.auth, sync, quick, contact, document, None) is True
    assert QuickBooksSync.objects.get().entity_id == document["Id"]


def test_twenty_presses_at_once_make_one_customer(open_books):
    books = open_books("empty")
    contact = make()

    def press(_):
        try:
            return books.sync().create_customer_from_contact(contact)["result"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(press, range(20)))
    assert customers(books) == ["Ann Lee"]
    assert results.count("created") == 1
    assert QuickBooksSync.objects.count() == 1


def test_a_contact_without_any_name_is_refused_with_a_sentence_and_nothing_is_sent(open_books):
    books = open_books("empty")
    answer = books.sync().create_customer_from_contact(make("", "", "", ""))
    assert (answer["result"], answer["message"]) == (
        "refused",
        "The contact has no name, company, phone or e-mail. Type a name first.",
    )
    assert QuickBooksSync.objects.count() == 0


def test_a_refusal_leaves_a_row_with_its_reason_and_another_try_is_another_request(open_books):
    books = open_books("empty")
    contact = make(email="")
    books.emulator.faults.add("fault", route="create", count=1, code="6000", detail="Business Validation Error: no")
    assert books.sync().create_customer_from_contact(contact)["result"] == "refused"
    row = QuickBooksSync.objects.get()
    assert (row.sync_status, row.request_id) == ("error", "")
    assert row.error_message
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"


def answer_lost_with_a_dead_worker(books, contact) -> QuickBooksSync:
    """QuickBooks has the customer, and the worker that asked for it died before it stored the answer."""
    sync = creating._reserve(books.auth, contact, "")
    books.service().create("customer", simplejson.loads(sync.request_body), sync.request_id)
    creating._take_lease(sync)
    return sync


def test_a_customer_given_to_another_contact_before_the_answer_came_stays_there_and_pulls_go_on(open_books):
    books = open_books("empty")
    contact, other = make(), make("Dup", "Licate", "", "")
    sync = answer_lost_with_a_dead_worker(books, contact)
    books.pull()
    found = QuickBooksSync.objects.exclude(entity_id="").get()
    reconciling.link_to(found, other, User.objects.create(username="olivia"))
    QuickBooksSync.objects.filter(pk=sync.pk).update(lease_until="2020-01-01T00:00:00Z")

    assert books.pull()["state"] == "done"
    found.refresh_from_db()
    contact.refresh_from_db()
    assert (found.local_id, contact.quickbooks_customer_id) == (other.pk, None)
    assert QuickBooksSync.objects.count() == 1


def test_a_request_whose_contact_was_deleted_ends_and_the_customer_is_nobodys(open_books):
    books = open_books("empty")
    contact = make()
    answer_lost_with_a_dead_worker(books, contact)
    contact.delete()
    assert books.pull()["state"] == "done"
    assert QuickBooksSync.objects.values_list("local_id", "request_id").get() == (None, "")


def test_an_answer_that_is_stored_while_a_pull_stores_the_same_customer_is_not_lost(open_books):
    books = open_books("empty")
    contact = make()
    sync = creating._reserve(books.auth, contact, "")
    lease = creating._take_lease(sync)
    document = books.service().create("customer", simplejson.loads(sync.request_body), sync.request_id)["Customer"]

    def confirm():
        try:
            return creating.confirm(books.auth, sync, lease, contact, document, None)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, in_other_connection() as watcher:
        with transaction.atomic():
            mirror.insert(books.auth, [mapping.customer_row(document, {})])
            mine = connection.connection.info.backend_pid
            confirmed = pool.submit(confirm)
            while not watcher.execute(
                "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [mine]
            ).fetchone():
                assert not confirmed.done()
        assert confirmed.result() is True
    row = QuickBooksSync.objects.get()
    assert (row.local_id, row.entity_id) == (contact.pk, document["Id"])


def test_a_contact_known_only_by_a_number_does_not_get_the_number_as_a_name(open_books):
    books = open_books("empty")
    contact = make("", "", email="")
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    contact.refresh_from_db()
    assert customers(books) == ["(617) 555-0123"]
    assert (contact.first_name, contact.last_name) == ("", "")
