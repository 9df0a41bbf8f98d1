"""Excel workbooks (.xlsx) as rows of text. Read once, row by row, into a file of our own: a workbook is slow to read and
has no lines to go back to."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import islice
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from contacts.importing.headers import recognise
from contacts.importing.reading import LINES_BEFORE_HEADER, FileRefused, Row

MAGIC = b"PK\x03\x04"
MAX_UNPACKED = 500 * 1024 * 1024
MAX_COLUMNS = 300
_NO_WORKBOOK = (
    "This is no Excel workbook that can be read: it is damaged, or another kind of file. Open it in your spreadsheet, "
    "choose “Save as”, take “Excel workbook (.xlsx)” or “CSV UTF-8”, and import that file."
)
_ERRORS = {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!"}
# What a broken or hostile file makes of the libraries that read it.
_BROKEN = (
    zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError,
    EOFError, OSError, NotImplementedError, RuntimeError, OverflowError,
)  # fmt: skip


def is_workbook(file: BinaryIO) -> bool:
    file.seek(0)
    found = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    return found


def copied(file: BinaryIO) -> BinaryIO:
    """The rows of the workbook's list, one JSON array of texts a line, in a temporary file. Raises FileRefused."""
    rows = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        _refuse_bomb(file)
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for cells in _cells(_sheet(workbook)):
            rows.write(json.dumps(cells).encode() + b"\n")
        workbook.close()
    except _BROKEN as error:
        rows.close()
        raise FileRefused(_NO_WORKBOOK) from error
    except FileRefused:
        rows.close()
        raise
    return rows


def rows_of(copy: BinaryIO) -> Iterator[Row]:
    """Of a copy, with the numbers that the spreadsheet shows; blank rows are left out."""
    copy.seek(0)
    for number, line in enumerate(copy, start=1):
        cells = json.loads(line)
        if any(cell.strip() for cell in cells):
            yield Row(number, cells)


def _refuse_bomb(file: BinaryIO) -> None:
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_UNPACKED:
        raise FileRefused(
            f"The workbook has {size // 1024 // 1024:,} MB when unpacked; at most {MAX_UNPACKED // 1024 // 1024} MB can be "
            "imported at once. Split it into parts that each begin with the header line."
        )


def _sheet(workbook: Any) -> Any:
    """The one sheet with a header of ours; else the first, of which the header's error tells."""
    sheets = [sheet for sheet in workbook.worksheets if _has_header(sheet)]
    if len(sheets) > 1:
        names = ", ".join(f"“{sheet.title}”" for sheet in sheets)
        raise FileRefused(f"The workbook has several lists: the sheets {names}. Save each as a file of its own.")
    return sheets[0] if sheets else workbook.worksheets[0]


def _has_header(sheet: Any) -> bool:
    try:
        return any(recognise(cells) for cells in islice(_cells(sheet), LINES_BEFORE_HEADER))
    except ValueError:
        return True  # a header of ours with a column twice: whoever reads it says so


def _cells(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # what the file says of its size may be far from it
    for values in sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS):
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _text(value: Any) -> str:
    """As the spreadsheet shows it, as far as it can be told: numbers without ".0", days without their midnight."""
    if value is None or value in _ERRORS:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
