"""A kind of entity: its fields as data, and the steps that create and update share.

A family with rules of its own subclasses Kind and overrides `complete` (rules and defaults before storing),
`after_store` (effects on other documents), `index_keys`, `check_deletion`, or the verbs themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import STAMPS, Document, content
from quickbooks_integration.emulator.entities.fields import (
    Anything,
    Boolean,
    Field,
    Identifier,
    Moment,
    Record,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.place import Place
from quickbooks_integration.emulator.entities.references import check_references, with_names, without_names
from quickbooks_integration.emulator.errors import (
    DELETED_BY_ANOTHER,
    MADE_INACTIVE,
    missing_parameter,
    not_found,
    refusal,
    stale,
    unsupported,
)
from quickbooks_integration.emulator.query.grammar import Ordering

TIMES = {
    "CreateTime": Moment(filterable=True, sortable=True),
    "LastUpdatedTime": Moment(filterable=True, sortable=True),
    "LastModifiedByRef": Reference(plain=True),
}
# Every entity carries these. What is read-only here is accepted from a client and ignored.
STAMP_FIELDS: dict[str, Field] = {
    "Id": Identifier(read_only=True, filterable=True, sortable=True),
    "SyncToken": Text(read_only=True),
    "sparse": Boolean(read_only=True),
    "domain": Text(read_only=True),
    "MetaData": Record(read_only=True, parts=TIMES, class_name="ModificationMetaData"),
    "status": Text(read_only=True),
    "V4IDPseudonym": Text(read_only=True),
    "ClientEntityId": Text(read_only=True),
    "CustomField": Anything(),
    "CustomExtensions": Anything(read_only=True),
}


@dataclass
class Draft:
    """An entity on its way into the store. Rules change `fields`."""

    company: Company
    fields: Document
    before: Document | None  # None while creating
    given: Document  # what the client sent, None for a field that it cleared
    place: Place
    sparse: bool = False

    def default(self, name: str, value: object) -> None:
        if value is not None:
            self.fields.setdefault(name, value)


@dataclass
class Kind:
    name: str
    fields: Mapping[str, Field]
    sequence: str = ""  # whose ids it shares; its own when empty
    is_list: bool = True  # has Active: queries hide the inactive ones
    order: tuple[Ordering, ...] = (Ordering("Id"),)  # of a query that asks for none
    page_has_total: bool = False  # seen: pages of invoices carry totalCount, pages of customers do not
    required: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()  # fields that even a sparse update must send (Intuit: Term.Name)
    signature: Document = field(default_factory=dict)  # what MetaData says beside the times
    keeps: frozenset[str] = frozenset()  # writable fields that a full update does not clear
    can_create: bool = True
    can_update: bool = True
    properties: dict[str, tuple[tuple[str, ...], Field]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.sequence = self.sequence or self.name
        active = {"Active": Boolean(filterable=True, default=True)} if self.is_list else {}
        self.fields = {**STAMP_FIELDS, **active, **self.fields}
        self.keeps = self.keeps | {"Active"}
        self.properties = _properties(self.fields)

    # What queries and lookups need to know

    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        """Keys under which Company.indexed finds the document."""
        return ()

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        """The document as a client sees it. `purpose` is write, read, query or change."""
        shown: Document = with_names(company, document)
        return shown

    def extended(self, company: Company, shown: Document, include: frozenset[str]) -> Document:
        """With what the address asks for by `include=`."""
        return shown

    # Writing; the caller holds company.changing()

    def create(self, company: Company, body: Document) -> Document:
        if not self.can_create:
            raise unsupported(f"create {self.name}")
        given = self.clean(company, body)
        fields = {name: value for name, value in given.items() if value is not None}
        draft = Draft(company, fields, None, given, Place(self.name, company.switches))
        return self._store(draft)

    def update(self, company: Company, before: Document, body: Document) -> Document:
        """Full or sparse update of `before`. Storing the same values again changes nothing (seen)."""
        if not self.can_update:
            raise unsupported(f"update {self.name}")
        before = without_names(before)
        sparse = body.get("sparse") in (True, "true")
        if sparse and not company.switches.empty_text_clears:
            body = {name: value for name, value in body.items() if value != "" or name == "DocNumber"}
        given = self.clean(company, body)
        for name in self.repeats:
            if given.get(name) is None:
                raise missing_parameter(name)
        fields = self._kept(before, sparse)
        for name, value in given.items():
            fields.pop(name, None)
            if value is not None:
                fields[name] = value
        draft = Draft(company, fields, before, given, Place(self.name, company.switches), sparse)
        return self._store(draft)

    def delete(self, company: Company, before: Document, body: Document) -> Document:
        """Lists know no delete; they are made inactive."""
        raise unsupported("delete")

    def void(self, company: Company, before: Document, body: Document) -> Document:
        raise unsupported("void")

    def clean(self, company: Company, body: Document) -> Document:
        """The writable fields of a request, checked one by one; None for the ones that it empties."""
        place = Place(self.name, company.switches)
        given: Document = {}
        for name, value in body.items():
            inner = place.inside(name)
            if name not in self.fields:
                inner.unknown(self.fields)
            elif not self.fields[name].read_only:
                given[name] = None if value is None else self.fields[name].clean(value, inner)
        place.settle()
        return given

    def complete(self, draft: Draft) -> None:
        """Rules and defaults. Raise a fault, or put problems into draft.place."""
        if self.is_list:
            draft.default("Active", True)

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        """Effects on other documents, inside the same change."""

    def change_name(self, before: Document, after: Document) -> str:
        """What the change is announced as."""
        return "Update"

    def _kept(self, before: Document, sparse: bool) -> Document:
        if sparse:
            return content(before)
        return {
            name: value
            for name, value in before.items()
            if name not in STAMPS and (name in self.keeps or name not in self.fields or self.fields[name].read_only)
        }

    def _store(self, draft: Draft) -> Document:
        company, before = draft.company, draft.before
        check_references(company, self.fields, draft)
        self.complete(draft)
        for name in self.required:
            if name not in draft.fields:
                raise missing_parameter(name)
        draft.place.settle()
        if before is not None and draft.fields == content(before):
            return before
        after = (
            company.replace(self, before, draft.fields, self.change_name(before, draft.fields))
            if before
            else (company.add(self, draft.fields))
        )
        self.after_store(company, before, after)
        return company.find(self.name, after["Id"]) or after

    # Loading

    def fill(self, company: Company, document: Document) -> Document:
        """A loaded document with what it may lack. Rules are not applied: real books break them."""
        document.setdefault("domain", "QBO")
        document.setdefault("sparse", False)
        document["SyncToken"] = str(document.get("SyncToken", "0"))
        if self.is_list:
            document.setdefault("Active", True)
        return document

    def finish_loading(self, company: Company) -> None:
        """What can be filled in only when all documents are there."""


def _properties(fields: Mapping[str, Field]) -> dict[str, tuple[tuple[str, ...], Field]]:
    """Property names of queries, in lower case, with the path to their value."""
    found: dict[str, tuple[tuple[str, ...], Field]] = {}
    for name, item in fields.items():
        found[name.lower()] = ((name,), item)
        if isinstance(item, Reference):
            found[f"{name}.value".lower()] = ((name,), item)
        elif isinstance(item, Record):
            for part_name, part in item.parts.items():
                found[f"{name}.{part_name}".lower()] = ((name, part_name), part)
    return found


def stored(company: Company, kind: Kind, body: Document) -> Document:
    """The document that an update, delete or void is about, its SyncToken checked. Raises 610, 2020, 2030, 5010."""
    before = existing(company, kind, body.get("Id"))
    token = body.get("SyncToken")
    if token in (None, "") and company.switches.missing_sync_token == "2020":
        raise missing_parameter("SyncToken")
    if str(token) != before["SyncToken"]:
        raise stale()
    return before


def existing(company: Company, kind: Kind, id: object) -> Document:
    """The document with this id. Raises 610, or 2030 for what can't be an id."""
    text = str(id).strip()
    document = company.find(kind.name, text)
    if document is not None:
        return document
    if not text.isdecimal():
        raise refusal("2030", f"Invalid ID : {text[:100]}", "Id")
    deleted = text in company.collection(kind.name).tombstones
    raise not_found(DELETED_BY_ANOTHER if deleted else MADE_INACTIVE)
