"""An empty company whose history is taken over, and a contact who is a customer there."""

from collections.abc import Callable
from typing import Any

import pytest

from contacts.models import Contact
from quickbooks_integration.models import HistoryImport
from quickbooks_integration.sync import lists
from tests.people import bookkeeper, bookkeeper_client, marketer, marketer_client, office, office_client  # noqa: F401
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.conflicts.clashes import CLASHES, Clash
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401

WRITES = ("create", "update", "delete", "void", "operation", "batch")


@pytest.fixture
def books(open_books: Callable[..., Any]) -> Any:  # noqa: F811
    opened = open_books("empty")
    lists.refresh(opened.auth, opened.service())
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    return opened


@pytest.fixture
def ann(books: Any) -> Contact:
    contact = pairs.contact("Ann", "Lee", "617-555-0123", "ann@example.com")
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    contact.refresh_from_db()
    return contact


@pytest.fixture(params=CLASHES, ids=lambda one: one.__name__)
def clash_type(request: pytest.FixtureRequest) -> type[Clash]:
    """All of them, or the one that a test names."""
    return next(one for one in CLASHES if request.param in (one, one.__name__))


@pytest.fixture
def in_step(clash_type: type[Clash], books: Any, ann: Contact) -> Clash:
    """One row that both sides agree on."""
    return clash_type(books, ann)


@pytest.fixture
def clash(in_step: Clash) -> Clash:
    """One row on which both sides have moved apart."""
    return in_step.clash()


@pytest.fixture
def writes(books: Any) -> Callable[[], int]:
    """How many writes QuickBooks has seen so far."""

    def count() -> int:
        seen = books.emulator.requests.counts()
        return sum(seen.get(route, 0) for route in WRITES)

    return count
