"""What a row was before its first change. pghistory keeps what it became; without this nobody could tell from what."""

from typing import Any

import pghistory
import pghistory.trigger
import pgtrigger
from django.db.models import Q, UniqueConstraint

from contacts import by_statement

LABEL = "before"


class BeforeFirst(by_statement.UpdateEvent):
    """Beside an UpdateEvent, for the tables whose changes are told; needs `once`. One row of an object, however often it
    changes: rows that are only added, as an import does, cost nothing."""

    level = pgtrigger.Row
    label = LABEL
    row = "OLD"
    # Triggers run in the order of their names: before "update_update".
    trigger_name = "before_update"

    def make_trigger(self, **options: Any) -> pghistory.trigger.Event:
        return _RowTrigger(**options) if self.level == pgtrigger.Row else _StatementTrigger(**options)


def _once(func: Any) -> Any:
    """An index decides, not a query: a query's plan, made while the table was empty, would read all of it for each row."""
    insert, end = func.func.rsplit("; RETURN NULL;", 1)
    return pgtrigger.Func(f"{insert} ON CONFLICT DO NOTHING; RETURN NULL;{end}")


class _RowTrigger(pghistory.trigger.Event):
    def get_func(self, model: Any) -> Any:
        return _once(super().get_func(model))


class _StatementTrigger(by_statement.Trigger):
    def get_func(self, model: Any) -> Any:
        return _once(super().get_func(model))


def once(name: str) -> dict[str, Any]:
    """What `pghistory.track` needs as meta beside BeforeFirst; name: of the index."""
    return {"constraints": [UniqueConstraint(fields=["pgh_obj"], name=name, condition=Q(pgh_label=LABEL))]}
