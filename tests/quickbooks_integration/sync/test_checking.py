"""Both sides are compared, and each difference has a name and a way to settle it."""

from decimal import Decimal

import pytest

from quickbooks_integration.models import CheckRun
from quickbooks_integration.sync import checking

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def taken_over(books):
    """Everything of QuickBooks is here, every customer a contact, and read once more, as a night does it."""
    books.pull_all()
    books.take_over()
    books.contacts_of_all()
    books.pull_all()
    return books


@pytest.fixture
def books(open_books):
    return taken_over(open_books("craig"))


def check(books) -> CheckRun:
    run, _ = checking.request(books.auth)
    return checking.execute(books.service(), run)


def told(run: CheckRun) -> list[tuple[str, str]]:
    return [(one["kind"], one["field"]) for one in run.differences]


# --- Nothing differs -------------------------------------------------------------------------------


@pytest.mark.parametrize("company", ["craig", pytest.param("sample", marks=pytest.mark.long)])
def test_a_company_that_was_taken_over_has_no_difference(open_books, company):
    books = taken_over(open_books(company))
    run = check(books)
    assert [one["sentence"] for one in run.differences] == []
    assert (run.state, run.accuracy, run.waiting) == ("done", D("100.00"), 0)
    assert run.agreeing == run.compared > 500
    assert {row["kind"] for row in run.totals} >= {"estimate", "invoice", "payment"}
    assert all(row["agrees"] for row in run.totals)
    assert run.message == f"Both sides say the same in all {run.compared:,} fields that were compared."
