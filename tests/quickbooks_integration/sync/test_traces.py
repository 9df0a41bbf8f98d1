"""No order of edits, pushes, lost answers, dead workers and pulls loses an edit or makes a second document."""

import pytest

from contacts.models import Contact
from quickbooks_integration.models import HistoryImport
from quickbooks_integration.sync import lists
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync import traces

CASES = [traces.EstimateCase, traces.InvoiceCase, traces.PaymentCase, traces.CustomerCase]


@pytest.fixture
def books(open_books):
    opened = open_books("empty")
    lists.refresh(opened.auth, opened.service())
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    return opened


@pytest.fixture
def ann(books) -> Contact:
    contact = pairs.contact("Ann", "Lee", "617-555-0123")
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    contact.refresh_from_db()
    return contact


def explore(case_type: type[traces.Case], books, ann: Contact, depth: int) -> traces.Explorer:
    case = case_type(books, ann)
    explorer = traces.Explorer(case, depth)
    explorer.explore(case.here()[0], case.here()[1])
    return explorer


@pytest.mark.parametrize("case_type", CASES)
def test_after_every_trace_of_two_steps_both_sides_say_the_last_edit(case_type, books, ann):
    explorer = explore(case_type, books, ann, depth=2)
    assert explorer.traces >= 9 + 9


@pytest.mark.long
@pytest.mark.parametrize("case_type", CASES)
def test_after_every_trace_of_six_steps_both_sides_say_the_last_edit(case_type, books, ann):
    explorer = explore(case_type, books, ann, depth=6)
    assert explorer.traces > 500
