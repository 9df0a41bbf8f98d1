"""Files to import, made of lines."""

import csv
import io
from typing import Any

from contacts import importing
from contacts.importing import Result

HEADER = "external_id,first_name,last_name,company,phone,email,address,city,state,zip"


def as_file(*lines: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO("\r\n".join([*lines, ""]).encode(encoding))


def import_lines(*lines: str, header: str = HEADER, **options: Any) -> Result:
    return importing.run(as_file(header, *lines), filename="list.csv", **options)


def import_rows(header: list[str], *rows: dict[str, str]) -> Result:
    """Rows with a few of the header's columns each."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return importing.run(io.BytesIO(text.getvalue().encode()), filename="list.csv")


def counts(result: Result) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: count for name, count in result.counts().items() if count}
