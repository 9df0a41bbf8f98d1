"""Files of invented contacts, as large as asked."""

import csv
import io


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
            f"({200 + number // 100000}) {200 + number // 10000 % 800}-{number % 10000:04}",
            f"person{number}@example.com" if number % 3 == 0 else "",
            f"{number % 300} Street{number % 2003} Rd", "Quincy", "MA", "02169",
        ])  # fmt: skip
    return file.getvalue().encode()
