"""Many changed rows of one model in one statement: Django's bulk_update builds a CASE for each row and column."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import simplejson
from django.db import connection, models

_LENGTH = re.compile(r"\(.*?\)")
_as_json = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False).encode


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Writes these fields of rows of one model, known by their keys. Inside the caller's transaction, which has locked
    them. Passes save() by, but not what a field does before it is saved."""
    if not rows:
        return
    meta = rows[0]._meta
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in names)]
    columns = [f'"{field.column}"' for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" AS row SET {", ".join(f"{column} = new.{column}" for column in columns[1:])}'
            f" FROM unnest({', '.join(f'%s::{_type(field)}[]' for field in fields)}) AS new ({', '.join(columns)})"
            f" WHERE row.{columns[0]} = new.{columns[0]}",
            [_array(_value(field, row) for row in rows) for field in fields],
        )


def _type(field: Any) -> str:
    """Of a key without its sequence, and without a length: a cast would cut off silently what the column refuses."""
    of_a_key = field.primary_key or field.is_relation
    return _LENGTH.sub("", field.rel_db_type(connection) if of_a_key else field.db_type(connection))


def _value(field: Any, row: models.Model) -> Any:
    value = field.pre_save(row, add=False)
    if isinstance(field, models.JSONField):
        return None if value is None else _as_json(value)
    return field.get_db_prep_save(value, connection)


def _array(values: Iterable[Any]) -> str:
    """As PostgreSQL writes an array; psycopg takes several times as long for one of documents."""
    return "{" + ",".join(map(_quoted, values)) + "}"


def _quoted(value: Any) -> str:
    if value is None:
        return "NULL"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
