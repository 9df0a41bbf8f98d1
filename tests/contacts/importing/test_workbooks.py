"""Excel workbooks as people keep their lists, and files that only look like one."""

import io
import json
import tempfile
import zipfile
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from contacts import importing
from contacts.importing import FileRefused, workbooks
from contacts.models import Contact
from tests.contacts.importing.files import counts

pytestmark = pytest.mark.django_db

HEADER = ["First Name", "Last Name", "Phone", "ZIP", "Notes"]


def workbook(*sheets: list[list[Any]]) -> io.BytesIO:
    book = Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {number}")
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file


def test_a_workbook_is_a_list_like_any_other() -> None:
    rows: list[list[Any]] = [
        ["Our friends"],
        [],
        HEADER,
        ["Ann", "Smith", 6175550101, 2169.0, datetime(2026, 3, 1)],  # noqa: DTZ001
        [],
        ["Zoë", "#N/A", "617-555-0102", None, "two\nlines"],
        [None, None, None, None, "nobody"],
    ]

    result = importing.run(workbook([["A cover"]], rows), filename="list.xlsx")

    assert counts(result) == {"read": 3, "created": 2, "rejected": 1}
    assert [row.line for row in result.rows] == [7]
    ann, zoe = Contact.objects.order_by("pk")
    assert (ann.name, ann.phone, ann.notes) == ("Ann Smith", "(617) 555-0101", "2026-03-01")
    assert (zoe.name, zoe.notes) == ("Zoë", "two\nlines")


def test_the_same_workbook_again_changes_nothing() -> None:
    rows = [HEADER, ["Ann", "Smith", 6175550101, 2169, None]]
    importing.run(workbook(rows), filename="list.xlsx")

    assert counts(importing.run(workbook(rows), filename="list.xlsx")) == {"read": 1, "unchanged": 1}


def zipped(**entries: bytes) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return file


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (zipped(readme=b"hello"), "This is no Excel workbook that can be read"),
        (io.BytesIO(workbook([HEADER, ["Ann"]]).getvalue()[:-200]), "This is no Excel workbook that can be read"),
        (workbook([HEADER]), "The file has a header, but no rows below it"),
        (workbook([["shoes"], ["42"]]), "No header with the columns of contacts was found"),
        (workbook([HEADER, ["Ann"]], [HEADER, ["Bob"]]), "several lists: the sheets “Sheet 0”, “Sheet 1”"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(file: io.BytesIO, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        importing.run(file, filename="list.xlsx")
    assert not Contact.objects.exists()


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 100_000)

    with pytest.raises(FileRefused, match="when unpacked"):
        importing.run(zipped(bomb=b"0" * 200_000), filename="list.xlsx")


def with_row(number: str, cell: str) -> io.BytesIO:
    """A list with Ann in row 2, and a last row that says of itself which one it is."""
    packed = zipfile.ZipFile(workbook([HEADER, ["Ann"], [cell]]))
    name = "xl/worksheets/sheet1.xml"
    entries = {entry: packed.read(entry) for entry in packed.namelist()}
    entries[name] = entries[name].replace(b'<row r="3"', b'<row r="%s"' % number.encode())
    return zipped(**entries)


def test_a_cell_far_below_costs_nothing_for_the_rows_between() -> None:
    for cell, more in (("", []), ("Bob", [[1_048_576, "Bob"]])):
        copy = workbooks.copied(with_row("1048576", cell))

        copy.seek(0)
        assert [json.loads(line) for line in copy] == [[1, *HEADER], [2, "Ann"], *more]


def test_rows_below_the_last_one_of_excel_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_ROWS", 50)

    assert [row.line for row in workbooks.rows_of(workbooks.copied(with_row("51", "Bob")))] == [1, 2]
    assert [row.line for row in workbooks.rows_of(workbooks.copied(with_row("50", "Bob")))] == [1, 2, 50]


def test_more_text_than_can_be_kept_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_COPY", 1024 * 1024)

    with pytest.raises(FileRefused, match="more than 1 MB of text"):
        importing.run(workbook([HEADER, *[["Ann" * 10_000]] * 40]), filename="list.xlsx")
    assert not Contact.objects.exists()


@pytest.mark.parametrize("length", [3, 30_000])
def test_a_full_disk_is_not_the_fault_of_the_file(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "w+b"))  # noqa: PTH123, SIM115

    with pytest.raises(FileRefused, match="its disk may be full"):
        importing.run(workbook([HEADER, ["A" * length]]), filename="list.xlsx")
