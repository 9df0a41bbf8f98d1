"""Where everything lies. Nothing outside these folders is created, and no permission outside them is changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .accounts import Account, owner_of
from .addresses import POSTGRES_SOCKET
from .errors import EmbeddedServerError

CHECKOUT = Path(__file__).resolve().parents[2]
# The kernel cuts a socket's path at 107 bytes (macOS 103).
LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
PERSISTENT_TEMPORARY = Path("/var/tmp")  # unlike /tmp it survives a restart of the machine
SERVER_FOLDERS = ("postgres", "valkey")


@dataclass(frozen=True)
class Folders:
    """`home` holds the servers' files; it is the data folder unless their user cannot reach that."""

    data: Path
    home: Path
    sockets: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"

    @property
    def programs(self) -> Path:
        return self.home / "programs"

    def log(self, name: str) -> Path:
        return self.data / "log" / f"{name}.log"


def data_folder() -> Path:
    """DATA_DIR (relative to the checkout), else `.data` in the checkout."""
    return (CHECKOUT / (os.environ.get("DATA_DIR") or ".data")).resolve()


def users_lock(data: Path) -> Path:
    return data / "users.lock"


def serve_lock(data: Path) -> Path:
    return data / "serve.lock"


def state_file(data: Path) -> Path:
    return data / "state.json"


def prepare_data(data: Path) -> None:
    """Makes the data folder; what root makes in another user's checkout is given to that user."""
    for folder in (data, data / "log"):
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    if os.geteuid() == 0:
        _give_to_owner(data)


def _give_to_owner(data: Path) -> None:
    """Also what other parts of the project keep there, such as the development keys."""
    owner = owner_of(data)
    for path in [data, *data.glob("*"), *data.glob("*/*")]:
        if owner and path.lstat().st_uid == 0:
            os.chown(path, owner, -1, follow_symlinks=False)


def prepare_for_servers(data: Path, account: Account) -> Folders:
    """Makes the folders that the servers write, and brings their files home if they lie elsewhere."""
    home = _home(data, account)
    for name in SERVER_FOLDERS:
        _bring_home(name, home, data, _reserve(data))
    (home / "valkey").mkdir(mode=0o700, exist_ok=True)
    for name in SERVER_FOLDERS:
        if (home / name).exists():
            account.take(home / name)
    return Folders(data, home, _socket_folder(home, account))


def _home(data: Path, account: Account) -> Path:
    """The data folder, or when root keeps the checkout closed to others, a folder the servers' user can reach."""
    if account.switches:
        data.chmod(data.stat().st_mode | 0o011)
        if not account.can("x", data):
            return _own_folder(_reserve(data), os.geteuid(), 0o711)
    return data


def _reserve(data: Path) -> Path:
    return PERSISTENT_TEMPORARY / _short_name(data)


def _bring_home(name: str, home: Path, *places: Path) -> None:
    """A checkout that was opened or closed to others since the last start keeps its rows."""
    for place in places:
        if place != home and (place / name).exists() and not (home / name).exists():
            arriving = home / f"{name}.arriving"
            shutil.rmtree(arriving, ignore_errors=True)
            shutil.copytree(place / name, arriving, symlinks=True)
            arriving.rename(home / name)
            shutil.rmtree(place / name)


def _socket_folder(home: Path, account: Account) -> Path:
    sockets = home / "run"
    if len(os.fsencode(sockets / f"{POSTGRES_SOCKET}.lock")) > LONGEST_SOCKET_PATH:
        sockets = _short_temporary() / _short_name(home)
    return _own_folder(sockets, account.uid, 0o700, account.gid)


def _short_temporary() -> Path:
    folder = Path(tempfile.gettempdir())
    return folder if len(os.fsencode(folder)) < 50 else Path("/tmp")


def _short_name(path: Path) -> str:
    return f"attackacrack-{os.geteuid()}-{hashlib.sha256(os.fsencode(path)).hexdigest()[:12]}"


def _own_folder(folder: Path, uid: int, mode: int, gid: int = -1) -> Path:
    """Makes the folder for `uid`; in a shared place somebody may have put another under the name."""
    folder.mkdir(mode=mode, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
        raise EmbeddedServerError(f"{folder} belongs to somebody else. Remove it, or set DATA_DIR to another folder.")
    if found.st_uid != uid:
        os.chown(folder, uid, gid)
    folder.chmod(mode)
    return folder
