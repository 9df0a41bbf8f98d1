"""The batch address: up to thirty independent operations in one request, each with an answer of its own."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from quickbooks_integration.emulator import change_feed, entity_calls, query_calls
from quickbooks_integration.emulator.call import Call
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import Kind, kind_of
from quickbooks_integration.emulator.errors import ServiceFault, missing_parameter, refusal, unsupported
from quickbooks_integration.emulator.reports.calls import report_of
from quickbooks_integration.emulator.transport import fault_body

MOST_ITEMS = 30
# Intuit: tighter than elsewhere, because the service makes one requestid per item out of both.
LONGEST_REQUEST_ID = 36
LONGEST_ITEM_ID = 10
READS = ("Query", "CDCQuery", "ReportQuery")


def run(call: Call) -> Document:
    """HTTP 200 whatever becomes of the items. Raises 1040, 2130, 2020 and 2300 for the request as a whole."""
    items = _items(call)
    if call.world.switches.batch_order == "shuffled":
        # Intuit: no order of execution should be assumed.
        call.world.random.shuffle(items)
    return {"BatchItemResponse": [_answer(call, item) for item in items]}


def _items(call: Call) -> list[Document]:
    items = call.body().get("BatchItemRequest")
    if items is None:
        raise missing_parameter("BatchItemRequest")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise refusal("2300", "ObjectParserError: BatchItemRequest should be a list of objects", "BatchItemRequest")
    if len(items) > MOST_ITEMS:
        raise refusal("1040", f"Number of items exceeds the maximum of {MOST_ITEMS}: {len(items)}", "BatchItemRequest")
    request_id = call.request.query.get("requestid", "")
    if request_id:
        _check_ids(request_id, [str(item.get("bId", "")) for item in items])
    return list(items)


def _check_ids(request_id: str, item_ids: list[str]) -> None:
    if len(request_id) > LONGEST_REQUEST_ID:
        raise refusal("2130", f"The request id of a batch has at most {LONGEST_REQUEST_ID} characters", "requestid")
    if any(len(id) > LONGEST_ITEM_ID for id in item_ids):
        raise refusal("2130", f"With a requestid a bId has at most {LONGEST_ITEM_ID} characters", "bId")


def _answer(call: Call, item: Document) -> Document:
    echo = {"bId": item["bId"]} if "bId" in item else {}
    try:
        return {**echo, **_carried_out(call, item)}
    except ServiceFault as fault:
        return {**echo, **fault_body(fault)}


def _carried_out(call: Call, item: Document) -> Document:
    reads = [name for name in READS if name in item]
    if reads:
        found = _read(call, reads[0], item[reads[0]])
        if call.world.switches.batch_reads_are_metered:
            call.world.limits.meter(call.client_id)
        return found
    kind, body = _entity(item)
    operation, options = str(item.get("operation", "")).lower(), str(item.get("optionsData", "")).lower()
    if not operation:
        raise missing_parameter("operation")
    if operation == "update" and options == "void":
        operation = "void"
    return entity_calls.write_one(call.company, kind, operation, body, frozenset(options.split(",")))


def _entity(item: Document) -> tuple[Kind, Document]:
    """The one entity of an item. Raises 2020 without one, 500 for an unknown one."""
    names = [name for name in item if name not in ("bId", "operation", "optionsData")]
    if not names:
        raise missing_parameter("IntuitObject")
    kind, body = kind_of(names[0]), item[names[0]]
    if kind is None:
        raise unsupported(names[0][:100])
    if not isinstance(body, dict):
        raise refusal("2300", f"ObjectParserError: {kind.name} should be an object", kind.name)
    return kind, body


def _read(call: Call, name: str, wanted: Any) -> Document:
    if name == "Query":
        return {"QueryResponse": query_calls.answer(call.company, str(wanted))}
    if name == "CDCQuery":
        asked = wanted if isinstance(wanted, dict) else {}
        entities, since = str(asked.get("Entities", "")), str(asked.get("ChangedSince", ""))
        return {"CDCResponse": change_feed.answer(call.company, entities, since)}
    address = urlsplit(str(wanted))
    report = address.path.rstrip("/").rsplit("/", 1)[-1]
    return {"Report": report_of(call.company, report, dict(parse_qsl(address.query)))}
