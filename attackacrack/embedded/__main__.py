"""python -m attackacrack.embedded run CMD... | stop | status | serve"""

from __future__ import annotations

import os
import sys

from . import EmbeddedServerError, data_folder, ensure, share_with_children, status, stop
from .supervisor import serve


def main(arguments: list[str]) -> int:
    match arguments:
        case ["run", command, *rest]:
            return run(command, rest)
        case ["stop"]:
            print(stop(data_folder()))
        case ["status"]:
            print(status(data_folder()))
        case ["serve"]:
            return serve(data_folder())
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def run(command: str, arguments: list[str]) -> int:
    """Becomes the command, so signals reach it directly; the servers stay while it or its children live."""
    try:
        ensure(data_folder())
    except EmbeddedServerError as error:
        print(error, file=sys.stderr)
        return 1
    share_with_children(data_folder())
    try:
        os.execvp(command, [command, *arguments])
    except OSError as error:
        print(f"{command} cannot be run: {error.strerror}.", file=sys.stderr)
        return 127


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
