import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from contacts.importing import FileRefused
from contacts.models import Contact, ContactEmail, ContactImport, ContactImportRow, ContactPhone
from tests.contacts.importing.files import HEADER, counts, import_lines
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

ANN = "A1,Ann,Smith,Acme,617-555-0101,ann@example.com,12 Main St,Quincy,MA,02169"


def test_a_line_becomes_a_contact_with_everything_that_it_says() -> None:
    result = import_lines(ANN)

    assert counts(result) == {"read": 1, "created": 1}
    contact = Contact.objects.get()
    assert (contact.external_id, contact.name, contact.company, contact.source) == ("A1", "Ann Smith", "Acme", "csv")
    assert (contact.phone, contact.email) == ("617-555-0101", "ann@example.com")
    assert str(contact.addresses.get()) == "12 Main St, Quincy, MA 02169"


@pytest.mark.parametrize(
    "line",
    [
        ANN,
        ",Ann,Smith,,617-555-0101,,,,,",
        ",Ann,Smith,,,ann@example.com,,,,",
        ",,,,617-555-0101,,,,,",
        ",,,,,ann@example.com,,,,",
        ",,,Acme Inc,617-555-0101,,,,,",
        ",Ann,Smith,,,,,,,",
        ",Ann,Smith,,,,12 Main St,Quincy,MA,02169",
        ",,,Acme Inc,,,,,,",
        ",,,,call after 5,,,,,",
        ",,,,000-000-0000,none@none.com,,,,",
        ",,,,617-555-0101 / 508-555-0102,,,,,",
        "7,=1+1,😀,,x,y,,,,",
    ],
)
def test_importing_the_same_file_again_changes_nothing(line: str) -> None:
    assert counts(import_lines(line)) == {"read": 1, "created": 1}
    before = list(Contact.objects.values()) + list(ContactPhone.objects.values())

    assert counts(import_lines(line)) == {"read": 1, "unchanged": 1}
    assert counts(import_lines(line, line)) == {"read": 2, "unchanged": 2}
    assert list(Contact.objects.values()) + list(ContactPhone.objects.values()) == before


def test_a_known_id_fills_the_empty_fields() -> None:
    make_contact("Ann", external_id="A1")

    result = import_lines(ANN)

    assert counts(result) == {"read": 1, "enriched": 1}
    contact = Contact.objects.get()
    assert (contact.name, contact.company, contact.phone, contact.email) == (
        "Ann Smith",
        "Acme",
        "617-555-0101",
        "ann@example.com",
    )


def test_a_filled_field_stays_the_empty_ones_are_filled_and_the_line_is_a_conflict() -> None:
    make_contact("Anna", "Brown", external_id="A1", phones=("617-555-0101",))

    result = import_lines(ANN)

    assert counts(result) == {"read": 1, "conflict": 1}
    contact = Contact.objects.get()
    assert (contact.name, contact.company, contact.phone) == ("Anna Brown", "Acme", "617-555-0101")
    row = ContactImportRow.objects.get()
    assert (row.line, row.outcome, row.contact, row.reason) == (
        2,
        "conflict",
        contact,
        "The name stays “Anna Brown”; the line says “Ann Smith”.",
    )
    assert row.row[:3] == [["external_id", "A1"], ["first_name", "Ann"], ["last_name", "Smith"]]


def test_the_same_id_twice_in_a_file_enriches_or_names_both_lines() -> None:
    result = import_lines(
        "A1,Ann,Smith,,617-555-0101,,,,,",
        "A1,Ann,Smith,Acme,508-555-0102,,,,,",
        "A1,Bob,Smith,,,,,,,",
    )

    assert counts(result) == {"read": 3, "created": 1, "enriched": 1, "conflict": 1}
    contact = Contact.objects.get()
    assert (contact.name, contact.company) == ("Ann Smith", "Acme")
    assert [phone.number for phone in contact.phones.all()] == ["617-555-0101", "508-555-0102"]
    assert [(row.line, row.reason) for row in result.rows] == [
        (4, "Line 2 has the same external id “A1”. The name stays “Ann Smith”; the line says “Bob Smith”.")
    ]


def test_the_same_id_far_apart_in_a_file_names_both_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 2)

    result = import_lines(ANN, "A2,Bob,,,,,,,,", "A3,Carl,,,,,,,,", "A1,Dora,Jones,,,,,,,")

    assert counts(result) == {"read": 4, "created": 3, "conflict": 1}
    assert result.rows[0].reason.startswith("Line 2 has the same external id “A1”.")


