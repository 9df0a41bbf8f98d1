"""A file opened: which list it is, how many rows it has, and what each of them says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from contacts.importing import reading, workbooks
from contacts.importing.drafts import Draft, draft
from contacts.importing.headers import Header, recognise
from contacts.importing.reading import FileRefused, Row


@dataclass(frozen=True)
class Opened:
    """rows: how many drafts there will be."""

    header: Header
    rows: int
    drafts: Iterator[Draft]


def open_list(file: BinaryIO) -> Opened:
    """Reads the whole file once, so that what makes it unusable is known before a row of it is stored. Raises
    FileRefused."""
    if workbooks.is_workbook(file):
        reading.refuse_size(file)
        file = workbooks.copied(file)
        opened: Callable[[BinaryIO], tuple[Header, Iterator[Row]]] = _rows_of_copy
    else:
        opened = _rows_of
    _, rows = opened(file)
    count = sum(1 for _ in rows)
    if not count:
        raise FileRefused("The file has a header, but no rows below it. Check that you picked the right one.")
    header, rows = opened(file)
    return Opened(header, count, (draft(row, header) for row in rows))


def _rows_of_copy(copy: BinaryIO) -> tuple[Header, Iterator[Row]]:
    rows = workbooks.rows_of(copy)
    return _header(rows), rows


def _rows_of(file: BinaryIO) -> tuple[Header, Iterator[Row]]:
    lines = reading.lines_of(file)
    first = list(islice(lines, reading.LINES_BEFORE_HEADER))
    rows = reading.rows_of(chain(first, lines), reading.delimiter_of(first))
    return _header(rows), rows


def _header(rows: Iterator[Row]) -> Header:
    found = ""
    for row in rows:
        if row.line > reading.LINES_BEFORE_HEADER:
            break
        cells = row.cells or []
        found = found or ", ".join(cell.strip()[:40] for cell in cells[:12] if cell.strip())
        try:
            header = recognise(cells)
        except ValueError as error:
            raise FileRefused(str(error)) from error
        if header:
            return header
    raise FileRefused(
        "No header with the columns of contacts was found. The first line should name some of: external_id, first_name, "
        "last_name, company, phone, email, address, city, state, zip. "
        + (f"It says: {found[:300]}." if found else "It is not readable.")
    )
