"""Import of a list of contacts: the 7,000 of today and the 100,000 to come, as plain rows and as PropertyRadar's (one row
is a house and up to two people; also as a workbook), the memory that it takes, and the way back.

DJANGO_SETTINGS_MODULE=attackacrack.settings python -m bench.import_contacts [rows ...]
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import timing
from bench.database import scratch_database

AIM_BACK, AIM_MEGABYTES = 120, 400
LISTS = {
    "csv_bytes": ("contacts", "bench.csv"),
    "radar_csv": ("PropertyRadar rows", "bench.csv"),
    "radar_workbook": ("PropertyRadar rows in a workbook", "bench.xlsx"),
}


def main() -> None:
    sizes = [int(rows) for rows in sys.argv[1:] if rows.isdigit()] or [7_000, 100_000]
    with scratch_database(), tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            for made, (what, filename) in LISTS.items():
                path = Path(folder, f"{rows}-{filename}")
                # In a process of its own: what making a file takes is not the import's memory.
                subprocess.run([sys.executable, "-m", "bench.contact_files", made, str(rows), path], check=True)
                _one(f"{rows:,} {what}", path, aim=30 if rows <= 10_000 else 120)


def _one(what: str, path: Path, aim: int) -> None:
    from contacts import importing
    from contacts.importing import undoing
    from contacts.models import Contact, Property

    def run(**options: Any) -> importing.Result:
        with path.open("rb") as file:
            return importing.run(file, filename=path.name, progress=_say, **options)

    def stored() -> int:
        return Contact.objects.count() + Property.objects.count()

    before = stored()
    preview = timing.seconds(lambda: run(dry_run=True))
    results: list[importing.Result] = []
    took = timing.seconds(lambda: results.append(run()))
    made = stored() - before
    again = timing.seconds(run)
    record = results[0].record
    assert record is not None
    looked = timing.seconds(lambda: undoing.outlook(record))
    undoing.ask(record.pk, None)
    back = timing.seconds(lambda: undoing.take_back(record.pk))
    _print(
        f"import of {what}: preview {preview:.1f} s; {took:.1f} s (aim: under {aim}) for {made:,} contacts and houses; the "
        f"same file again {again:.1f} s; taken back in {back:.1f} s (aim: under {AIM_BACK}), looked at first in "
        f"{looked:.1f} s, {stored() - before} left over (aim: 0); "
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
