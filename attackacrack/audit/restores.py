"""A restore takes the seals back to those of the backup. It leaves a seal of its own that says so, so that nobody takes
the missing ones for removed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.db import connection, transaction
from django.utils import timezone
from django.utils.formats import date_format
from psycopg.types.json import Jsonb

from attackacrack.audit import sealing
from attackacrack.models import AuditSeal

KEY = "restored"  # in the contents of such a seal: the moment of the backup
# What is restored from before there were seals keeps both moments here until migrations have made their table.
OLDER = "attackacrack_restored"


def note(restored: psycopg.Connection[Any], made_at: datetime) -> None:
    """In the restored database, before anybody uses it; in a transaction of the caller's. made_at: of the backup."""
    table, now = AuditSeal._meta.db_table, datetime.now(UTC)
    if restored.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
        restored.execute(
            f"CREATE TABLE IF NOT EXISTS {OLDER} (made_at timestamptz NOT NULL, restored_at timestamptz NOT NULL)"
        )
        restored.execute(f"INSERT INTO {OLDER} VALUES (%s, %s)", [made_at, now])  # noqa: S608
        return
    last = restored.execute(f"SELECT digest, contents FROM {table} ORDER BY id DESC LIMIT 1").fetchone()  # noqa: S608
    previous, upto = (last[0], last[1]["upto"]) if last else ("", {})
    contents = _contents(made_at, upto)
    restored.execute(
        f"INSERT INTO {table} (sealed_at, previous, contents, digest) VALUES (%s, %s, %s, %s)",  # noqa: S608
        [now, previous, Jsonb(contents), sealing.digest_of(previous, contents)],
    )


@transaction.atomic
def seal_what_is_older_than_seals(**signal: Any) -> None:
    """After migrations: else the seals of younger backups would be taken for removed. Doing it twice changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s), to_regclass(%s)", [OLDER, AuditSeal._meta.db_table])
        if None in cursor.fetchone():
            return
        cursor.execute(f"SELECT made_at, restored_at FROM {OLDER} ORDER BY restored_at")  # noqa: S608
        noted = cursor.fetchall()
        cursor.execute(f"DROP TABLE {OLDER}")
    for made_at, restored_at in noted:
        last = AuditSeal.objects.first()
        previous, upto = (last.digest, last.contents["upto"]) if last else ("", {})
        contents = _contents(made_at, upto)
        digest = sealing.digest_of(previous, contents)
        AuditSeal.objects.create(sealed_at=restored_at, previous=previous, contents=contents, digest=digest)


def _contents(made_at: datetime, upto: dict[str, int]) -> dict[str, Any]:
    return {"ranges": [], "upto": upto, KEY: made_at.isoformat()}


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
