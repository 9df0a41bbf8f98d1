"""Nobody is doubled silently: a line with a known number and a like name."""

import pytest

from contacts.models import Contact, ContactImportRow
from tests.contacts.importing.files import counts, import_lines
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def robert(**fields: object) -> Contact:
    return make_contact("Robert", "Smith", phones=("617-555-0101",), **fields)  # type: ignore[arg-type]


def test_a_short_form_of_the_name_with_the_same_phone_is_the_same_person() -> None:
    robert()

    result = import_lines(",Bob,Smith,Acme,617-555-0101,,,,,")

    assert counts(result) == {"read": 1, "enriched": 1}
    assert (Contact.objects.get().name, Contact.objects.get().company) == ("Robert Smith", "Acme")
    assert counts(import_lines(",Bob,Smith,Acme,617-555-0101,,,,,")) == {"read": 1, "unchanged": 1}


def test_a_slip_in_the_name_is_the_same_person_and_a_question() -> None:
    robert(emails=("bob@example.com",))

    result = import_lines(",Robert,Smiht,,617-555-0101,bob@example.com,,,,")

    assert counts(result) == {"read": 1, "conflict": 1}
    assert result.rows[0].reason == "The name stays “Robert Smith”; the line says “Robert Smiht”."
    assert Contact.objects.count() == 1


def test_where_something_speaks_against_it_a_new_contact_is_made_and_named() -> None:
    known = robert()

    result = import_lines(",Robart,Smith,,617-555-0101,,,,,")

    assert counts(result) == {"read": 1, "created": 1}
    row = ContactImportRow.objects.first()
    assert row.reason == (
        "It may be Robert Smith, who has the same phone or e-mail and a like name. It is a contact of its own now; "
        "if the two are one person, merge them."
    )
    assert (row.outcome, row.perhaps, row.contact.name) == ("note", known, "Robart Smith")
    assert counts(import_lines(",Robart,Smith,,617-555-0101,,,,,")) == {"read": 1, "unchanged": 1}


@pytest.mark.parametrize("name", ["Ann,Smith", "Robert,Brown", "Linda,Chen"])
def test_another_of_the_house_is_a_contact_without_a_word(name: str) -> None:
    robert()

    result = import_lines(f",{name},,617-555-0101,,,,,")

    assert (counts(result), result.rows) == ({"read": 1, "created": 1}, [])


def test_two_forms_of_one_name_in_one_list_are_one_person(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (",Robert,Smith,,617-555-0101,,,,,", ",Bob,Smith,,617-555-0101,,,,,")

    assert counts(import_lines(*lines, dry_run=True)) == {"read": 2, "created": 1, "unchanged": 1}
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 1)
    assert counts(import_lines(*lines, dry_run=True)) == {"read": 2, "created": 1, "unchanged": 1}
    assert counts(import_lines(*lines)) == {"read": 2, "created": 1, "unchanged": 1}


def test_two_ids_of_one_list_are_two_people() -> None:
    robert(external_id="A1")

    assert counts(import_lines("A2,Bob,Smith,,617-555-0101,,,,,")) == {"read": 1, "created": 1}


def test_a_switchboard_makes_nobody_alike() -> None:
    for number in range(5):
        make_contact(f"Given{number}", "Jones", phones=("617-555-0101",))
    robert()

    assert counts(import_lines(",Bob,Smith,,617-555-0101,,,,,")) == {"read": 1, "created": 1}


@pytest.mark.parametrize("listed", [(), ("A1", "A2", "A3", "A4")])
def test_a_switchboard_makes_nobody_alike_whoever_stands_in_the_next_line(listed: tuple[str, ...]) -> None:
    for number in range(5):
        external_id = listed[number] if number < len(listed) else None
        make_contact(f"Given{number}", "Jones", phones=("617-555-0101",), external_id=external_id)
    robert()

    lines = (",Robert,Smith,,617-555-0101,,,,,", "B9,Bob,Smith,Acme,617-555-0101,,,,,")

    assert counts(import_lines(*lines)) == {"read": 2, "unchanged": 1, "created": 1}
    assert Contact.objects.count() == 7


FOREIGN = "ID,Name,Phone,Email,Address"


def test_another_programs_id_gives_nobody_the_phone_of_somebody_else() -> None:
    bob = make_contact("Bob", "Smith", external_id="17", phones=("617-555-0101",))

    result = import_lines("17,Ann Jones,617-555-0999,ann@jones.example,9 Elm St", header=FOREIGN)

    assert counts(result) == {"read": 1, "conflict": 1}
    assert "The id “17” is that of Bob Smith here, and the line tells of Ann Jones" in result.rows[0].reason
    assert Contact.objects.get() == bob
    assert [phone.number for phone in bob.phones.all()] == ["617-555-0101"]
    assert (bob.emails.count(), bob.addresses.count()) == (0, 0)


@pytest.mark.parametrize("name", ["Bob Smith", "Robert Smith"])
def test_a_bare_id_counts_where_the_name_agrees(name: str) -> None:
    make_contact("Bob", "Smith", external_id="17", phones=("617-555-0101",))

    import_lines(f"17,{name},617-555-0999,,", header=FOREIGN)

    assert [phone.number for phone in Contact.objects.get().phones.all()] == ["617-555-0101", "617-555-0999"]


@pytest.mark.parametrize(("line", "outcome"), [("17,,617-555-0101,,", "unchanged"), ("17,,617-555-0999,,", "conflict")])
def test_a_bare_id_without_a_name_counts_with_a_known_phone(line: str, outcome: str) -> None:
    make_contact("Bob", "Smith", external_id="17", phones=("617-555-0101",))

    assert counts(import_lines(line, header=FOREIGN)) == {"read": 1, outcome: 1}
    assert Contact.objects.get().phones.count() == 1


def test_our_own_id_under_another_name_is_a_question_and_adds_nothing() -> None:
    make_contact("Bob", "Smith", external_id="17", address={"street": "9 Elm St"})

    result = import_lines("17,Ann,Jones,Acme,617-555-0999,,9 Elm St,Quincy,MA,02169")

    assert counts(result) == {"read": 1, "conflict": 1}
    assert result.rows[0].reason == (
        "The name stays “Bob Smith”; the line says “Ann Jones”. Nothing else of the line was stored: it has the external "
        "id of Bob Smith, but another name, and no phone or e-mail of that contact."
    )
    contact = Contact.objects.get()
    assert (contact.company, contact.phones.count(), contact.addresses.get().city) == ("", 0, "")
