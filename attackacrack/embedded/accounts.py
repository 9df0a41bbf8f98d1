"""Which operating-system user runs the servers: PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """`switches` is false when this process is that user already, so nothing is to be dropped."""

    uid: int
    gid: int
    switches: bool

    def process_arguments(self) -> dict[str, Any]:
        """For subprocess: without group and extra_groups the child would keep root's groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switches else {}

    def take(self, path: Path) -> None:
        """Gives the path and all below it to this user, if somebody else has it."""
        if not self.switches or path.lstat().st_uid == self.uid:
            return
        for folder, _, files in os.walk(path):
            for name in [folder, *(os.path.join(folder, file) for file in files)]:
                os.chown(name, self.uid, self.gid, follow_symlinks=False)

    def can(self, permission: str, path: Path) -> bool:
        """Asks the kernel as that user; `permission` is r, w or x. Parents count too."""
        asked = subprocess.run(
            ["/bin/sh", "-c", f'[ -{permission} "$0" ]', str(path)], cwd="/", check=False, **self.process_arguments()
        )
        return asked.returncode == 0


def server_account(data: Path) -> Account:
    """Ourselves; for root the owner of the checkout, or `nobody` when root owns that too."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switches=False)
    entry = _entry(owner_of(data)) or pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid, switches=True)


def owner_of(data: Path) -> int:
    """The data folder's owner, or its nearest parent's when it is new or root's."""
    for folder in [data, *data.parents]:
        if folder.exists() and (folder != data or folder.stat().st_uid != 0):
            return folder.stat().st_uid
    return 0


def _entry(uid: int) -> pwd.struct_passwd | None:
    """None for root, and for a uid without an account: initdb cannot run as one."""
    try:
        return pwd.getpwuid(uid) if uid else None
    except KeyError:
        return None
