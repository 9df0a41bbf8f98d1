"""Runs the measurements of matching named on the command line, or all, each in a process of its own."""

import subprocess
import sys

ALL = ["quality", "febrl", "compared", "database", "queue"]


def main() -> int:
    failed = []
    for name in sys.argv[1:] or ALL:
        sys.stdout.write(f"--- {name}\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", f"bench.matching.{name}"]).returncode:
            failed.append(name)
    for name in failed:
        sys.stderr.write(f"{name} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
