"""Change data capture: what changed since a moment, for several entities in one call."""

from datetime import datetime, timedelta

from quickbooks_integration.emulator.call import Call
from quickbooks_integration.emulator.clock import parse_moment
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import Kind, kind_of
from quickbooks_integration.emulator.errors import ServiceFault, missing_parameter, refusal, unsupported

LOOK_BACK = timedelta(days=30)
MOST_OBJECTS = 1000  # Intuit: in one answer, all entities together; there are no pages
# Intuit: everything but these can be asked for.
WITHOUT_FEED = frozenset(("JournalCode", "TaxAgency", "TaxCode", "TaxRate", "TimeActivity"))
LENGTH_OF_DATE = 10


def changes(call: Call) -> Document:
    query = call.request.query
    return {"CDCResponse": answer(call.company, query.get("entities", ""), query.get("changedSince", ""))}


def answer(company: Company, entities: str, changed_since: str) -> list[Document]:
    """The CDCResponse; batch uses it too. One element per entity, in the order of the request. Raises 500 and 2020."""
    kinds = _kinds(entities)
    moment = _moment(company, changed_since)
    responses, room = [], MOST_OBJECTS
    for kind, actives, deleted in _collect(company, kinds, moment):
        shown = [kind.present(company, document, "change") for document in actives[:room]]
        shown += deleted[: room - len(shown)]
        room -= len(shown)
        responses.append(_response(kind, shown))
    return [{"QueryResponse": responses}]


def _kinds(entities: str) -> list[Kind]:
    names = [name.strip() for name in entities.split(",") if name.strip()]
    if not names:
        raise missing_parameter("entities")
    kinds: dict[str, Kind] = {}
    for name in names:
        kind = kind_of(name)
        if kind is None or kind.name in WITHOUT_FEED:
            raise unsupported(f"cdc for entity {name[:100]}")
        kinds[kind.name] = kind
    return list(kinds.values())


def _moment(company: Company, text: str) -> datetime:
    """Seen: a time that can't be read, such as one whose + became a blank, is answered like one that is too old."""
    if not text.strip():
        raise missing_parameter("changedSince")
    try:
        moment = parse_moment(text.strip())
    except ValueError:
        raise _too_old(company, text) from None
    now = company.clock.now()
    oldest = now - LOOK_BACK
    if len(text.strip()) == LENGTH_OF_DATE:
        oldest = oldest.astimezone(moment.tzinfo).replace(hour=0, minute=0, second=0, microsecond=0)
    if moment < oldest:
        raise _too_old(company, text)
    return moment


def _too_old(company: Company, text: str) -> ServiceFault:
    detail = f"Operation cdc with changedSince date {text[:100]} which is older than fixed days is not supported."
    return refusal(company.switches.change_feed_too_old_code, detail)


Changed = tuple[Kind, list[Document], list[Document]]


def _collect(company: Company, kinds: list[Kind], moment: datetime) -> list[Changed]:
    """All entities at one instant, so that a payment is never seen without its invoice."""
    with company.lock:
        return [(kind, *_changed(company, kind, moment.timestamp())) for kind in kinds]


def _changed(company: Company, kind: Kind, moment: float) -> tuple[list[Document], list[Document]]:
    """Documents as they are now and traces of deleted ones, each oldest change first."""
    collection = company.collection(kind.name)
    ids = collection.recent.since(moment, collection.changed_at)
    actives = [collection.documents[id] for id in ids if id in collection.documents]
    if kind.is_list and not company.switches.inactive_in_change_feed:
        actives = [document for document in actives if document.get("Active") is not False]
    return actives, [collection.tombstones[id] for id in ids if id in collection.tombstones]


def _response(kind: Kind, shown: list[Document]) -> Document:
    if not shown:
        return {}
    response: Document = {kind.name: shown, "startPosition": 1, "maxResults": len(shown)}
    if "TxnDate" in kind.fields:
        # Seen on transactions only, as the number of what is here.
        response["totalCount"] = len(shown)
    return response
