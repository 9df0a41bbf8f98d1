"""A restore takes the seals back to those of the backup. It leaves a seal of its own that says so, so that nobody takes
the missing ones for removed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.utils import timezone
from django.utils.formats import date_format
from psycopg.types.json import Jsonb

from attackacrack.audit import sealing
from attackacrack.models import AuditSeal

KEY = "restored"  # in the contents of such a seal: the moment of the backup


def note(restored: psycopg.Connection[Any], made_at: datetime) -> None:
    """In the restored database, before anybody uses it; in a transaction of the caller's. made_at: of the backup."""
    table = AuditSeal._meta.db_table
    last = restored.execute(f"SELECT digest, contents FROM {table} ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608
    previous, upto = (last[0], last[1]["upto"]) if last else ("", {})
    now = datetime.now(UTC)
    contents = {"ranges": [], "upto": upto, KEY: made_at.isoformat()}
    restored.execute(
        f"INSERT INTO {table} (sealed_at, previous, contents, digest) VALUES (%s, %s, %s, %s)",  # noqa: S608
        [now, previous, Jsonb(contents), sealing.digest_of(previous, contents)],
    )


@dataclass(frozen=True)
class Restore:
    """made_at: of the backup. at: when it was put back."""

    made_at: datetime
    at: datetime
    sentence: str

    def excuses(self, kept_at: datetime | None) -> bool:
        """Whether this can be why a seal is missing that was the newest one then; None: nobody knows when. Up to the backup
        the seals are in it, and after the restore none was taken away."""
        return kept_at is None or self.made_at < kept_at < self.at


def read(one: AuditSeal, before: AuditSeal | None) -> Restore | None:
    """None for an ordinary seal. before: the seal that it follows."""
    if KEY not in one.contents:
        return None
    made_at = datetime.fromisoformat(one.contents[KEY])
    last = f"its last seal is {named(before)}" if before is not None else "it had no seal yet"
    said = f"The database was restored on {_moment(one.sealed_at)} from the backup of {_moment(made_at)}; {last}."
    return Restore(made_at, one.sealed_at, said)


def named(one: AuditSeal) -> str:
    return f"seal {one.pk} of {_moment(one.sealed_at)}"


def _moment(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "M j, Y, g:i A")
