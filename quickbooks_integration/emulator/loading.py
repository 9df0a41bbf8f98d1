"""Fills a company from documents: a built-in company, a JSON file, or arrays made by a test."""

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from quickbooks_integration.emulator.clock import with_seconds
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, exact, load_json
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entities.balances import derive_balances
from quickbooks_integration.emulator.entities.kind import Kind
from quickbooks_integration.emulator.entities.settings import STARTING_COMPANY, STARTING_PREFERENCES

Documents = Mapping[str, Sequence[Document]]
BUILT_IN = ("craig", "empty", "sample")
ADDRESSES = ("BillAddr", "ShipAddr", "ShipFromAddr", "CompanyAddr", "PrimaryAddr")
STARTING = {"CompanyInfo": STARTING_COMPANY, "Preferences": STARTING_PREFERENCES}


class LoadingError(Exception):
    """A company that can't be loaded; the text is for the person who started the emulator."""


def documents_of(company: str | Path | Documents, seed: int, today: date) -> tuple[Documents, Mapping[str, int]]:
    """The documents of a company given by name, file or value, and the lowest ids that new ones may get."""
    if isinstance(company, Mapping):
        return exact(dict(company)), {}
    if str(company) in BUILT_IN:
        module = _module(str(company))
        return module.build(seed, today), getattr(module, "NEXT_IDS", {})
    return _file(Path(company)), {}


def _module(name: str) -> ModuleType:
    return import_module(f"quickbooks_integration.emulator.companies.{name}")


def _file(path: Path) -> Documents:
    try:
        found = load_json(path.read_bytes())
    except OSError as error:
        known = ", ".join(BUILT_IN)
        raise LoadingError(f"'{path}' is neither a company ({known}) nor a file that can be read: {error}") from error
    except ValueError as error:
        raise LoadingError(f"'{path}' is not JSON: {error}") from error
    if not isinstance(found, dict) or not all(_is_array_of_objects(value) for value in found.values()):
        raise LoadingError(f"'{path}' should be an object of arrays, such as " + '{"Customer": [...], "Item": [...]}.')
    return found


def _is_array_of_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def load(company: Company, documents: Documents, next_ids: Mapping[str, int] | None = None) -> None:
    """Store the documents with the ids they have. Raises LoadingError; the rules for new entities are not applied."""
    with uncollected(), company.changing():
        _reserve_addresses(company, documents)
        for entity in sorted(documents, key=lambda name: name not in STARTING):
            if entity not in KINDS:
                raise LoadingError(f"There is no entity '{entity}'. Known are: {', '.join(sorted(KINDS))}.")
            _load_entity(company, KINDS[entity], documents[entity])
        for entity, values in STARTING.items():
            if not company.collection(entity).documents:
                _load_entity(company, KINDS[entity], [{**values, "Id": "1"}])
        for kind in KINDS.values():
            kind.finish_loading(company)
        derive_balances(company, documents)
        for sequence, lowest in (next_ids or {}).items():
            company.next_ids[sequence] = max(company.next_ids.get(sequence, 1), lowest)


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the search for garbage: among very many new documents it finds none and takes most of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _load_entity(company: Company, kind: Kind, documents: Sequence[Document]) -> None:
    now = with_seconds(company.clock.now())
    for document in documents:
        if document.get("Id"):
            company.reserve_id(kind.sequence, str(document["Id"]))
    for document in documents:
        id = str(document.get("Id") or company.next_id(kind.sequence))
        if company.find(kind.name, id):
            raise LoadingError(f"There are two entities {kind.name} with the Id {id}.")
        times = {"CreateTime": now, "LastUpdatedTime": now, **document.get("MetaData", {})}
        filled = {key: value for key, value in document.items() if value is not None}
        company.put(kind, id, kind.fill(company, {**filled, "Id": id, "MetaData": times}))


def _reserve_addresses(company: Company, documents: Documents) -> None:
    for items in documents.values():
        for document in items:
            for name in ADDRESSES:
                if isinstance(document.get(name), dict):
                    company.reserve_id("addresses", str(document[name].get("Id", "")))


def json_copy(documents: Documents) -> str:
    """The documents as the text of a company file."""
    return json.dumps(documents, default=float, indent=1)
