"""Ranges of event rows and their digests."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connection, models
from psycopg import sql

# So many rows a range: what is wrong is found to within as many.
MOST = 1000
CONTEXT = pghistory.models.Context._meta.db_table


@dataclass(frozen=True)
class Range:
    """Rows with after < pgh_id <= upto of one table. columns: as they were when it was sealed, so that a column that is
    added later changes nothing."""

    table: str
    columns: tuple[str, ...]
    after: int
    upto: int
    count: int
    digest: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"columns": list(self.columns)}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Range":
        return cls(**{**told, "columns": tuple(told["columns"])})


def event_models() -> list[type[models.Model]]:
    """Every table that pghistory writes, ours and those to come, by name."""
    found = [
        model
        for model in apps.get_models()
        if issubclass(model, pghistory.models.Event) and model._meta.managed and not model._meta.proxy
    ]
    return sorted(found, key=lambda model: model._meta.db_table)


def columns_of(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(sorted(field.column for field in model._meta.concrete_fields))


def digest(table: str, columns: tuple[str, ...], after: int, upto: int) -> tuple[int, str]:
    """(how many rows, their hash), with who did it and from where. Streams: memory does not grow with the rows."""
    hashed, count = hashlib.sha256(), 0
    for row in _rows(table, columns, after, upto):
        hashed.update(row.encode())
        hashed.update(b"\n")
        count += 1
    return count, hashed.hexdigest()


def _rows(table: str, columns: tuple[str, ...], after: int, upto: int) -> Iterator[str]:
    named = sql.SQL(", ").join(sql.SQL("event.{}").format(sql.Identifier(column)) for column in columns)
    statement = sql.SQL(
        "SELECT to_jsonb(told)::text || coalesce(context.metadata::text, '') FROM (SELECT {columns} FROM {table} AS event"
        " WHERE pgh_id > %s AND pgh_id <= %s) AS told LEFT JOIN {context} AS context ON context.id = told.pgh_context_id"
        " ORDER BY told.pgh_id"
    ).format(columns=named, table=sql.Identifier(table), context=sql.Identifier(CONTEXT))
    with connection.cursor() as cursor:
        # A moment reads the same in every zone only if the zone is fixed.
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        cursor.execute(statement, [after, upto])
        while some := cursor.fetchmany(MOST):
            yield from (row for (row,) in some)
