"""A field in which the two never agreed, since the contact and its customer said something else when they were linked."""

import pytest

from contacts.models import Contact
from quickbooks_integration.conflicts import deciding
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.reconciling.deciding import link_to
from quickbooks_integration.sync import outbox
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def books(open_books):
    opened = open_books()
    opened.bookkeeper.create_customer(DisplayName="Ann Lee", Notes="Has a dog")
    opened.pull_all()
    opened.take_over()
    link_to(sync(), make_contact(first_name="Ann", last_name="Lee", notes="Rings twice"), None)
    opened.bookkeeper.edit("Customer", sync().entity_id, Notes="Has two dogs")
    opened.pull_all()
    assert list(sync().conflicts) == ["notes"]
    return opened


def sync() -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="customer")


def both(books) -> tuple[str, str]:
    outbox.work_off(books.service())
    return Contact.objects.get().notes, books.emulator.company().find("Customer", sync().entity_id)["Notes"]


@pytest.mark.parametrize(("choice", "kept"), [("ours", "Rings twice"), ("theirs", "Has two dogs")])
def test_what_a_person_chooses_stands_on_both_sides_afterwards(books, office, choice, kept):
    deciding.decide(sync().pk, "notes", choice, office)
    assert both(books) == (kept, kept)
    assert (sync().conflicts, sync().sync_status) == ({}, "synced")
