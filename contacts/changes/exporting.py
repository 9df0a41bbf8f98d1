"""Changes as CSV, for the accountant."""

import csv
from collections.abc import Callable, Iterator

from django.utils import timezone

from contacts.changes.reading import Asked, Change, page
from contacts.exporting import Echo, escaped

COLUMNS = ("when", "who", "source", "kind", "record", "what changed", "intuit_tid")
AT_ONCE, MOST = 500, 100_000
CUT = f"Only the newest {MOST:,} changes. Choose fewer days to see the others."


def lines(asked: Asked, may: Callable[[str], bool]) -> Iterator[str]:
    """The header and one line per change, in bounded memory. Reads the database while it is consumed."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)  # so that Excel takes it for UTF-8
    place, written = None, 0
    while True:
        found = page(asked, may, place, AT_ONCE)
        for change in found.changes:
            yield writer.writerow([escaped(cell) for cell in _cells(change)])
        written += len(found.changes)
        place = found.older
        if place is None:
            return
        if written >= MOST:
            yield writer.writerow([CUT])
            return


def _cells(change: Change) -> list[str]:
    when = f"{timezone.localtime(change.at):%Y-%m-%d %H:%M:%S}"
    said = " ".join(change.sentences)
    return [when, change.who, change.source, change.kind, change.name, said, change.tid]
