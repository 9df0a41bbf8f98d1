"""An import taken back as a whole: exactly what it did, and nothing that somebody used or changed since."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import DjangoAssertNumQueries

from contacts import merging
from contacts.importing import Result, undoing
from contacts.importing.prints import PRINTED
from contacts.models import (
    Contact,
    ContactAddress,
    ContactEmail,
    ContactImport,
    ContactImportStep,
    ContactPhone,
    Property,
    PropertyContact,
)
from tests.contacts.importing.files import import_lines
from tests.contacts.importing.test_lists import COUPLE, radar
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db

TABLES = (Contact, ContactPhone, ContactEmail, ContactAddress, Property, PropertyContact)
ANN = "A1,Ann,Smith,Acme,617-555-0101,ann@example.com,12 Main St,Quincy,MA,02169"
BOB = "A2,Bob,Brown,,508-555-0102,,,,,"


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows as people see them: not the counters of changes."""
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in ("updated_at", "version")}
            for row in model.objects.order_by("pk").values()
        ]
        for model in TABLES
    }


def take_back(result: Result, by: User | None = None) -> ContactImport:
    assert result.record is not None
    assert undoing.ask(result.record.pk, by)
    undoing.take_back(result.record.pk)
    result.record.refresh_from_db()
    return result.record


def stays(record: ContactImport) -> list[tuple[str, str]]:
    return [(one.name, one.why) for one in undoing.left(record)[1]]


def test_what_an_import_made_goes_and_what_it_filled_is_empty_again(office: User) -> None:
    make_contact("Ann", external_id="A1", address={"street": "12 Main Street"})
    make_contact("Carl", "Miller", phones=("617-555-0103",))
    before = everything()
    result = import_lines(ANN, BOB, ",,,,617-555-0103,carl@example.com,,,,", "A4,,,,,,,,,")
    assert everything() != before

    record = take_back(result, office)

    assert everything() == before
    assert (record.state, record.taken_back_by, record.taken_back) == (
        "taken back",
        office,
        {"contact": 1, "phone": 1, "email": 2},
    )
    assert record.taken_back_at is not None
    assert not ContactImportStep.objects.exists()


def test_houses_and_their_people_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.undoing.BATCH", 1)
    jon = make_contact("Jon", "Smith", phones=("(617) 555-0101",))
    make_property("9 Elm St", zip_code="02169", people=(make_contact("Ann", "Brown"),))
    before = everything()
    other = COUPLE | {"Address": "9 Elm St", "APN": "QUIN-2", "Primary Name": "EVE WHITE", "Secondary Name": ""}
    result = radar(COUPLE, other)
    assert (jon.property_roles.count(), Property.objects.count()) == (1, 2)

    take_back(result)

    assert everything() == before


def test_what_a_later_chunk_added_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 1)
    make_contact("Eve", external_id="A9")
    before = everything()
    result = import_lines(
        "A1,Ann,,,617-555-0101,,,,,",
        "A1,Ann,Smith,Acme,617-555-0109,,1 Oak St,,,",
        "A1,Ann,,,,,1 Oak St,Quincy,MA,",
        "A9,Eve,White,,,,,,,",
        "A9,,,Firm,508-555-0101,,,,,",
    )
    assert (result.created, result.enriched) == (1, 4)

    take_back(result)

    assert everything() == before


def quoted(contact: Contact) -> None:
    from billing.models import Quote

    Quote.objects.create(contact=contact)


def linked(contact: Contact) -> None:
    Contact.objects.filter(pk=contact.pk).update(quickbooks_customer_id="58")


def edited(contact: Contact) -> None:
    Contact.objects.filter(pk=contact.pk).update(notes="Call after 5")


def marked(contact: Contact) -> None:
    Contact.objects.filter(pk=contact.pk).update(do_not_contact=True)


def called(contact: Contact) -> None:
    ContactPhone.objects.create(contact=contact, number="617-555-0199")


def forgot_phone(contact: Contact) -> None:
    contact.phones.all().delete()


def merged(contact: Contact) -> None:
    merging.merge(make_contact("Bobby", "Brown").pk, contact.pk, None)


def housed(contact: Contact) -> None:
    make_property(people=(contact,))


def test_a_print_has_everything_that_people_can_edit() -> None:
    for model, columns in PRINTED.items():
        fields = (field for field in model._meta.concrete_fields if field.editable and not field.primary_key)
        assert {field.attname for field in fields} - set(columns) == set(), model


@pytest.mark.parametrize(
    ("use", "why"),
    [
        (quoted, "It is used since: quotes."),
        (linked, "It is linked to QuickBooks."),
        (edited, "It was changed since."),
        (marked, "It was changed since."),
        (called, "It was changed since."),
        (forgot_phone, "It was changed since."),
        (housed, "It was changed since."),
        (merged, "It was merged with another contact since."),
    ],
)
def test_whom_somebody_used_or_changed_stays_with_the_reason(use: Callable[[Contact], None], why: str) -> None:
    result = import_lines(ANN, BOB)
    bob = Contact.objects.get(external_id="A2")
    use(bob)
    before = everything()
    foreseen = undoing.outlook(result.record)

    record = take_back(result)

    assert (foreseen.goes["contact"], foreseen.stays["contact"]) == (1, 1)
    assert [(one.name, one.why) for one in foreseen.some] == stays(record) == [("Bob Brown", why)]
    ann = before["Contact"][0]
    assert ann["external_id"] == "A1"
    left = everything()
    for name, rows in before.items():
        own = "id" if name == "Contact" else "contact_id"
        rows[:] = [row for row in rows if row.get(own) != ann["id"]]
    assert left == before
    assert record.taken_back == {"contact": 1}


