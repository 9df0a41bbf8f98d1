"""Rows as CSV; contacts in the columns that import_contacts reads."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from contacts.models import Contact

# The column of each kind of phone; the labels of addresses' columns, the street's first.
PHONES = {
    "main": "phone", "mobile": "mobile_phone", "home": "home_phone", "work": "work_phone", "fax": "fax",
    "other": "other_phone",
}  # fmt: skip
ADDRESSES = {
    "mailing": ("address", "city", "state", "zip"),
    "billing": ("billing_street", "billing_city", "billing_state", "billing_zip"),
    "shipping": ("shipping_street", "shipping_city", "shipping_state", "shipping_zip"),
}
COLUMNS = (
    "external_id", "first_name", "last_name", "company", *PHONES.values(), "email",
    *(column for columns in ADDRESSES.values() for column in columns),
    "notes", "payment_terms", "contact_type", "tax_exempt",
)  # fmt: skip
CHUNK_ROWS = 2_000
# What a spreadsheet takes for the beginning of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-\d+(\.\d+)?")  # what is owed to a customer


def escaped(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text


def lines(contacts: QuerySet[Contact], *, with_money: bool = True) -> Iterator[str]:
    """The header and one line per contact, in bounded memory. Reads the database while it is consumed."""
    prefetched = contacts.prefetch_related("phones", "emails", "addresses")
    shown = [name for name in COLUMNS if with_money or name not in Contact.MONEY]
    cells = (dict(zip(COLUMNS, _cells(contact), strict=True)) for contact in prefetched.iterator(chunk_size=CHUNK_ROWS))
    yield from table(shown, ([one[name] for name in shown] for one in cells))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line of CSV after the other, formulas escaped."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(heads)  # so that Excel takes it for UTF-8
    for cells in rows:
        yield writer.writerow([escaped(cell) for cell in cells])


def _cells(contact: Contact) -> list[str]:
    places = {row.kind: [row.street, row.city, row.state, row.zip_code] for row in contact.addresses.all()}
    phones = {label: " / ".join(row.number for row in contact.phones.all() if row.label == label) for label in PHONES}
    emails = ", ".join(email.address for email in contact.emails.all())
    return [
        contact.external_id or "", contact.first_name, contact.last_name, contact.company, *phones.values(), emails,
        *(cell for kind in ADDRESSES for cell in places.get(kind, [""] * 4)),
        contact.notes, contact.payment_terms or "", contact.get_customer_type_display() or "",
        "yes" if contact.tax_exempt else "",
    ]  # fmt: skip


class Echo:
    """A file whose write() hands the text back, which is all that csv.writer needs."""

    def write(self, text: str) -> Any:
        return text
