"""Two states of a row in words: what changed, from what to what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from contacts import colleagues
from contacts.before_first import HIDDEN
from contacts.models import Contact

NOTHING = "nothing"
LONGEST = 200
UNKNOWN = "Changed. What it was before was not kept then."
Names = Mapping[tuple[type[models.Model], Any], str]


def fields_of(event: Any) -> list[models.Field]:
    """The tracked model's, as far as they are kept and told."""
    kept = {field.name for field in event._meta.concrete_fields}
    tracked = event.pgh_tracked_model._meta.concrete_fields
    return [field for field in tracked if field.name in kept and field.name not in HIDDEN]


def names_for(events: Iterable[Any]) -> Names:
    """What the keys in these rows stand for; one query for each model, two more for contacts."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for event in events:
        for field in fields_of(event):
            if field.related_model is not None and (key := getattr(event, field.attname)) is not None:
                wanted[field.related_model].add(key)
    return {(model, row.pk): _name(row) for model, keys in wanted.items() for row in _rows(model).filter(pk__in=keys)}


def _rows(model: type[models.Model]) -> Any:
    rows = model._default_manager.all()
    return rows.prefetch_related("phones", "emails") if model is Contact else rows


def _name(row: Any) -> str:
    return colleagues.name_of(row) if isinstance(row, AbstractBaseUser) else str(row)


def row_in_words(event: Any, columns: Iterable[str], names: Names) -> str:
    """Which row it is, by these columns; those that are empty say nothing."""
    fields = [event.pgh_tracked_model._meta.get_field(name) for name in columns]
    values = ((field, getattr(event, field.attname)) for field in fields)
    return ", ".join(said(field, value, names) for field, value in values if value not in (None, ""))


def differences(before: Any, after: Any, names: Names, untold: Set[str] = frozenset()) -> list[str]:
    """A sentence a field, but for those that are untold; [] when nothing changed that is told."""
    told = [field for field in fields_of(after) if field.name not in untold]
    changed = [field for field in told if _value(field, before) != _value(field, after)]
    return [_sentence(field, before, after, names) for field in changed]


def _value(field: models.Field, event: Any) -> Any:
    value = getattr(event, field.attname)
    return "" if value is None else value


def _sentence(field: models.Field, before: Any, after: Any, names: Names) -> str:
    if field.name.startswith("quickbooks_") and field.name.endswith("_id"):
        if not _value(field, after):
            return "It is no longer tied to QuickBooks."
        return "It is another one in QuickBooks now." if _value(field, before) else "It is in QuickBooks now."
    label = str(field.verbose_name)
    was, now = said(field, getattr(before, field.attname), names), said(field, getattr(after, field.attname), names)
    return f"{label[:1].upper()}{label[1:]} from {was} to {now}."


def said(field: models.Field, value: Any, names: Names) -> str:
    """One value as people read it."""
    if value is None or value == "":
        return NOTHING
    if field.related_model is not None:
        return names.get((field.related_model, value), "one that is deleted")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return date_format(local, "M j, Y" if local.time() == time() else "M j, Y, g:i A")
    if isinstance(value, date):
        return date_format(value, "M j, Y")
    if isinstance(field, models.DecimalField) and isinstance(value, Decimal):
        return _number(field, value)
    text = " ".join(str(value).split())
    return f"“{text if len(text) <= LONGEST else f'{text[:LONGEST]}...'}”"


def _number(field: models.DecimalField, value: Decimal) -> str:
    """Two decimals are dollars, but for a quantity."""
    if field.decimal_places == 2 and field.name != "quantity":
        return f"{'-' if value < 0 else ''}${abs(value):,.2f}"
    text = f"{value.normalize():f}"
    return f"{text} %" if field.name.endswith("percent") else text
