"""Seals the event rows that are final."""

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.models import Count, Max, Min, Q
from django.utils import timezone
from psycopg import sql

from attackacrack.audit import rows
from attackacrack.audit.rows import Range
from attackacrack.models import AuditSeal

log = logging.getLogger(__name__)

# The context of a change (who, from where) may still grow while its request runs.
SETTLES = timedelta(minutes=10)
LOOKED_BACK = 50_000


def seal() -> AuditSeal | None:
    """Seals what is new; None if nothing is, or if somebody else is sealing. Not inside a transaction."""
    last = AuditSeal.objects.first()
    sealed: dict[str, int] = last.contents["upto"] if last else {}
    ranges = [one for model in rows.event_models() for one in _new_ranges(model, sealed.get(model._meta.db_table, 0))]
    if not ranges:
        return None
    upto = {**sealed, **{one.table: one.upto for one in ranges}}
    contents = {"ranges": [one.as_json() for one in ranges], "upto": upto}
    previous = last.digest if last else ""
    try:
        with transaction.atomic():  # two at once follow the same seal, and the database takes only one of them
            made = AuditSeal.objects.create(previous=previous, contents=contents, digest=digest_of(previous, contents))
    except IntegrityError:
        return None
    log.info("Audit seal %s over %s rows: %s", made.pk, made.count, made.digest)
    return made


def digest_of(previous: str, contents: dict[str, Any]) -> str:
    told = json.dumps([previous, contents], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def _new_ranges(model: type[models.Model], after: int) -> Iterator[Range]:
    table, columns = model._meta.db_table, rows.columns_of(model)
    final = _final(model)
    while after < final:
        with transaction.atomic():
            upto = _nth_after(model, after, final)
            count, digest = rows.digest(table, columns, after, upto)
        if count:
            yield Range(table, columns, after, upto, count, digest)
        after = upto


def _nth_after(model: type[models.Model], after: int, final: int) -> int:
    ids = model._default_manager.filter(pgh_id__gt=after, pgh_id__lte=final).order_by("pgh_id")
    return ids.values_list("pgh_id", flat=True)[rows.MOST - 1 : rows.MOST].first() or final


def _final(model: type[models.Model]) -> int:
    """Up to which row nobody can add one any more: with the table locked for a moment no transaction holds back rows
    whose numbers were given out already. 0 if somebody writes for longer than we want to wait."""
    table = sql.Identifier(model._meta.db_table)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(table))
            newest = model._default_manager.order_by("-pgh_id")[:LOOKED_BACK]
            fresh = Q(pgh_created_at__gte=timezone.now() - SETTLES)
            # Only the newest are looked at: nobody can write while the table is locked.
            found = newest.aggregate(
                first=Min("pgh_id", filter=fresh), oldest=Min("pgh_id"), last=Max("pgh_id"), number=Count("pgh_id")
            )
            if found["first"] is None:
                return int(found["last"] or 0)
            may_be_more = found["number"] == LOOKED_BACK and found["first"] == found["oldest"]
            return 0 if may_be_more else int(found["first"]) - 1
    except OperationalError:
        log.info("%s is being written; it is sealed the next time.", model._meta.db_table)
        return 0
