"""What pghistory keeps of the tables whose changes are told.

What a row was before its first change: pghistory keeps what it became; without this nobody could tell from what. And apart
from each other what is told and what is not, so that a page of changes need not read the second: connecting the books
changes what nobody is told of in every row.
"""

from typing import Any

import pghistory
import pghistory.models
import pghistory.trigger
import pgtrigger
from django.db.models import DO_NOTHING, ForeignKey, Func, Index, Model, Q, TextField, UniqueConstraint

from contacts import by_statement

LABEL = "before"
MADE = "made"
TOLD = ("update", "delete")  # labels of the rows that have something to tell
# Where what was made here comes from; what is read from QuickBooks by the thousand is told on its own page only.
ADMIN, AUTOMATIC = "admin", "automatic"
MADE_HERE = Q(pgh_label=MADE, pgh_source__in=(ADMIN, AUTOMATIC))
# What says nothing to people, or follows from something else that is told.
DERIVED = {"total_sales", "last_payment_date", "average_days_to_pay"}  # of a contact, from its documents
HIDDEN = DERIVED | {"id", "version", "position", "is_odd", "odd_reason", "quickbooks_sync_token", "quickbooks_line_id"}


class FromContext(Func):
    """A key of pghistory's context at the moment at which the row is written."""

    template = "(NULLIF(current_setting('pghistory.context_metadata', true), '')::jsonb ->> '%(key)s')"
    arity = 0
    output_field = TextField()


class Event(pghistory.models.Event):
    """Who it was stands in the row too: by way of the context a page would read all rows to find those of one person."""

    pgh_user = TextField(null=True, db_default=FromContext(key="user"))  # noqa: DJ001
    pgh_source = TextField(null=True, db_default=FromContext(key="source"))  # noqa: DJ001

    class Meta:
        abstract = True


class ToldUpdate(by_statement.UpdateEvent):
    """A change of a column that is told."""

    def setup(self, event_model: Any) -> None:
        self.condition = pgtrigger.AnyChange(*_columns(event_model, told=True))
        self.add_event_trigger(event_model)


class QuietUpdate(by_statement.UpdateEvent):
    """A change of nothing but columns that are not told: kept, and on no page."""

    label = "quiet"

    def setup(self, event_model: Any) -> None:
        quiet = _columns(event_model, told=False)
        if quiet:
            self.condition = _OnlyThese(quiet, _columns(event_model, told=True))
            self.add_event_trigger(event_model)


class _OnlyThese(pgtrigger.Condition):
    def __init__(self, these: list[str], others: list[str]) -> None:
        self.these, self.others = these, others

    def resolve(self, model: type[Model]) -> str:
        changed, others = pgtrigger.AnyChange(*self.these), pgtrigger.AllDontChange(*self.others)
        return f"(({changed.resolve(model)}) AND ({others.resolve(model)}))"


def _columns(event_model: Any, *, told: bool) -> list[str]:
    """That are tracked. The key never changes."""
    tracked = {field.name for field in event_model.pgh_tracked_model._meta.fields} - {"id"}
    return [
        field.name for field in event_model._meta.fields if field.name in tracked and (field.name in HIDDEN) != told
    ]


class BeforeFirst(by_statement.UpdateEvent):
    """Beside an UpdateEvent, for the tables whose changes are told. One row of an object, however often it changes: rows
    that are only added, as an import does, cost nothing."""

    label = LABEL
    row = "OLD"
    # Triggers run in the order of their names: before "update_update".
    trigger_name = "before_update"

    def make_trigger(self, **options: Any) -> pghistory.trigger.Event:
        return _Once(**options)


class _Once(by_statement.Trigger):
    def get_func(self, model: Any) -> Any:
        """An index decides, not a query: a query's plan, made while the table was empty, would read all of it for each row."""
        insert, end = super().get_func(model).func.rsplit("; RETURN NULL;", 1)
        return pgtrigger.Func(f"{insert} ON CONFLICT DO NOTHING; RETURN NULL;{end}")


def tracked(name: str, *, level: pgtrigger.Level = pgtrigger.Row, made: bool = False, **options: Any) -> Any:
    """Decorates a model whose changes are told; name: of the indexes. level: pgtrigger.Statement where statements change
    thousands. made: that a row was made is kept too. options: as of `pghistory.track`."""
    trackers = [BeforeFirst(level=level), ToldUpdate(level=level), QuietUpdate(level=level), pghistory.DeleteEvent()]
    if made:
        trackers.append(by_statement.InsertEvent(MADE))
    return pghistory.track(*trackers, base_model=Event, meta=_meta(name, made=made), **options)


def unindexed(to: str, **options: Any) -> Any:
    """For `attrs` of pghistory: a key of the row that nobody looks for in its history. pghistory gives each an index,
    which is written with each row."""
    return ForeignKey(to, on_delete=DO_NOTHING, related_name="+", db_constraint=False, db_index=False, **options)


def _meta(name: str, *, made: bool) -> dict[str, Any]:
    """The indexes are for the pages of changes, which go from the newest to the oldest."""
    once = UniqueConstraint(fields=["pgh_obj"], name=f"{name}_before_once", condition=Q(pgh_label=LABEL))
    is_told, newest = Q(pgh_label__in=TOLD), ["-pgh_created_at", "-pgh_id"]
    indexes = [
        Index(fields=newest, name=f"{name}_told", condition=is_told),
        *(
            Index(
                fields=[f"pgh_{by}", *newest],
                name=f"{name}_of_{by}",
                condition=is_told & Q(**{f"pgh_{by}__isnull": False}),
            )
            for by in ("user", "source")
        ),
        *([Index(fields=newest, name=f"{name}_made", condition=MADE_HERE)] if made else []),
    ]
    return {"constraints": [once], "indexes": indexes}