@pytest.mark.parametrize(
    ("known", "line", "expected"),
    [
        # the same number and the same name, however both are spelled
        ({"first_name": "Ann", "last_name": "Smith"}, ",SMITH,ann,,+1 617.555.0101,,,,,", "unchanged"),
        # the same number, another person
        ({"first_name": "Bob", "last_name": "Smith"}, ",Ann,Smith,,617-555-0101,,,,,", "created"),
        # a number without a name contradicts nobody
        ({}, ",Ann,Smith,,617-555-0101,,,,,", "enriched"),
        ({"first_name": "Ann", "last_name": "Smith"}, ",,,,617-555-0101,,,,,", "unchanged"),
        ({}, ",,,,617-555-0101,,,,,", "unchanged"),
        # an id of the list joins a contact that came from elsewhere, and never one with another id
        ({"first_name": "Ann", "last_name": "Smith"}, "A1,Ann,Smith,,617-555-0101,,,,,", "enriched"),
        (
            {"first_name": "Ann", "last_name": "Smith", "external_id": "A2"},
            "A1,Ann,Smith,,617-555-0101,,,,,",
            "created",
        ),
        # a company and a person of it share a switchboard
        ({"company": "Acme"}, ",Ann,Smith,,617-555-0101,,,,,", "created"),
        ({"company": "Acme, Inc."}, ",,,ACME,617-555-0101,,,,,", "unchanged"),
    ],
)
def test_without_a_known_id_number_and_name_decide_who_a_line_means(known: dict, line: str, expected: str) -> None:
    make_contact(phones=("(617) 555-0101",), **known)

    assert counts(import_lines(line)) == {"read": 1, expected: 1}
    assert Contact.objects.count() == (2 if expected == "created" else 1)


def test_a_number_without_a_name_that_several_people_have_is_a_question() -> None:
    make_contact("Ann", "Smith", phones=("617-555-0101",))
    make_contact("Bob", "Smith", phones=("617-555-0101",))

    result = import_lines(",,,Acme,,sales@example.com,,,,", ",,,,617-555-0101,new@example.com,,,,")

    assert counts(result) == {"read": 2, "created": 1, "conflict": 1}
    assert result.rows[0].reason == (
        "The line has no name, and several contacts have this phone or e-mail: Ann Smith, Bob Smith. "
        "Nothing of it was stored."
    )
    assert Contact.objects.filter(emails__key="new@example.com").count() == 0


def test_a_number_of_two_people_in_one_file_makes_two_contacts() -> None:
    lines = (",Ann,Smith,,617-555-0101,,,,,", ",Bob,Smith,,617-555-0101,,,,,", ",,,,508-555-0102,,,,,")

    assert counts(import_lines(*lines)) == {"read": 3, "created": 3}
    assert counts(import_lines(*lines)) == {"read": 3, "unchanged": 3}


def test_two_ids_with_one_number_and_one_name_stay_two_contacts() -> None:
    lines = ("A1,Ann,Smith,,617-555-0101,,,,,", "A2,Ann,Smith,,617-555-0101,,,,,")

    assert counts(import_lines(*lines)) == {"read": 2, "created": 2}
    assert counts(import_lines(*lines)) == {"read": 2, "unchanged": 2}


def test_a_phone_and_an_email_that_are_none_are_kept_as_typed_and_named_once() -> None:
    line = "A1,Ann,Smith,,call after 5,at work,,,,"
    result = import_lines(line)

    phone = ContactPhone.objects.get()
    assert (phone.number, phone.key) == ("call after 5", "")
    assert ContactEmail.objects.get().address == "at work"
    assert counts(result) == {"read": 1, "created": 1}
    kept = result.record.rows.get()
    assert (kept.outcome, kept.contact) == ("note", Contact.objects.get())
    assert kept.reason == (
        "“call after 5” is not a phone number; it is kept as typed. Correct it at the contact. "
        "“at work” is not an e-mail address; it is kept as typed. Correct it at the contact."
    )
    assert not import_lines(line).record.rows.exists()  # it is known by now


def test_a_phone_that_is_no_number_is_named_when_it_comes_to_a_known_contact() -> None:
    make_contact("Ann", "Smith", external_id="A1")
    result = import_lines("A1,Ann,Smith,,call after 5,,,,,")

    assert counts(result) == {"read": 1, "enriched": 1}
    assert [row.line for row in result.rows] == [2]


def test_a_formula_is_a_name_like_any_other() -> None:
    import_lines('A1,"=HYPERLINK(""http://example.com"")",Smith,,,,,,,')

    assert Contact.objects.get().first_name == '=HYPERLINK("http://example.com")'


def test_a_dry_run_counts_the_same_and_stores_nothing() -> None:
    make_contact("Anna", "Brown", external_id="A1")
    lines = (ANN, "A2,Bob,,,,,,,,", "A3,,,,,,,,,")

    dry = import_lines(*lines, dry_run=True)

    assert (Contact.objects.count(), ContactImport.objects.count(), ContactImportRow.objects.count()) == (1, 0, 0)
    assert Contact.objects.get().company == ""
    real = import_lines(*lines)
    assert dry.counts() == real.counts()
    assert counts(real) == {"read": 3, "created": 1, "conflict": 1, "rejected": 1}
    assert [(row.line, row.reason) for row in dry.rows] == [(row.line, row.reason) for row in real.rows]


