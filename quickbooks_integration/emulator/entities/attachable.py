"""Notes and files attached to transactions, customers and items."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from quickbooks_integration.emulator.attachments.links import temporary_address
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import (
    EXACT_OPERATORS,
    QUERYABLE,
    Anything,
    Boolean,
    Choice,
    Field,
    Number,
    Record,
    Records,
    Text,
)
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.entities.place import Place
from quickbooks_integration.emulator.entities.registry import KINDS
from quickbooks_integration.emulator.entities.shapes import in_order
from quickbooks_integration.emulator.errors import missing_parameter, refusal
from quickbooks_integration.emulator.query.grammar import Ordering

ATTACHED_TO = "AttachableRef.EntityRef"


@dataclass(frozen=True, kw_only=True)
class EntityReference(Field):
    """A reference that says which entity it is to, in any case: {"type": "Invoice", "value": "95"}."""

    def clean(self, value: Any, place: Place) -> Document | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise place.unreadable("a reference", value)
        type, id = str(value.get("type") or "").strip(), str(value.get("value") or "").strip()
        known = {name.lower(): name for name in KINDS}
        return {"value": id, "type": known.get(type.lower(), type)} if type or id else None


@dataclass(frozen=True, kw_only=True)
class AttachedPart(Field):
    """One part of the references, for queries: what a file is attached to may be several things."""

    part: str = ""
    many = True
    operators = EXACT_OPERATORS

    def comparable(self, stored: Any) -> list[str]:
        return [
            str(reference["EntityRef"][self.part]).casefold() for reference in stored or () if "EntityRef" in reference
        ]

    def literal(self, value: Any) -> str:
        return str(value).casefold()


@dataclass
class AttachableKind(Kind):
    def __post_init__(self) -> None:
        super().__post_init__()
        for part in ("type", "value"):
            field = AttachedPart(part=part, filterable=True)
            self.properties[f"{ATTACHED_TO}.{part}".lower()] = (("AttachableRef",), field)

    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        for reference in document.get("AttachableRef", ()):
            if entity := reference.get("EntityRef"):
                yield ("attached to", entity["type"], entity["value"])

    def complete(self, draft: Draft) -> None:
        if "FileName" not in draft.fields and "Note" not in draft.fields:
            raise missing_parameter("Note")
        before = (draft.before or {}).get("AttachableRef", ())
        for reference in draft.fields.get("AttachableRef", ()):
            entity = reference.get("EntityRef")
            if entity and reference not in before and draft.company.find(entity["type"], entity["value"]) is None:
                raise refusal("2500", f"Invalid Reference Id : {ATTACHED_TO}", ATTACHED_TO)

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        shown = super().present(company, document, purpose)
        if "FileAccessUri" in shown:
            shown["TempDownloadUri"] = temporary_address(company.realm, shown["Id"], shown["FileName"], company.clock)
        return in_order(shown, SHAPE)

    def delete(self, company: Company, before: Document, body: Document) -> Document:
        company.remove(self, before["Id"])
        company.files.pop(before["Id"], None)
        return {"status": "Deleted", "domain": "QBO", "Id": before["Id"]}


def names_of_files_to_send(company: Company, entity: str, id: str) -> list[str]:
    """Names of the attached files that go with the document when it is mailed."""
    found = []
    for document in company.indexed("attached to", entity, id):
        wanted = {"value": id, "type": entity}
        sent = any(part.get("IncludeOnSend") and part.get("EntityRef") == wanted for part in document["AttachableRef"])
        if sent and document["Id"] in company.files:
            found.append(document["FileName"])
    return found


REFERENCE = Record(
    parts={
        "EntityRef": EntityReference(),
        "LineInfo": Text(),
        "IncludeOnSend": Boolean(),
        "NoRefOnly": Boolean(),
        "Inactive": Boolean(),
        "CustomField": Anything(),
    },
    class_name="AttachableRef",
)
CATEGORIES = ("Contact Photo", "Document", "Image", "Receipt", "Signature", "Sound", "Other")
FIELDS: dict[str, Field] = {
    "AttachableRef": Records(item=REFERENCE),
    "FileName": Text(longest=1000, **QUERYABLE),
    "Note": Text(longest=2000, **QUERYABLE),
    "Category": Choice(choices=CATEGORIES, **QUERYABLE),
    "ContentType": Text(longest=100, **QUERYABLE),
    "PlaceName": Text(longest=2000, **QUERYABLE),
    "Lat": Text(longest=100, **QUERYABLE),
    "Long": Text(longest=100, **QUERYABLE),
    "Tag": Text(longest=2000, **QUERYABLE),
    "Size": Number(read_only=True, **QUERYABLE),
    "FileAccessUri": Text(read_only=True),
    "TempDownloadUri": Text(read_only=True),
    "ThumbnailFileAccessUri": Text(read_only=True),
    "ThumbnailTempDownloadUri": Text(read_only=True),
}
SHAPE = (
    "FileName",
    "FileAccessUri",
    "TempDownloadUri",
    "Size",
    "ContentType",
    "Category",
    "domain",
    "sparse",
    "Id",
    "SyncToken",
    "MetaData",
    "AttachableRef",
    "Note",
)
ATTACHABLE = AttachableKind("Attachable", FIELDS, is_list=False, order=(Ordering("MetaData.LastUpdatedTime", True),))
