from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from contacts import people
from contacts.models import Contact, ContactImport
from contacts.particulars import Particulars
from tests.contacts.importing.files import import_lines, import_rows
from tests.factories import make_contact, make_property
from tests.other_connection import in_other_connection, wait_until_somebody_waits_for

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


def test_an_import_leaves_its_houses_free_to_be_named_by_whoever_has_one_of_its_contacts_locked() -> None:
    """The office adds a role at a contact, which it has locked: the two would wait for each other."""
    ann = make_contact("Ann", "Lee", phones=("617-555-0101",))
    house = make_property("7 Elm St", people=(ann,))
    row = {"Address": "7 Elm St", "Yr Built": "1950", "Primary Name": "Ann Lee", "Primary Phone1": "617-555-0101"}

    def import_it() -> int:
        try:
            return import_rows(list(row), row).read
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, in_other_connection() as office:
        office.execute("BEGIN")
        office.execute("SELECT FROM contacts_contact WHERE id = %s FOR UPDATE", [ann.pk])
        importing = pool.submit(import_it)
        wait_until_somebody_waits_for(office)
        office.execute("SELECT FROM contacts_property WHERE id = %s FOR KEY SHARE NOWAIT", [house.pk])
        office.execute("COMMIT")
        assert importing.result(timeout=20) == 1
    house.refresh_from_db()
    assert house.year_built == 1950