def test_the_import_is_kept_with_its_counts() -> None:
    result = import_lines(ANN, "A2,,,,,,,,,")

    kept = ContactImport.objects.get()
    assert kept == result.record
    assert (kept.filename, kept.kind, kept.state) == ("list.csv", "List of contacts", "done")
    assert (kept.read, kept.created, kept.enriched, kept.unchanged, kept.conflict, kept.rejected) == (2, 1, 0, 0, 0, 1)
    assert kept.finished_at is not None


def test_the_database_refuses_counts_that_do_not_add_up() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactImport.objects.create(filename="a.csv", read=3, created=1, rejected=1)


def test_a_failure_in_the_middle_keeps_what_was_stored_and_counts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 2)
    lines = (ANN, "A2,Bob,,,,,,,,", "A3,Carl,,,,,,,,")

    def break_after_the_first_chunk(done: int, total: int) -> None:
        raise RuntimeError("the power went out")

    with pytest.raises(RuntimeError):
        import_lines(*lines, progress=break_after_the_first_chunk)
    kept = ContactImport.objects.get()
    assert (Contact.objects.count(), kept.state, kept.created, kept.lines_done) == (2, "failed", 2, 2)
    assert counts(import_lines(*lines)) == {"read": 3, "created": 1, "unchanged": 2}


def test_a_file_that_cannot_be_read_to_its_end_stores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 1)

    with pytest.raises(FileRefused, match="Line 4 opens a quotation mark that is never closed"):
        import_lines(ANN, "A2,Bob,,,,,,,,", 'A3,"Carl,,,,,,,,')
    assert (Contact.objects.count(), ContactImport.objects.count()) == (0, 0)


def test_progress_is_told_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 2)
    lines = (ANN, "A2,Bob,,,,,,,,", "A3,Carl,,,,,,,,")
    told: list[tuple[int, int]] = []

    import_lines(*lines, dry_run=True, progress=lambda done, total: told.append((done, total)))
    import_lines(*lines, progress=lambda done, total: told.append((done, total)))

    assert told == [(2, 3), (3, 3)] * 2


def rows_locked() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM public.contacts_contact WHERE xmax <> 0")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("rows_of_a_chunk", [1, 100])
def test_a_dry_run_locks_nobody(rows_of_a_chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", rows_of_a_chunk)
    make_contact("Ann", external_id="A1")
    locked: list[int] = []
    lines = (ANN, "A1,Ann,Smith,,617-555-0102,,,,,", "A2,Bob,,,,,,,,", "A2,Bob,Brown,,,,,,,")

    result = import_lines(*lines, dry_run=True, progress=lambda done, total: locked.append(rows_locked()))

    assert counts(result) == {"read": 4, "created": 1, "enriched": 3}
    assert set(locked) == {0}
    assert (Contact.objects.count(), ContactPhone.objects.count()) == (1, 0)
    assert counts(import_lines(*lines)) == counts(result)
    assert rows_locked()


def test_postgresql_knows_of_the_rows_of_an_import_that_is_not_committed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it plans for empty tables, and a long list after its preview takes hours."""
    monkeypatch.setattr("contacts.importing.runs.CHUNK_ROWS", 10)
    import_lines(*(f"A{number},Ann{number},Smith,,617555{number:04},,,,," for number in range(100)))

    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'contacts_contactphone'")
        assert cursor.fetchone() == (80,)  # counted after 10, 20, 40 and 80 rows


def test_the_history_names_the_import() -> None:
    make_contact("Ann", external_id="A1")

    import_lines(ANN)

    event = Contact.pgh_event_model.objects.get(pgh_label="update")
    assert event.pgh_context.metadata == {"source": "import", "file": "list.csv"}


@pytest.mark.long
def test_a_hundred_thousand_lines_are_counted_to_the_row(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    lines = (f"B{number},First{number % 999},Last,,617555{number % 10_000:04},,,,," for number in range(100_000))
    path.write_text("\n".join([HEADER, *lines]))

    call_command("import_contacts", str(path))

    assert Contact.objects.count() == 100_000
    kept = ContactImport.objects.get()
    assert (kept.read, kept.created) == (100_000, 100_000)


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "list.csv"
    path.write_text("\n".join([HEADER, ANN, "A2,,,,,,,,,"]))

    call_command("import_contacts", str(path), "--json", "--dry-run")

    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("seconds") >= 0
    assert printed == {
        "file": "list.csv",
        "read": 2,
        "created": 1,
        "enriched": 0,
        "unchanged": 0,
        "conflict": 0,
        "rejected": 1,
        "dry_run": True,
        "rows": [{"line": 3, "outcome": "rejected", "reason": "The line has no name, company, phone or e-mail."}],
    }
    assert Contact.objects.count() == 0


@pytest.mark.parametrize("content", [None, b"", b"%PDF-1.4"])
def test_the_command_refuses_with_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "list.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(CommandError, match=r"list\.csv (was not imported, nothing was stored|cannot be read)"):
        call_command("import_contacts", str(path))
    assert ContactImport.objects.count() == 0
