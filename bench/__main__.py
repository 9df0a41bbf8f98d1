"""Runs the benchmarks named on the command line, or all, each in a process of its own on a database of its own."""

import os
import subprocess
import sys

ALL = [
    "pull_customers",
    "import_contacts",
    "contact_list",
    "pages",
    "import_history",
    "webhooks",
    "latency",
    "newcomer",
    "emulator",
]


def main() -> int:
    names = sys.argv[1:] or ALL
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "attackacrack.settings", "LOG_LEVEL": "WARNING"}
    failed = [
        name for name in names if subprocess.run([sys.executable, "-m", f"bench.{name}"], env=environment).returncode
    ]
    for name in failed:
        sys.stderr.write(f"{name} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
