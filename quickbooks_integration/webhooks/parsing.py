"""Which objects of which company a webhook names. Pure.

Intuit sends CloudEvents (an array) since 2026 and sent eventNotifications (an object) before; both are understood, and
whatever an event lacks is no reason to lose the others.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TYPE = re.compile(r"qbo\.([a-z]+)\.([a-z]+)", re.IGNORECASE)


class Unreadable(ValueError):
    """Neither of Intuit's formats. str() is a sentence for the office."""


@dataclass(frozen=True, order=True)
class Named:
    """One object of one company. entity: as Intuit calls it, in lower case. may_be_gone: deleted there, or merged.
    merged_into: the id of the object that it was merged into."""

    company_id: str
    entity: str
    entity_id: str
    may_be_gone: bool = False
    merged_into: str = ""


def objects_named(body: bytes) -> list[Named]:
    """Each object once, however often it is named. Raises Unreadable."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is no JSON, so nobody can tell what changed.") from error
    if isinstance(told, list):
        events = [one for event in told for one in _cloud_event(event)]
    elif isinstance(told, dict) and isinstance(told.get("eventNotifications"), list):
        events = [one for notification in told["eventNotifications"] for one in _notification(notification)]
    else:
        raise Unreadable("The body has neither of the two forms in which Intuit tells of changes.")
    return _once(events)


def _once(events: list[Named]) -> list[Named]:
    gone = {(one.company_id, one.entity, one.entity_id) for one in events if one.may_be_gone}
    into = {(one.company_id, one.entity, one.entity_id): one.merged_into for one in events if one.merged_into}
    keys = dict.fromkeys((one.company_id, one.entity, one.entity_id) for one in events)
    return [Named(*key, may_be_gone=key in gone, merged_into=into.get(key, "")) for key in keys]


def _cloud_event(event: Any) -> Iterator[Named]:
    if not isinstance(event, dict):
        return
    found = TYPE.match(_text(event.get("type")))
    if found is None:
        return
    data = event.get("data")
    deleted = data.get("deletedid", data.get("deletedId")) if isinstance(data, dict) else ""
    yield from _named(event.get("intuitaccountid"), found[1], event.get("intuitentityid"), found[2], deleted)


def _notification(notification: Any) -> Iterator[Named]:
    if not isinstance(notification, dict):
        return
    changes = notification.get("dataChangeEvent")
    entities = changes.get("entities") if isinstance(changes, dict) else None
    for entity in entities if isinstance(entities, list) else []:
        if isinstance(entity, dict):
            yield from _named(
                notification.get("realmId"),
                entity.get("name"),
                entity.get("id"),
                entity.get("operation"),
                entity.get("deletedId"),
            )


def _named(company_id: Any, entity: Any, entity_id: Any, operation: Any, deleted_id: Any) -> Iterator[Named]:
    """The object, and of a merge the one that ended, too."""
    company, kind, verb = _text(company_id), _text(entity).lower(), _text(operation).lower()
    if not company or not kind:
        return
    if _text(entity_id):
        yield Named(company, kind, _text(entity_id), may_be_gone=verb.startswith("delete"))
    if _text(deleted_id):
        yield Named(company, kind, _text(deleted_id), may_be_gone=True, merged_into=_text(entity_id))


def _text(value: Any) -> str:
    """Ids come as texts and, from some senders, as numbers; no id of Intuit's is longer than 50 characters."""
    is_text = isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool))
    return str(value).replace("\0", "").strip()[:50] if is_text else ""
