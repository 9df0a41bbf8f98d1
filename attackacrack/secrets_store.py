"""Keys for development, generated once and kept in the data folder. Production takes its keys from the environment."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pyrage
from cryptography.fernet import Fernet


def secret_key(data: Path) -> str:
    return _kept(data / "keys" / "secret_key", lambda: secrets.token_urlsafe(50))


def fernet_key(data: Path) -> str:
    return _kept(data / "keys" / "fernet_key", lambda: Fernet.generate_key().decode())


def backup_key(data: Path) -> str:
    return _kept(data / "keys" / "backup_key", lambda: str(pyrage.x25519.Identity.generate()))


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The file's text; the first process to ask makes it. Two at once agree, because only one link can succeed."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            draft.unlink()
    return path.read_text()
