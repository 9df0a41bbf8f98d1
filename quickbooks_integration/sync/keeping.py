"""What of our row one field is made of: kept as JSON before a decision, and put back when that is undone."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet

Kept = dict[str, Any]
_BY_COLUMN: dict[type[Model], dict[str, Any]] = {}


def columns_of(row: Model, names: Iterable[str]) -> Kept:
    """{column: its value as JSON}"""
    return {name: _as_json(getattr(row, name)) for name in names}


def put_columns(row: Model, kept: Kept) -> list[str]:
    """Sets the columns, saves nothing. Returns their names."""
    for name, value in kept.items():
        setattr(row, name, _column(row, name).to_python(value))
    return list(kept)


def rows_of(rows: QuerySet[Any]) -> list[Kept]:
    """All columns of these rows, their keys too."""
    names = [field.attname for field in rows.model._meta.concrete_fields]
    return [columns_of(row, names) for row in rows.order_by("pk")]


def put_rows(rows: QuerySet[Any], kept: list[Kept], *, unique: str = "") -> None:
    """Makes these rows the kept ones again; one that was deleted since comes back under its old key. unique: a column
    whose values may not meet on the way."""
    model = rows.model
    rows.exclude(pk__in=[one["id"] for one in kept]).delete()
    if unique:
        rows.update(**{unique: None})
    there = set(rows.values_list("pk", flat=True))
    restored = [_made(model, one) for one in kept]
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._default_manager.bulk_update([row for row in restored if row.pk in there], names)
    model._default_manager.bulk_create([row for row in restored if row.pk not in there])


def _made(model: type[Model], kept: Kept) -> Any:
    row = model()
    put_columns(row, kept)
    return row


def _column(row: Model, name: str) -> Any:
    field = _BY_COLUMN.setdefault(type(row), {one.attname: one for one in row._meta.concrete_fields})[name]
    return field.target_field if field.is_relation else field


def _as_json(value: Any) -> Any:
    """Times to the microsecond, which Django's own encoder cuts off."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
