"""Import of a list of contacts: the 7,000 of today and the 100,000 to come, the memory that it takes, and the way back.

DJANGO_SETTINGS_MODULE=attackacrack.settings python -m bench.import_contacts [rows ...]
"""

import io
import resource
import sys
from typing import Any

from bench import contact_files, timing
from bench.database import scratch_database

AIM_BACK, AIM_MEGABYTES = 120, 400


def main() -> None:
    with scratch_database():
        wanted = [int(rows) for rows in sys.argv[1:] if rows.isdigit()] or [7_000, 100_000]
        for rows in wanted:
            _one(rows, aim=30 if rows <= 10_000 else 120)


def _one(rows: int, aim: int) -> None:
    from contacts import importing
    from contacts.importing import undoing
    from contacts.models import Contact

    content = contact_files.csv_bytes(rows)

    def run(**options: Any) -> importing.Result:
        return importing.run(io.BytesIO(content), filename="bench.csv", progress=_say, **options)

    before = Contact.objects.count()
    preview = timing.seconds(lambda: run(dry_run=True))
    results: list[importing.Result] = []
    took = timing.seconds(lambda: results.append(run()))
    again = timing.seconds(run)
    record = results[0].record
    assert record is not None
    looked = timing.seconds(lambda: undoing.outlook(record))
    undoing.ask(record.pk, None)
    back = timing.seconds(lambda: undoing.take_back(record.pk))
    _print(
        f"import of {rows:,} contacts: preview {preview:.1f} s; {took:.1f} s (aim: under {aim}); the same file again "
        f"{again:.1f} s; taken back in {back:.1f} s (aim: under {AIM_BACK}), looked at first in {looked:.1f} s, "
        f"{Contact.objects.count() - before} left over (aim: 0); "
        f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB (aim: under {AIM_MEGABYTES})"
    )


def _say(done: int, total: int | None) -> None:
    if done % 10_000 == 0:
        _print(f"  {done:,} of {total:,} lines" if total else f"  {done:,} lines")


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