def test_what_stays_is_named_in_as_many_queries_for_one_as_for_many(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_contact(external_id="A1", phones=("617-555-0101",))
    make_contact(external_id="A2", phones=("617-555-0102",))
    lines = [f"A{number},,,,508-555-010{number},ann{number}@example.com,,,," for number in range(1, 8)]
    result = import_lines(*lines)
    ContactPhone.objects.update(label="fax")
    ContactEmail.objects.update(position=7)
    Contact.objects.update(notes="Call after 5")
    record = take_back(result)

    with django_assert_num_queries(11):  # the steps and how many; contacts, phones and e-mails, each with both of these
        count, some = undoing.left(record)

    assert count == len(some) == 5 + 2 + 2


def test_a_field_that_was_changed_again_stays_and_the_other_ones_go_back() -> None:
    ann = make_contact("Ann", external_id="A1")
    result = import_lines(ANN)
    Contact.objects.filter(pk=ann.pk).update(company="Acme Builders")
    phone = ann.phones.get()
    phone.number = "617-555-0111"
    phone.save()

    record = take_back(result)

    ann.refresh_from_db()
    assert (ann.name, ann.company, ann.email, ann.addresses.count()) == ("Ann", "Acme Builders", "", 0)
    assert stays(record) == [
        ("Ann", "The company was changed again since and stays as it is now."),
        ("617-555-0111", "It was changed since."),
    ]


def test_a_name_is_one_thing_and_is_not_taken_back_by_half() -> None:
    ann = make_contact("Ann", external_id="A1")
    result = import_lines("A1,Ann,Smith,,,,,,,")
    Contact.objects.filter(pk=ann.pk).update(first_name="Anne")

    take_back(result)

    ann.refresh_from_db()
    assert ann.name == "Anne Smith"


def test_a_house_in_use_keeps_its_people_and_a_person_in_use_keeps_the_house() -> None:
    result = radar(COUPLE, COUPLE | {"APN": "QUIN-2", "Address": "9 Elm St", "Primary Name": "EVE WHITE"})
    Property.objects.filter(parcel_number="QUIN-1").update(notes="Dog")
    eve = Contact.objects.get(first_name="EVE")
    quoted(eve)
    before = everything()
    foreseen = undoing.outlook(result.record)

    record = take_back(result)

    assert everything() == before  # Amy stands at both
    assert sorted(stays(record)) == sorted((one.name, one.why) for one in foreseen.some)
    assert sorted(why for _, why in stays(record)) == [
        "It belongs to a contact that stays.",
        "It belongs to a property that stays.",
        "It belongs to a property that stays.",
        "It is used since: quotes.",
        "It was changed since.",
    ]


def test_a_role_that_was_changed_keeps_its_house() -> None:
    jon = make_contact("Jon", "Smith", phones=("(617) 555-0101",))
    result = radar(COUPLE)
    jon.property_roles.update(role="payer")
    foreseen = undoing.outlook(result.record)

    record = take_back(result)

    assert (jon.property_roles.get().role, Property.objects.count()) == ("payer", 1)
    assert foreseen.stays.total() == len(stays(record)) == 3  # the role, the house, and Amy who lives there


def test_what_somebody_changed_between_two_chunks_is_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 1)

    def edit_after_the_first(done: int, total: int | None) -> None:
        if done == 1:
            Contact.objects.update(notes="Call after 5")

    result = import_lines(BOB, "A2,Bob,Brown,Firm,,,,,,", progress=edit_after_the_first)

    record = take_back(result)

    assert Contact.objects.get().company == "Firm"
    assert stays(record) == [("Bob Brown", "It was changed since.")]


def test_two_imports_go_back_the_last_one_first_to_what_was_before() -> None:
    make_contact("Ann", external_id="A1")
    before = everything()
    first = import_lines("A1,Ann,Smith,,,,,,,", BOB)
    second = import_lines(ANN, "A2,Bob,Brown,Firm,,,,,,")

    take_back(second)
    take_back(first)

    assert everything() == before


def test_the_history_tells_who_was_taken_back(office: User) -> None:
    make_contact("Ann", external_id="A1")
    result = import_lines(ANN, BOB)

    take_back(result, office)

    told = {"source": "import taken back", "file": "list.csv", "user": office.pk}
    events = Contact.pgh_event_model.objects.filter(pgh_context__metadata=told)
    assert sorted(events.values_list("pgh_label", "external_id", "company")) == [
        ("delete", "A2", ""),
        ("update", "A1", ""),
    ]


def test_one_that_was_killed_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.undoing.BATCH", 1)
    before = everything()
    result = import_lines(ANN, BOB, "A3,Carl,,,,,,,,")
    assert undoing.ask(result.record.pk, None)

    undoing._take_back_some(result.record.pk)  # and then the power went out

    assert (Contact.objects.count(), undoing.progress(result.record)) == (2, (1, 3))
    undoing.take_back(result.record.pk)
    assert everything() == before


def test_it_is_taken_back_once_and_only_when_there_is_something() -> None:
    result = import_lines(ANN)
    again = import_lines(ANN)
    assert not undoing.ask(again.record.pk, None)

    take_back(result)

    assert not undoing.ask(result.record.pk, None)
    undoing.take_back(result.record.pk)
    assert ContactImport.objects.get(pk=result.record.pk).state == "taken back"


def test_what_was_deleted_since_is_no_trouble() -> None:
    result = import_lines(ANN, BOB)
    Contact.objects.get(external_id="A2").delete()

    record = take_back(result)

    assert (Contact.objects.count(), stays(record)) == (0, [])
