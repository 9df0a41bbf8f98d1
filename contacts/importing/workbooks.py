"""Excel workbooks (.xlsx) as rows of text. Read once, row by row, into a file of our own: a workbook is slow to read and
has no lines to go back to."""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
MAX_COPY = 250 * 1024 * 1024
MAX_ROWS = 1_048_576  # Excel's own bound
MAX_COLUMNS = 300
_NO_WORKBOOK = (
    "This is no Excel workbook that can be read: it is damaged, or another kind of file. Open it in your spreadsheet, "
    "choose “Save as”, take “Excel workbook (.xlsx)” or “CSV UTF-8”, and import that file."
)
_NO_ROOM = (
    "The server could not keep its copy of the workbook; its disk may be full. The file is not at fault. Import it again "
    "later; if that happens again, tell the person who looks after this program."
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
    """The rows of the workbook's list that are not blank, one JSON array a line: the number that the spreadsheet shows,
    and texts. In a temporary file. Raises FileRefused."""
    with _on_disk():
        rows = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        _refuse_bomb(file)
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        _copy(_cells(_sheet(workbook)), rows)
        workbook.close()
    except BaseException as error:
        with suppress(OSError):  # what could not be written is tried once more
            rows.close()
        if isinstance(error, _BROKEN):
            raise FileRefused(_NO_WORKBOOK) from error
        raise
    return rows


def _copy(rows: Iterator[list[str]], copy: BinaryIO) -> None:
    size = 0
    for number, cells in enumerate(rows, start=1):
        if any(cell.strip() for cell in cells):
            line = json.dumps([number, *cells]).encode() + b"\n"
            size += len(line)
            if size > MAX_COPY:
                raise FileRefused(
                    f"The list in the workbook has more than {MAX_COPY // 1024 // 1024} MB of text. Split it into parts "
                    "that each begin with the header line."
                )
            with _on_disk():
                copy.write(line)
    with _on_disk():
        copy.flush()


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FileRefused(_NO_ROOM) from error


def rows_of(copy: BinaryIO) -> Iterator[Row]:
    """Of a copy."""
    copy.seek(0)
    for line in copy:
        number, *cells = json.loads(line)
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
    # Without max_col: with it, each row that the file leaves out would be one of MAX_COLUMNS blank cells.
    for values in islice(sheet.iter_rows(values_only=True, max_row=MAX_ROWS), MAX_ROWS):
        cells = [_text(value) for value in values[:MAX_COLUMNS]]
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
