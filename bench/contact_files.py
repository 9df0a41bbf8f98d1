"""Files of invented contacts, as large as asked.

python -m bench.contact_files csv_bytes|radar_csv|radar_workbook ROWS FILE
"""

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from openpyxl import Workbook

RADAR_COLUMNS = (
    "Type", "Address", "City", "ZIP", "APN", "Yr Built", "Sq Ft", "Est Value", "Owner", "Mail Address", "Mail City",
    "Mail State", "Mail ZIP", "Owner Occ?", "Primary Name", "Primary Mobile Phone1", "Primary Email1", "Secondary Name",
    "Secondary Mobile Phone1", "Secondary Email1",
)  # fmt: skip


def csv_bytes(rows: int) -> bytes:
    """One row per contact; every third has an e-mail, every second a name."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(
        ["external_id", "first_name", "last_name", "company", "phone", "email", "address", "city", "state", "zip"]
    )
    for number in range(rows):
        named = number % 2 == 0
        writer.writerow([
            f"bench-{number}", f"Given{number % 997}" if named else "", f"Family{number % 4999}" if named else "", "",
            _phone(number), _email(number) if number % 3 == 0 else "",
            f"{number % 300} Street{number % 2003} Rd", "Quincy", "MA", "02169",
        ])  # fmt: skip
    return file.getvalue().encode()


def radar_csv(rows: int) -> bytes:
    """PropertyRadar's export: each row a house with its owner, every second with another person."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(RADAR_COLUMNS)
    writer.writerows(_houses(rows))
    return file.getvalue().encode()


def radar_workbook(rows: int) -> bytes:
    """The same rows as `radar_csv`, as an Excel workbook; house numbers, years and areas are numbers in it."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(RADAR_COLUMNS)
    for house in _houses(rows):
        sheet.append(house)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _houses(rows: int) -> Iterator[list[str | int]]:
    for number in range(rows):
        street, family = f"{number % 300} STREET{number % 2003} RD", f"FAMILY{number % 4999}"
        couple = number % 2 == 0
        yield [
            "SFR", street, "QUINCY", "02169", f"QUIN-{number}", 1900 + number % 120, 900 + number % 3000,
            300_000 + number, f"{family}, GIVEN{number % 997}", street, "QUINCY", "MA", "02169", number % 2,
            f"GIVEN{number % 997} {family}", _phone(2 * number), _email(2 * number) if number % 3 == 0 else "",
            f"OTHER{number % 991} {family}" if couple else "", _phone(2 * number + 1) if couple else "",
            _email(2 * number + 1) if number % 4 == 0 else "",
        ]  # fmt: skip


def _phone(number: int) -> str:
    return f"({200 + number // 100000}) {200 + number // 10000 % 800}-{number % 10000:04}"


def _email(number: int) -> str:
    return f"person{number}@example.com"


def main() -> None:
    made, rows, path = sys.argv[1:]
    Path(path).write_bytes(
        {"csv_bytes": csv_bytes, "radar_csv": radar_csv, "radar_workbook": radar_workbook}[made](int(rows))
    )


if __name__ == "__main__":
    main()
