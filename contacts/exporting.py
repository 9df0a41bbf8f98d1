"""Rows as CSV; contacts in the columns that import_contacts reads."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from contacts.models import Contact

COLUMNS = ("external_id", "first_name", "last_name", "company", "phone", "email", "address", "city", "state", "zip")
CHUNK_ROWS = 2_000
# What a spreadsheet takes for the beginning of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"-\d+(\.\d+)?")  # what is owed to a customer


def escaped(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text) else text


def lines(contacts: QuerySet[Contact]) -> Iterator[str]:
    """The header and one line per contact, in bounded memory. Reads the database while it is consumed."""
    prefetched = contacts.prefetch_related("phones", "emails", "addresses")
    yield from table(COLUMNS, map(_cells, prefetched.iterator(chunk_size=CHUNK_ROWS)))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """One line of CSV after the other, formulas escaped."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(heads)  # so that Excel takes it for UTF-8
    for cells in rows:
        yield writer.writerow([escaped(cell) for cell in cells])


def _cells(contact: Contact) -> list[str]:
    address = next(iter(contact.addresses.all()), None)
    place = [address.street, address.city, address.state, address.zip_code] if address else [""] * 4
    phones = " / ".join(phone.number for phone in contact.phones.all())
    emails = ", ".join(email.address for email in contact.emails.all())
    return [contact.external_id or "", contact.first_name, contact.last_name, contact.company, phones, emails, *place]


class Echo:
    """A file whose write() hands the text back, which is all that csv.writer needs."""

    def write(self, text: str) -> Any:
        return text
