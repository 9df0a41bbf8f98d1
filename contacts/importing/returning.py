"""The lines of an import that need a look, as a list that can be put right and imported again."""

from collections import Counter
from collections.abc import Iterator

from contacts import exporting
from contacts.models import ContactImport

CHUNK_ROWS = 2_000
# Behind the list's own columns; no header of a list is called so.
ADDED = ("Line of the file", "Outcome", "Why")
Column = tuple[str, int]  # its name, and which of those that are called so


def lines(record: ContactImport) -> Iterator[str]:
    """CSV: the file's columns, then which line it was and why it needs a look. Reads the database while it is consumed."""
    rows = record.rows.order_by("line", "pk")
    columns: dict[Column, None] = {}
    for cells in rows.values_list("row", flat=True).iterator(chunk_size=CHUNK_ROWS):
        columns |= dict.fromkeys(_by_column(cells))
    found = (
        [
            *(_by_column(row.row).get(column, "") for column in columns),
            str(row.line),
            row.get_outcome_display(),
            row.reason,
        ]
        for row in rows.iterator(chunk_size=CHUNK_ROWS)
    )
    return exporting.table([*(name for name, _ in columns), *ADDED], found)


def _by_column(cells: list[list[str]]) -> dict[Column, str]:
    times: Counter[str] = Counter()
    found = {}
    for name, text in cells:
        found[name, times[name]] = text
        times[name] += 1
    return found
