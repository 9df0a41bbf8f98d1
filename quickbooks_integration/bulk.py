"""Many rows of one model at once, by COPY: the ORM takes several times as long as PostgreSQL to write them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import simplejson
from django.db import connection, models
from django.utils import timezone

from contacts.fields import WithoutCardNumbers

as_json = json.JSONEncoder(ensure_ascii=False).encode
_as_exact_json = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False).encode
ARRIVING = "arriving"


def take_ids(cursor: Any, table: str, amount: int) -> list[int]:
    # The name is looked up once: inside nextval() PostgreSQL would do it for each id.
    cursor.execute(
        "WITH own AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS sequence)"
        " SELECT nextval(sequence) FROM own, generate_series(1, %s)",
        [table, amount],
    )
    return [id for (id,) in cursor.fetchall()]


def copy_into(table: str, columns: Iterable[str]) -> str:
    return f"COPY {table} ({', '.join(columns)}) FROM STDIN"


def insert(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Rows as {column's attribute: value}; what is left out gets the field's default. Returns their ids, in order.

    Inside the caller's transaction. Passes save() by, as bulk_create does.
    """
    if not rows:
        return []
    with connection.cursor() as cursor:
        ids = take_ids(cursor, model._meta.db_table, len(rows))
    append(model, [{"id": id, **row} for id, row in zip(ids, rows, strict=True)])
    return ids


def append(model: type[models.Model], rows: Sequence[dict[str, Any]]) -> None:
    """As insert, for rows whose ids nobody asks for: PostgreSQL gives them."""
    if not rows:
        return
    now = timezone.now()
    fields = [field for field in model._meta.concrete_fields if not field.primary_key or field.attname in rows[0]]
    blank = {field.attname: now if _is_stamp(field) else field.get_default() for field in fields}
    assert blank.keys() >= rows[0].keys(), rows[0].keys() - blank.keys()
    columns = [f'"{field.column}"' for field in fields]
    _copy(model._meta.db_table, columns, (list((blank | row).values()) for row in rows))


def create(model: type[models.Model], rows: Sequence[Any]) -> None:
    """As bulk_create, for rows of a model without JSON, or plain ones that have all its columns. Each gets its id."""
    if not rows:
        return
    fields = model._meta.concrete_fields
    derived = [field for field in fields if type(field).pre_save is not models.Field.pre_save]
    with connection.cursor() as cursor:
        ids = take_ids(cursor, model._meta.db_table, len(rows))
    for row, id in zip(rows, ids, strict=True):
        row.id = id
        for field in derived:
            setattr(row, field.attname, field.pre_save(row, True))
    columns = [f'"{field.column}"' for field in fields]
    _copy(model._meta.db_table, columns, map(attrgetter(*(field.attname for field in fields)), rows))


def update(model: type[models.Model], names: Sequence[str], rows: Sequence[Any]) -> None:
    """Writes these columns of rows that need not be the model's own objects: each has its key as `pk` and the columns by
    their names. What a field stamps by itself is now. Inside the caller's transaction, which has locked them."""
    if not rows:
        return
    meta = model._meta
    fields = [meta.get_field(name) for name in names]
    columns = [f'"{field.column}"' for field in fields]
    readers = [_reader(field) for field in fields]
    sets = ", ".join(f"{column} = {ARRIVING}.{column}" for column in columns)
    told = ([row.pk, *[read(row) for read in readers]] for row in rows)
    with arriving(model, ["id", *columns], told), connection.cursor() as cursor:
        cursor.execute(f'UPDATE "{meta.db_table}" AS row SET {sets} FROM {ARRIVING} WHERE row.id = {ARRIVING}.id')


def insert_missing(model: type[models.Model], names: Sequence[str], rows: Sequence[models.Model]) -> None:
    """These columns of rows that the model's constraints do not say are there already; the others have their defaults in
    the database. Inside the caller's transaction."""
    if not rows:
        return
    fields = [model._meta.get_field(name) for name in names]
    columns, readers = [f'"{field.column}"' for field in fields], [_reader(field) for field in fields]
    told = ([read(row) for read in readers] for row in rows)
    into = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(columns)}) SELECT * FROM {ARRIVING} ON CONFLICT DO NOTHING'
    )
    with arriving(model, columns, told), connection.cursor() as cursor:
        cursor.execute(into)


@contextmanager
def arriving(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[None]:
    """The rows in a temporary table ARRIVING with these columns of a model's table. Inside the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {ARRIVING} ON COMMIT DROP AS"
            f' SELECT {", ".join(columns)} FROM "{model._meta.db_table}" WITH NO DATA'
        )
        _copy(ARRIVING, columns, rows)
        yield
        cursor.execute(f"DROP TABLE {ARRIVING}")


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    # COPY goes past Django's cursor, whose errors would be psycopg's and not those that callers catch.
    into = copy_into(table, columns)
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(into) as copy:
        for row in rows:
            copy.write_row(row)


def _reader(field: Any) -> Callable[[Any], Any]:
    """What a row has in this field, as COPY takes it."""
    name = field.attname
    if _is_stamp(field):
        now = timezone.now()
        return lambda row: now
    if isinstance(field, models.JSONField):
        encode = _as_exact_json if field.encoder else as_json  # the exact one takes twice as long
        return lambda row: None if (value := getattr(row, name)) is None else encode(value)
    if isinstance(field, WithoutCardNumbers):
        return lambda row: field.get_prep_value(getattr(row, name))
    return attrgetter(name)


def _is_stamp(field: Any) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))
