from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from contacts import people
from contacts.models import Contact, ContactImport
from contacts.particulars import Particulars
from tests.contacts.importing.files import import_lines
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)

LINES = [f"A{number},Ann,Smith{number},,617-555-{number:04},,,,," for number in range(50)]


def test_two_imports_of_one_file_at_once_create_each_contact_once() -> None:
    start = Barrier(2)

    def import_them() -> tuple[int, int]:
        start.wait()
        try:
            result = import_lines(*LINES)
            return result.created, result.unchanged
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(future.result() for future in [pool.submit(import_them) for _ in range(2)])

    assert outcomes == [(0, 50), (50, 0)]
    assert (Contact.objects.count(), ContactImport.objects.count()) == (50, 2)


def test_two_sources_that_fill_the_same_field_at_once_leave_the_first_value() -> None:
    contact = make_contact(phones=("617-555-0101",))
    start = Barrier(2)

    def fill(company: str) -> bool:
        start.wait()
        try:
            particulars = Particulars(company=company, phones=("508-555-0102",))
            return bool(people.enrich(contact, particulars, source="test").filled)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        filled = list(pool.map(fill, ("Acme", "Other")))

    assert sorted(filled) == [False, True]
    assert contact.phones.count() == 2
    assert Contact.objects.get().version == 1
