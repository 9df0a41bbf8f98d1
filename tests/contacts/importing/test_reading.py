import io

import pytest

from contacts import importing
from contacts.importing import reading
from contacts.importing.reading import FileRefused
from contacts.models import Contact, ContactImport, ContactImportRow
from tests.contacts.importing.files import HEADER, as_file, import_lines

pytestmark = pytest.mark.django_db

NAME = "Zoë Müller-Łukasz 😀"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_name_survives_every_encoding_that_a_spreadsheet_writes(encoding: str) -> None:
    importing.run(as_file("first_name,phone", f"{NAME},617-555-0101", encoding=encoding), filename="a.csv")

    assert Contact.objects.get().first_name == NAME


def test_windows_1252_is_read_as_such_even_beside_utf_8() -> None:
    lines = b"first_name,phone\r\n" + "Zoë,617-555-0101\r\n".encode() + "José “Pepe”,617-555-0102\r\n".encode("cp1252")

    importing.run(io.BytesIO(lines), filename="a.csv")

    assert list(Contact.objects.order_by("pk").values_list("first_name", flat=True)) == ["Zoë", "José “Pepe”"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_separator_is_found(delimiter: str) -> None:
    lines = [delimiter.join(["first_name", "last_name", "phone"]), delimiter.join(["Ann", "Smith", "617-555-0101"])]

    result = importing.run(as_file(*lines), filename="a.csv")

    assert result.created == 1
    assert Contact.objects.get().name == "Ann Smith"


def test_excels_own_note_about_the_separator_is_understood() -> None:
    assert importing.run(as_file("sep=;", "first_name;phone", "Ann;617-555-0101"), filename="a.csv").created == 1


def test_blank_lines_are_no_rows_and_the_line_numbers_stay_those_of_the_file() -> None:
    result = import_lines("", ",,,,,,,,,", '1,"Ann\nMarie",Smith,,,,,,,', "2,,,,,,,,,")

    assert (result.read, result.created, result.rejected) == (2, 1, 1)
    assert [row.line for row in result.rows] == [6]
    assert Contact.objects.get().first_name == "Ann Marie"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf\r\n \r\n", "The file is empty."),
        (b"PK\x03\x04" + bytes(range(256)), "This is no Excel workbook that can be read"),
        (b"%PDF-1.7\n", "This is not a CSV file: it is a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "This is not a CSV file: it is a picture"),
        (bytes(range(256)) * 40, "This is not a CSV file: it is no text"),
        ("first_name,phone\nAnn,1\n".encode("utf-16-le"), "This is not a CSV file: it is no text"),
        ("first_name,phone\nAnn,1\n".encode("utf-16")[:-1], "The file breaks off in the middle of a character."),
        (b"colour,weight\nred,5\n", "No header with the columns of contacts was found."),
        (b"Dear Ann, call my phone.\nBob\n", "No header with the columns of contacts was found."),
        (b"first_name,phone\n", "The file has a header, but no rows below it."),
        (b"first_name,First Name,phone\nAnn,Anna,1\n", "The columns “first_name” and “First Name” both stand for"),
        (b'first_name,phone\n"Ann,617-555-0101\nBob,617-555-0102\n', "Line 2 opens a quotation mark"),
        (
            b'first_name,phone\nAnn,617-555-0101\n"' + b"Bob,617-555-0102\n" * 10_000,
            "Line 3 opens a quotation mark that is never closed",
        ),
    ],
    ids=range(14),
)
def test_a_file_that_is_no_list_is_refused_with_one_sentence_and_nothing_is_stored(
    content: bytes, sentence: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        importing.run(io.BytesIO(content), filename="a.csv")

    assert str(refused.value).startswith(sentence)
    assert [model.objects.count() for model in (Contact, ContactImport, ContactImportRow)] == [0, 0, 0]


def test_a_file_above_the_limit_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 100)

    with pytest.raises(FileRefused, match="at most 0 MB can be imported at once"):
        import_lines(*["1,Ann,Smith,,,,,,,"] * 20)
    assert Contact.objects.count() == 0


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('1,"Bob "The Man"",Jones,,,,,,,', "The line holds a quotation mark in the middle of a cell."),
        ("1,Acme, Inc.,Quincy,,,,,,,,,MA", "The line has 13 cells, but the header has 10."),
        ("1,An\0n,Smith,,,,,,,", "The line holds a character that cannot be read."),
        ("1,,,,,,,,,", "The line has no name, company, phone or e-mail."),
        (",,,,,,12 Main St,Quincy,MA,02169", "The line has no name, company, phone or e-mail."),
        ("1," + "x" * 500 + ",Smith,,,,,,,", "The first name has 500 characters; at most 100 fit."),
    ],
)
def test_a_line_that_cannot_be_used_is_rejected_with_its_reason_and_costs_no_other_line(line: str, reason: str) -> None:
    result = import_lines("0,Ann,Smith,,,,,,,", line, "2,Carl,Brown,,,,,,,")

    assert (result.read, result.created, result.rejected) == (3, 2, 1)
    (row,) = result.rows
    assert (row.line, row.outcome) == (3, "rejected")
    assert row.reason.startswith(reason)
    assert ContactImportRow.objects.get().reason == row.reason
    assert set(Contact.objects.values_list("first_name", flat=True)) == {"Ann", "Carl"}


def test_a_byte_of_no_encoding_costs_its_line_only() -> None:
    content = (HEADER + "\r\n1,Ann,,,,,,,,\r\n2,B").encode() + b"\x81" + b"b,,,,,,,,\r\n3,Carl,,,,,,,,\r\n"

    result = importing.run(io.BytesIO(content), filename="a.csv")

    assert (result.created, [(row.line, row.outcome) for row in result.rows]) == (2, [(3, "rejected")])


def test_a_stray_quotation_mark_that_swallows_lines_names_them_all() -> None:
    result = import_lines('1,"Ann,Smith,,,,,,,', '2,"Bob",Brown,,,,,,,', "3,Carl,Miller,,,,,,,")

    assert (result.created, result.rejected) == (1, 1)
    assert result.rows[0].reason.startswith("Lines 2 to 3 were read as one row")
