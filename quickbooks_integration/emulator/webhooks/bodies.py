"""The bytes of a POST: both formats in all the variants that were seen, and what proves where they come from."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from quickbooks_integration.emulator.clock import PACIFIC
from quickbooks_integration.emulator.documents import dump_json
from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.webhooks.events import MERGE, VOID, Event

LEGACY = "legacy"
VERBS = {"Create": "created", "Update": "updated", "Delete": "deleted", "Merge": "merged", "Emailed": "emailed"}


def body_of(events: Sequence[Event], switches: Switches, source: str) -> bytes:
    """The JSON of some events; a legacy body holds one company only, the caller sees to that."""
    if switches.webhook_format == LEGACY:
        return dump_json(_legacy(events, switches))
    return dump_json([_cloud_event(event, switches, source) for event in events])


def source_of(client_id: str) -> str:
    """Opaque, the same for all events of an app."""
    digest = hashlib.sha256(b"quickbooks emulator " + client_id.encode()).digest()
    return f"intuit.{base64.b64encode(digest).decode()}"


def signature(verifier_token: str, body: bytes) -> str:
    """Intuit: HMAC-SHA256 over the raw bytes, keyed with the verifier token, in base64."""
    return base64.b64encode(hmac.new(verifier_token.encode(), body, hashlib.sha256).digest()).decode()


def headers_of(body: bytes, verifier_token: str, switches: Switches, now: datetime, trace: str) -> dict[str, str]:
    version = {"intuit-notification-schema-version": "0.1"} if switches.webhook_format == LEGACY else {}
    return {
        "content-type": switches.webhook_content_type,
        "accept": "application/json",
        "user-agent": "intuit_notification_server/0.1",
        "intuit-signature": signature(verifier_token, body),
        "intuit-created-time": f"{now.astimezone(PACIFIC):%Y-%m-%dT%H:%M:%S%z}",
        "intuit-t-id": trace,
        **version,
    }


def time_text(time: str, form: str) -> str:
    """A time in one of the forms that were seen: 2025-12-04T15:25:05Z, ...05.91Z, ...05.917Z, nanoseconds, or -0800."""
    moment = datetime.fromisoformat(time).astimezone(UTC)
    if form == "offset":
        return f"{moment.astimezone(PACIFIC):%Y-%m-%dT%H:%M:%S%z}"
    digits = {"seconds": 0, "hundredths": 2, "milliseconds": 3, "nanoseconds": 9}[form]
    fraction = f".{moment.microsecond:06d}000"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _legacy(events: Sequence[Event], switches: Switches) -> dict[str, Any]:
    entities = [_legacy_entity(event, switches) for event in events]
    return {"eventNotifications": [{"realmId": events[0].realm, "dataChangeEvent": {"entities": entities}}]}


def _legacy_entity(event: Event, switches: Switches) -> dict[str, str]:
    told = {
        "name": event.entity,
        "id": event.entity_id,
        "operation": event.operation,
        "lastUpdated": time_text(event.time, switches.webhook_time),
    }
    return told | ({"deletedId": event.deleted_id} if event.deleted_id else {})


def _cloud_event(event: Event, switches: Switches, source: str) -> dict[str, Any]:
    verb = switches.webhook_void if event.operation == VOID else VERBS[event.operation]
    told: dict[str, Any] = {
        "specversion": "1.0",
        "id": _event_id(event, switches),
        "source": source,
        "type": f"qbo.{event.entity.lower()}.{verb}.v1",
        "datacontenttype": "application/json",
        "time": time_text(event.time, switches.webhook_time),
        "intuitentityid": event.entity_id,
        "intuitaccountid": event.realm,
        "data": {"deletedid": event.deleted_id} if event.deleted_id else {},
    }
    if event.entity == "Employee" and switches.webhook_employee_id == "padded":
        _pad_employee(told, event)
    if not told["data"] and _is_bare(event, switches):
        del told["data"], told["datacontenttype"]
    return told


def _event_id(event: Event, switches: Switches) -> str:
    """Seen: events of merges carry the long form in any case."""
    long = event.operation == MERGE or switches.webhook_event_id == "long"
    return f"{event.id}-{event.entity}-{event.entity_id}" if long else event.id


def _is_bare(event: Event, switches: Switches) -> bool:
    """Seen: an event without the keys `data` and `datacontenttype`."""
    if switches.webhook_data == "mixed":
        return int(event.id[:8], 16) % 2 == 0
    return switches.webhook_data == "missing"


def _pad_employee(told: dict[str, Any], event: Event) -> None:
    """Seen: an employee's id with nine digits, and a second id beside it."""
    told["intuitentityid"] = event.entity_id.zfill(9)
    second = {"id": f"{event.realm}:4{event.entity_id.zfill(8)}", "namespace": "Intuit.emulator"}
    told["data"] = {"alternative_ids": [second]}
