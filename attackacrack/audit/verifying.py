"""Compares the history with its seals."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import ProgrammingError, transaction

from attackacrack.audit import rows, sealing
from attackacrack.audit.restores import named, sentence
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
class Result:
    """seals and rows: how many were compared. last: the digest of the newest seal. restores: a sentence for each time the
    database was restored, the first one first. unknown: why an expected digest is missing, if a restore can be why."""

    seals: int
    rows: int
    last: str
    findings: list[Finding]
    restores: list[str]
    unknown: str = ""


def verify(expected: str = "") -> Result:
    """expected: a digest that was kept outside the database; some seal has to have it. Reads all sealed rows."""
    seals, count, previous = 0, 0, ""
    findings, digests, restores, before = [], {""}, [], None
    for one in AuditSeal.objects.order_by("pk").iterator():
        seals += 1
        findings += list(_of_seal(one, previous))
        for told in one.contents["ranges"]:
            found = Range.from_json(told)
            count += found.count
            findings += list(_of_range(one, found))
        restores += filter(None, [sentence(one, before)])
        previous, before = one.digest, one
        digests.add(previous)
    unknown = ""
    if expected not in digests and restores:
        unknown = f"No seal has the digest {expected}. {restores[-1]} {SINCE_THE_BACKUP}"
    elif expected not in digests:
        findings.append(Finding(f"No seal has the digest {expected}: seals were removed or made anew."))
    return Result(seals, count, previous, findings, restores, unknown)


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
