"""The tree of customers that reports by customer show."""

from decimal import Decimal

from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.reports.layout import Leaf, Tree
from quickbooks_integration.emulator.reports.postings import Books, value_of

NOBODY = "nobody"


def tree_of_customers(books: Books, width: int, own_when_empty: Decimal | None = None) -> Tree:
    tree = Tree(width, own_when_empty)
    for id, customer in books.customers.items():
        tree.leaves[id] = Leaf(id, customer["DisplayName"], value_of(customer, "ParentRef"))
    tree.leaves[NOBODY] = Leaf("", "Not Specified")
    return tree


def known(books: Books, customer: str) -> str:
    """A sales receipt may be without a customer."""
    return customer if customer in books.customers else NOBODY


def grand_total(rows: list[Document], total: Document) -> list[Document]:
    return [*rows, total] if rows else []
