"""What a row was before its first change. pghistory keeps what it became; without this nobody could tell from what."""

from typing import Any

import pghistory
import pghistory.trigger
import pgtrigger

LABEL = "before"


class BeforeFirst(pghistory.UpdateEvent):
    """Beside an UpdateEvent, for the tables whose changes are told. One row of an object, however often it changes: rows
    that are only added, as an import does, cost nothing."""

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
        )
        pgtrigger.register(trigger)(event_model.pgh_tracked_model)


class _Trigger(pghistory.trigger.Event):
    def get_func(self, model: Any) -> Any:
        table, key = self.event_model._meta.db_table, model._meta.pk.column
        columns, values = super().get_func(model).func.split(" VALUES (", 1)
        values = values.rsplit("); RETURN NULL;", 1)[0]
        known = f'SELECT 1 FROM "{table}" WHERE "pgh_obj_id" = OLD."{key}"'
        return pgtrigger.Func(f"{columns} SELECT {values} WHERE NOT EXISTS ({known}); RETURN NULL;")
