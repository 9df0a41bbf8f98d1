"""Compares the history with its seals."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import ProgrammingError, transaction

from attackacrack.audit import restores, rows, sealing
from attackacrack.audit.restores import Restore, named
from attackacrack.audit.rows import Range
from attackacrack.models import AuditSeal

SINCE_THE_BACKUP = (
    "What was sealed after that backup is in the database that the restore has left beside this one: compare the digest "
    "there. If nobody restored it then, seals were removed."
)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was sealed, in a sentence."""

    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Expected:
    """A digest that was kept outside the database. kept_at: when it was the newest one, aware; None if nobody knows."""

    digest: str
    kept_at: datetime | None = None


@dataclass(frozen=True)
class Result:
    """seals and rows: how many were compared. last: the digest of the newest seal. restores: a sentence for each time the
    database was restored, the first one first. unknown: of each expected digest that is missing, why a restore can be the
    reason."""

    seals: int
    rows: int
    last: str
    findings: list[Finding]
    restores: list[str]
    unknown: list[str]


def verify(expected: Collection[Expected] = ()) -> Result:
    """Some seal has to have each of the expected digests. Reads all sealed rows."""
    seals, count, previous = 0, 0, ""
    findings: list[Finding] = []
    digests, restored, before = set(), [], None
    for one in AuditSeal.objects.order_by("pk").iterator():
        seals += 1
        findings += list(_of_seal(one, previous))
        for told in one.contents["ranges"]:
            found = Range.from_json(told)
            count += found.count
            findings += list(_of_range(one, found))
        restored += filter(None, [restores.read(one, before)])
        previous, before = one.digest, one
        digests.add(previous)
    missing, unknown = _missing([one for one in expected if one.digest not in digests], restored)
    return Result(seals, count, previous, findings + missing, [one.sentence for one in restored], unknown)


def _missing(expected: list[Expected], restored: list[Restore]) -> tuple[list[Finding], list[str]]:
    """Each digest once: several backups may know the same. One of them that no restore excuses is enough for a finding."""
    findings, unknown = {}, {}
    for one in expected:
        why = next((found for found in reversed(restored) if found.excuses(one.kept_at)), None)
        said = f"No seal has the digest {one.digest}"
        if why is None:
            findings[one.digest] = Finding(f"{said}: seals were removed or made anew.")
        else:
            unknown[one.digest] = f"{said}. {why.sentence} {SINCE_THE_BACKUP}"
    return list(findings.values()), [said for digest, said in unknown.items() if digest not in findings]


def _of_seal(one: AuditSeal, previous: str) -> Iterator[Finding]:
    if one.previous != previous:
        yield Finding(f"{named(one)} does not follow the one before it: a seal was removed or put in between.")
    if one.digest != sealing.digest_of(one.previous, one.contents):
        yield Finding(f"{named(one)} was altered.")


def _of_range(one: AuditSeal, sealed: Range) -> Iterator[Finding]:
    what = f"{sealed.table}, rows {sealed.after + 1} to {sealed.upto}"
    try:
        with transaction.atomic():
            count, digest = rows.digest(sealed.table, sealed.columns, sealed.after, sealed.upto)
    except ProgrammingError:
        yield Finding(f"{what}: a column or the table itself is gone since {named(one)}, so it cannot be compared.")
        return
    if count != sealed.count:
        yield Finding(f"{what}: {sealed.count:,} were sealed, {count:,} are there. See {named(one)}.")
    elif digest != sealed.digest:
        yield Finding(f"{what}: at least one was altered since {named(one)}.")
