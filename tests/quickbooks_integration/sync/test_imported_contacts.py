"""What an import fills in at a customer of QuickBooks goes there."""

# ruff: noqa: F811  (fixtures that are imported)

import pytest

from contacts.importing import undoing
from contacts.models import ContactImport
from quickbooks_integration.models import QuickBooksSync
from tests.contacts.importing.files import counts, import_lines
from tests.factories import make_contact
from tests.quickbooks_integration.sync.test_both_changed import customer_row, customer_there
from tests.quickbooks_integration.sync.test_outbox import ann, books, push  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "first_name,last_name,phone,mobile"


def mobile_there(books, contact) -> str:
    return customer_there(books, contact).get("Mobile", {}).get("FreeFormNumber", "")


def test_a_number_that_an_import_fills_in_goes_to_quickbooks_and_leaves_it_when_the_import_is_taken_back(books, ann):
    result = import_lines("Ann,Lee,(617) 555-0123,508-555-0111", header=HEADER)
    push(books)
    assert counts(result) == {"read": 1, "enriched": 1}
    assert mobile_there(books, ann) == "508-555-0111"
    assert customer_row(ann).sync_status == "synced"

    record = ContactImport.objects.get()
    undoing.ask(record.pk, None)
    undoing.take_back(record.pk)
    push(books)
    assert mobile_there(books, ann) == ""
    assert customer_there(books, ann)["PrimaryPhone"]["FreeFormNumber"] == "617-555-0123"


def test_an_import_that_says_nothing_new_or_is_of_others_sends_nothing(books, ann):
    wanted = customer_row(ann).wanted
    make_contact("Bob", "Ray", phones=("617-555-0177",))

    result = import_lines("Ann,Lee,(617) 555-0123,", "Bob,Ray,(617) 555-0177,508-555-0111", header=HEADER)

    assert counts(result) == {"read": 2, "enriched": 1, "unchanged": 1}
    assert customer_row(ann).wanted == wanted
    assert QuickBooksSync.objects.filter(entity_type="customer").count() == 1
