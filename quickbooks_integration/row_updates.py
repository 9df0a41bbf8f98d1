"""Many changed rows of one model in one statement: Django's bulk_update builds a CASE for each row and column."""

import re
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

_LENGTH = re.compile(r"\(.*?\)")


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Writes these fields of rows of one model, known by their keys. Inside the caller's transaction, which has locked
    them. Passes save() by, but not what a field does before it is saved."""
    if not rows:
        return
    meta = rows[0]._meta
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in names)]
    columns = [f'"{field.column}"' for field in fields]
    # Without lengths: a cast would cut off silently what the column refuses.
    types = [_LENGTH.sub("", field.rel_db_type(connection) if field.is_relation else _type(field)) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" AS row SET {", ".join(f"{column} = new.{column}" for column in columns[1:])}'
            f" FROM unnest({', '.join(f'%s::{type}[]' for type in types)}) AS new ({', '.join(columns)})"
            f" WHERE row.{columns[0]} = new.{columns[0]}",
            [[_value(field, row) for row in rows] for field in fields],
        )


def _type(field: Any) -> str:
    """Of a key without its sequence: bigint, not bigserial."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _value(field: Any, row: models.Model) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add=False), connection)
