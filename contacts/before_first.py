"""What a row was before its first change. pghistory keeps what it became; without this nobody could tell from what."""

from typing import Any

import pghistory
import pghistory.trigger
import pgtrigger
from django.db.models import Q, UniqueConstraint

LABEL = "before"


class BeforeFirst(pghistory.UpdateEvent):
    """Beside an UpdateEvent, for the tables whose changes are told; needs `once`. One row of an object, however often it
    changes: rows that are only added, as an import does, cost nothing."""

    label = LABEL
    row = "OLD"
    # Triggers run in the order of their names: before "update_update".
    trigger_name = "before_update"

    def add_event_trigger(self, event_model: Any) -> None:
        trigger = _Trigger(
            event_model=event_model,
            label=self.label,
            name=self.trigger_name,
            row=self.row,
            operation=self.operation,
            condition=self.condition,
            level=self.level,
        )
        pgtrigger.register(trigger)(event_model.pgh_tracked_model)


class _Trigger(pghistory.trigger.Event):
    def get_func(self, model: Any) -> Any:
        """An index decides, not a query: a query's plan, made while the table was empty, would read all of it for each row."""
        insert, end = super().get_func(model).func.rsplit("; RETURN NULL;", 1)
        return pgtrigger.Func(f"{insert} ON CONFLICT DO NOTHING; RETURN NULL;{end}")


def once(name: str) -> dict[str, Any]:
    """What `pghistory.track` needs as meta beside BeforeFirst; name: of the index."""
    return {"constraints": [UniqueConstraint(fields=["pgh_obj"], name=name, condition=Q(pgh_label=LABEL))]}
