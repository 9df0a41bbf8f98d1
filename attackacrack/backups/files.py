"""A backup's file, its manifest, and which of many are kept. Nothing here talks to a database."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

DAYS, WEEKS, MONTHS = 7, 5, 12
UNPROVED = ".unproved"
STAMP = "%Y%m%d-%H%M%SZ"


class NotABackup(Exception):
    """str() is a sentence."""


@dataclass(frozen=True)
class BackupFile:
    """made_at: aware, UTC. rows: by table, in the moment of the dump. seal: digest of the newest audit seal in it, "" if
    there was none. sha256: of the encrypted file, once it is proved."""

    path: Path
    made_at: datetime
    rows: dict[str, int]
    seal: str = ""
    sha256: str = ""

    @property
    def manifest(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def size(self) -> int:
        """In bytes."""
        return self.path.stat().st_size

    def proved(self) -> "BackupFile":
        """The same as a backup: under its name, and with the digest of the file as it is now written down beside it."""
        path = self.path.with_suffix("")
        found = replace(self, path=path, sha256=digest(self.path))
        told = asdict(found) | {"path": path.name, "made_at": self.made_at.isoformat()}
        found.manifest.write_text(json.dumps(told, indent=1))
        self.path.rename(path)
        return found

    def check(self) -> None:
        """Raises NotABackup if the file is not the one that was sealed."""
        if digest(self.path) != self.sha256:
            raise NotABackup(f"{self.path.name} was changed or cut off since it was made. Take an older one.")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.manifest.unlink(missing_ok=True)


def new(folder: Path, made_at: datetime, rows: dict[str, int], seal: str = "") -> BackupFile:
    """Not a backup yet."""
    return BackupFile(folder / f"crm-{made_at.astimezone(UTC):{STAMP}}.age{UNPROVED}", made_at, rows, seal)


def read(path: Path) -> BackupFile:
    """Raises NotABackup."""
    manifest = path.with_suffix(".json")
    try:
        told = json.loads(manifest.read_text())
        return BackupFile(
            path, datetime.fromisoformat(told["made_at"]), dict(told["rows"]), told.get("seal", ""), told["sha256"]
        )
    except FileNotFoundError as error:
        raise NotABackup(f"{manifest.name} is missing beside {path.name}: both files belong together.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NotABackup(f"{manifest.name} cannot be read. Take an older backup.") from error


def all_in(folder: Path) -> list[BackupFile]:
    """Newest first; what cannot be read is left out."""
    found = []
    for path in folder.glob("crm-*.age"):
        try:
            found.append(read(path))
        except NotABackup:
            continue
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def superfluous(backups: Iterable[BackupFile]) -> list[BackupFile]:
    """Kept is the newest of each of the last seven days, five weeks and twelve months that have one. Pure."""
    newest_first = sorted(backups, key=lambda one: one.made_at, reverse=True)
    kept: set[Path] = set()
    for period, most in ((_day, DAYS), (_week, WEEKS), (_month, MONTHS)):
        newest: dict[object, Path] = {}
        for one in newest_first:
            newest.setdefault(period(one.made_at.astimezone(UTC).date()), one.path)
        kept |= set(list(newest.values())[:most])
    return [one for one in newest_first if one.path not in kept]


def _day(day: date) -> date:
    return day


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
