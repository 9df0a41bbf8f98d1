"""File locks that the kernel drops at any kind of death, so no list of process ids can go stale."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


class FileLock:
    """One open lock file. Two FileLock objects on one path exclude each other, also within a process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def share(self) -> None:
        """Waits while somebody holds it exclusively."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)

    def try_share(self) -> bool:
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self, seconds: float = 0) -> bool:
        """Tries for so long; another process that only looks holds the lock for an instant."""
        deadline = time.monotonic() + seconds
        while not self._try(fcntl.LOCK_EX):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def release(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self.descriptor)

    def is_in_place(self) -> bool:
        """False once the file was deleted or replaced, for example with its whole checkout."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self.descriptor))

    def write_pid(self) -> None:
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def read_pid(self) -> int | None:
        text = os.pread(self.descriptor, 20, 0)
        return int(text) if text.isdigit() else None

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self.descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def holder(path: Path) -> int | None:
    """Process id written by whoever holds the lock exclusively; 0 if not written yet, None if nobody holds it."""
    lock = FileLock(path)
    try:
        if lock.try_share():
            return None
        return lock.read_pid() or 0
    finally:
        lock.close()
