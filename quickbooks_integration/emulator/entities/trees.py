"""Lists with unique names, and those among them whose entries stand below one another."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Boolean, Field, Number, Reference, Text
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.errors import refusal

DEEPEST_LEVEL = 4  # Intuit: an entry and four levels below
FORBIDDEN = re.compile(r"[:\t\n\r]")
DELETED = re.compile(r" \(deleted(?: \d+)?\)$")


@dataclass
class ListKind(Kind):
    """A list whose names are unique, under the same parent where there are parents."""

    name_field: str = "Name"

    def __post_init__(self) -> None:
        self.required = self.required or (self.name_field,)
        super().__post_init__()

    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        yield self.name_key(document)

    def name_key(self, document: Document) -> tuple[str, ...]:
        parent = document.get("ParentRef", {}).get("value", "")
        return ("name", self.name, parent, str(document.get(self.name_field, "")).casefold())

    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        name = str(draft.fields.get(self.name_field, "")).strip()
        if not name:
            return  # `required` refuses it
        draft.fields[self.name_field] = name
        self.refuse_duplicate(draft)

    def refuse_duplicate(self, draft: Draft) -> None:
        if self.holders(draft, draft.fields):
            raise refusal(
                "6240", f"The name supplied already exists. : Another {self.name} is already using this name."
            )

    def holders(self, draft: Draft, fields: Document) -> list[Document]:
        """Other entries under the same name."""
        own = draft.before and draft.before["Id"]
        return [other for other in draft.company.indexed(*self.name_key(fields)) if other["Id"] != own]


@dataclass
class TreeKind(ListKind):
    """A list with sub-entries and full names such as Parent:Child. `sub_flag` is the field that says "has a parent"."""

    sub_flag: str = ""
    shows_level: bool = False

    def __post_init__(self) -> None:
        tree: dict[str, Field] = {
            "Name": Text(longest=100, **QUERYABLE),
            "FullyQualifiedName": Text(read_only=True, **QUERYABLE),
            self.sub_flag: Boolean(filterable=True),
            "ParentRef": Reference(to=self.name, filterable=True),
            "Level": Number(read_only=True),
        }
        self.fields = {**tree, **self.fields}
        super().__post_init__()

    def complete(self, draft: Draft) -> None:
        self._settle_parent(draft)
        self._settle_activity(draft)
        super().complete(draft)
        fields = draft.fields
        if name := fields.get("Name"):
            if FORBIDDEN.search(name):
                raise refusal("2040", f"Invalid String : a name has no colon, tab or line break. {name}", "Name")
            fields["FullyQualifiedName"] = _full_name(self._parent(draft.company, fields), name)

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        if before and before.get("FullyQualifiedName") != after.get("FullyQualifiedName"):
            self._rename_children(company, after)

    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        yield from super().index_keys(document)
        if parent := document.get("ParentRef", {}).get("value"):
            yield ("children", self.name, parent)

    def _parent(self, company: Company, fields: Document) -> Document | None:
        return company.find(self.name, fields.get("ParentRef", {}).get("value", ""))

    def _settle_parent(self, draft: Draft) -> None:
        """An entry with a parent is a sub-entry; the flag set to false in the request takes it out again."""
        fields = draft.fields
        if draft.given.get(self.sub_flag) is False and "ParentRef" not in draft.given:
            fields.pop("ParentRef", None)
        parent = self._parent(draft.company, fields)
        if parent is None:
            fields.pop("ParentRef", None)
            fields.pop("Level", None)
            fields[self.sub_flag] = False
            return
        own = draft.before["Id"] if draft.before else None
        level = self._level_below(draft.company, parent, own)
        fields[self.sub_flag] = True
        if self.shows_level:
            fields["Level"] = level

    def _level_below(self, company: Company, parent: Document, own: str | None) -> int:
        level, above = 1, parent
        while above:
            if above["Id"] == own or level > DEEPEST_LEVEL:
                reason = "below itself" if above["Id"] == own else "more than four levels deep"
                raise refusal("6000", f"Business Validation Error: A {self.name} can't stand {reason}.", "ParentRef")
            above = self._parent(company, above) or {}
            level += bool(above)
        return level

    def _settle_activity(self, draft: Draft) -> None:
        """Deactivation adds a suffix to the name, reactivation takes it away, as with customers."""
        fields, switches = draft.fields, draft.company.switches
        if not switches.deleted_suffix_on_lists or "Name" not in fields:
            return
        if fields.get("Active", True):
            was_active = draft.before is None or draft.before.get("Active", True)
            if not was_active and switches.reactivation_strips_suffix:
                fields["Name"] = DELETED.sub("", fields["Name"])
        elif not DELETED.search(fields["Name"]):
            fields["Name"] = self._deleted_name(draft, fields)

    def _deleted_name(self, draft: Draft, fields: Document) -> str:
        name, number = f"{fields['Name']} (deleted)", 2
        while self.holders(draft, {**fields, "Name": name}):
            name, number = f"{fields['Name']} (deleted {number})", number + 1
        return name

    def _rename_children(self, company: Company, parent: Document) -> None:
        for child in company.indexed("children", self.name, parent["Id"]):
            name = _full_name(parent, child["Name"])
            if child.get("FullyQualifiedName") != name:
                self._rename_children(company, company.touch(self, child["Id"], FullyQualifiedName=name))

    def fill(self, company: Company, document: Document) -> Document:
        if "Name" in document:
            document.setdefault("FullyQualifiedName", document["Name"])
        return super().fill(company, document)


def _full_name(parent: Document | None, name: str) -> str:
    return f"{parent['FullyQualifiedName']}:{name}" if parent else name
