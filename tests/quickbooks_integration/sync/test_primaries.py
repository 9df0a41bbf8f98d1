"""A contact of two customers: which one is kept up to it, and what goes there when that becomes the other one."""

import pytest
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import differing, link_to, merged, undo
from quickbooks_integration.sync import change_feed, outbox, sweeping
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = "1", "2"


@pytest.fixture
def books(open_books):
    """Ann Lee, who is two customers, with other notes of the second."""
    opened = open_books()
    opened.bookkeeper.create_customer(DisplayName="Ann Lee")
    opened.bookkeeper.create_customer(DisplayName="Ann Lee 2", Notes="Has a dog")
    opened.pull_all()
    opened.take_over()
    ann = make_contact(first_name="Ann", last_name="Lee", notes="Rings twice")
    for id in (FIRST, SECOND):
        link_to(sync_of(id), ann, None)
    return opened


def sync_of(id: str) -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="customer", entity_id=id)


def ann() -> Contact:
    return Contact.objects.get()


def edit(notes: str) -> None:
    Contact.objects.update(notes=notes)


def push(books) -> None:
    """All that differs from what QuickBooks was told last."""
    sweeping.sweep(books.service().auth)
    outbox.work_off(books.service())


def notes_there(books, id: str = SECOND) -> str:
    return books.emulator.company().find("Customer", id).get("Notes", "")


def by_undo(books) -> None:
    undo(sync_of(FIRST).decisions.get(), None)


def by_letting_go(books) -> None:
    QuickBooksCustomer.objects.filter(sync=sync_of(FIRST)).update(vanished_at=timezone.now())
    merged.let_go(sync_of(FIRST).pk, None)


def by_feed(books) -> None:
    books.bookkeeper.deactivate(FIRST)
    change_feed.poll(books.service())


def by_full_pass(books) -> None:
    books.bookkeeper.deactivate(FIRST)
    books.pull_all(full=True)


@pytest.mark.parametrize("turn", [by_undo, by_letting_go, by_feed, by_full_pass])
def test_what_was_edited_before_a_customer_became_the_primary_one_is_asked_and_not_written_over_its_value(books, turn):
    edit("Rings once")
    push(books)
    turn(books)
    assert ann().quickbooks_customer_id == SECOND
    push(books)
    assert (ann().notes, notes_there(books)) == ("Rings once", "Has a dog")
    listed = differing.page(books.service().auth, "notes").rows
    asked = set(sync_of(SECOND).conflicts) | {line.difference.field for row in listed for line in row.lines}
    assert asked == {"notes"}
    edit("Rings never")
    push(books)
    assert notes_there(books) == "Rings never"


def test_a_full_pass_finds_a_primary_customer_that_was_inactive_before(books):
    QuickBooksCustomer.objects.filter(sync=sync_of(FIRST)).update(active=False)
    books.pull_all(full=True)
    assert ann().quickbooks_customer_id == SECOND
