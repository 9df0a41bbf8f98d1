"""Import of a list of contacts: the 7,000 of today and the 100,000 to come, with the memory that it takes."""

import io
import resource
import sys

from bench import contact_files, timing
from bench.database import scratch_database


def main() -> None:
    with scratch_database():
        from contacts import importing

        for rows, aim in ((7_000, 30), (100_000, 120)):
            content = contact_files.csv_bytes(rows)
            took = timing.seconds(lambda content=content: importing.run(io.BytesIO(content), filename="bench.csv"))
            again = timing.seconds(lambda content=content: importing.run(io.BytesIO(content), filename="bench.csv"))
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            sys.stdout.write(
                f"import of {rows:,} contacts: {took:.1f} s (aim: under {aim}); the same file again {again:.1f} s; "
                f"peak {megabytes} MB\n"
            )


if __name__ == "__main__":
    main()
