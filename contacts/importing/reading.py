"""From the bytes of a file to its rows, whatever program wrote it. Knows nothing of contacts."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# A hundred thousand rows of PropertyRadar have about 50 MB.
MAX_BYTES = 80 * 1024 * 1024
DELIMITERS = ",;\t|"
LINES_BEFORE_HEADER = 12  # QuickBooks puts the company, the title and a date above its header
_SAMPLE = 64 * 1024

# The first bytes of what people pick by mistake.
_NOT_CSV = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, or one with a password",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"7z\xbc\xaf": "a compressed file",
    b"SQLite": "a database",
}
_SAVE_AS = "Open it in your spreadsheet, choose “Save as”, take “CSV UTF-8”, and import that file."


class FileRefused(Exception):
    """The whole file cannot be imported. str() says what happened and what to do; nothing was stored."""


@dataclass(frozen=True)
class Row:
    """cells: as in the file, or None with a `problem` when the line could not be taken apart."""

    line: int
    cells: list[str] | None
    problem: str = ""


def _read_as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Excel writes windows-1252, and lists pasted together hold both: only the bytes that are no UTF-8 are read so.

    A byte that is nothing there either becomes a lone surrogate, which `unreadable` finds later.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_CP1252.get(byte, chr(0xDC00 + byte)) for byte in wrong), error.end


_CP1252 = {byte: bytes([byte]).decode("cp1252") for byte in range(256) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
codecs.register_error("windows_1252", _read_as_windows_1252)


def unreadable(text: str) -> bool:
    """True if the text holds something that no encoding explains, or a NUL."""
    return not text.isascii() and any("\udc00" <= character <= "\udfff" for character in text) or "\0" in text


def lines_of(file: BinaryIO) -> Iterator[str]:
    """The lines of a text file with their ends. Raises FileRefused for an empty, a binary or a too large file."""
    refuse_size(file)
    sample = file.read(_SAMPLE)
    file.seek(0)
    if not sample.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise FileRefused("The file is empty. Check that you picked the right one.")
    return _text(file, _encoding(sample))


def refuse_size(file: BinaryIO) -> None:
    """Raises FileRefused for a too large file."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MAX_BYTES:
        raise FileRefused(
            f"The file has {size / 1024 / 1024:.0f} MB; at most {MAX_BYTES // 1024 // 1024} MB can be imported at once. "
            "Split it into parts that each begin with the header line."
        )


def _encoding(sample: bytes) -> str:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    what = next((name for magic, name in _NOT_CSV.items() if sample.startswith(magic)), "")
    # A lone NUL costs its row; many of them, or other control characters, are no text.
    controls = sum(sample.count(bytes([byte])) for byte in range(32) if byte not in b"\t\n\v\f\r\x1a\x1b")
    if not what and controls > max(4, len(sample) // 200):
        what = "no text, or text in an encoding that cannot be told"
    if what:
        raise FileRefused(f"This is not a CSV file: it is {what}. {_SAVE_AS}")
    return "utf-8-sig"


def _text(file: BinaryIO, encoding: str) -> Iterator[str]:
    errors = "windows_1252" if encoding == "utf-8-sig" else "strict"
    text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
    try:
        yield from text
    except UnicodeError as error:  # only UTF-16 can fail: half a character at the end, or a lone surrogate
        raise FileRefused(f"The file breaks off in the middle of a character. {_SAVE_AS}") from error
    finally:
        if not file.closed:
            text.detach()  # the caller closes its own file


def delimiter_of(first_lines: list[str]) -> str:
    """The character that cuts the header: the one that most cells of any of the first lines are cut by."""
    if first_lines and (told := re.fullmatch(r"sep=(.)\s*", first_lines[0])):
        return told[1]  # Excel's own note
    return max(DELIMITERS, key=lambda sign: max((_cells(line, sign) for line in first_lines), default=0))


def _cells(line: str, delimiter: str) -> int:
    return len(next(csv.reader([line], delimiter=delimiter), []))


def rows_of(lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    """The rows with the number of their first line. Blank rows are left out.

    Strict: a stray quotation mark can swallow the rows after it, so such a row is a problem, never a guess.
    Raises FileRefused when a quotation mark is never closed.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    last = 0
    while True:
        line = last + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error) or "field limit" in str(error):
                raise FileRefused(
                    f"Line {line} opens a quotation mark that is never closed, so the rows after it cannot be told "
                    "apart. Close it in that line and import the file again."
                ) from error
            yield Row(line, None, _stray_quote(line, reader.line_num))
        else:
            if any(cell.strip() for cell in cells):
                yield Row(line, cells)
        last = reader.line_num


def _stray_quote(first: int, last: int) -> str:
    where = f"Lines {first} to {last} were read as one row, because they hold" if last > first else "The line holds"
    return f'{where} a quotation mark in the middle of a cell. Write it twice ("") or remove it.'
