"""What Customer, Vendor and Employee share: one pool of ids and of display names, soft deletion by a suffix."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Anything, Boolean, Field, Text
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.entities.shapes import email, in_order, phone, settle_addresses, web
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.query.grammar import Ordering

NAME_PARTS = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
FORBIDDEN = re.compile(r"[:\t\n\r]")
DELETED = re.compile(r" \(deleted(?: \d+)?\)$")

NAME_FIELDS: dict[str, Field] = {
    "DisplayName": Text(longest=500, **QUERYABLE),
    "Title": Text(longest=16),
    "GivenName": Text(longest=100, **QUERYABLE),
    "MiddleName": Text(longest=100, **QUERYABLE),
    "FamilyName": Text(longest=100, **QUERYABLE),
    "Suffix": Text(longest=16),
    "PrintOnCheckName": Text(longest=110, **QUERYABLE),
    "Organization": Boolean(),
    "PrimaryPhone": phone(),
    "AlternatePhone": phone(),
    "Mobile": phone(),
    "Fax": phone(),
    "PrimaryEmailAddr": email(**QUERYABLE),
    "WebAddr": web(),
    "OtherContactInfo": Anything(),
    "UserId": Text(read_only=True),
    "AttachableRef": Anything(),
}


# The order of keys in recorded answers.
STAMPS_AND_NAMES = (
    "ClientEntityId",
    "domain",
    "sparse",
    "Id",
    "SyncToken",
    "MetaData",
    "Title",
    "GivenName",
    "MiddleName",
    "FamilyName",
    "Suffix",
    "FullyQualifiedName",
    "CompanyName",
    "DisplayName",
    "PrintOnCheckName",
    "Active",
    "V4IDPseudonym",
    "PrimaryPhone",
    "AlternatePhone",
    "Mobile",
    "Fax",
    "PrimaryEmailAddr",
    "WebAddr",
    "DefaultTaxCodeRef",
)


@dataclass
class NameKind(Kind):
    addresses: tuple[str, ...] = ()
    noun: str = ""
    shape: tuple[str, ...] = ()  # order of keys in answers: given are those before STAMPS_AND_NAMES

    def __post_init__(self) -> None:
        self.sequence = "names"
        self.shape = (*self.shape, *STAMPS_AND_NAMES)
        self.order = (Ordering("FullyQualifiedName" if "FullyQualifiedName" in self.fields else "DisplayName"),)
        super().__post_init__()

    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        yield ("display name", str(document.get("DisplayName", "")).casefold())

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        return in_order(
            {**super().present(company, document, purpose), **self.own_ids(company, document, purpose)}, self.shape
        )

    def own_ids(self, company: Company, document: Document, purpose: str) -> Document:
        """Ids of the server's own that answers carry. Seen: a new vendor has one at once."""
        return {"V4IDPseudonym": _pseudonym(company.realm, document["Id"])}

    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        settle_name(draft)
        self._settle_activity(draft)
        self._refuse_duplicate(draft)
        draft.default("PrintOnCheckName", check_name(draft))
        settle_addresses(draft.company, draft.fields, draft.before, *self.addresses)

    def change_name(self, before: Document, after: Document) -> str:
        return "Update"

    def _settle_activity(self, draft: Draft) -> None:
        """Deactivation adds a suffix to the name, reactivation takes it away."""
        fields, switches = draft.fields, draft.company.switches
        was_active = draft.before is None or draft.before.get("Active", True)
        if fields["Active"]:
            if not was_active and switches.reactivation_strips_suffix:
                fields["DisplayName"] = DELETED.sub("", fields["DisplayName"])
            return
        if was_active and draft.before and fields.get("Balance") and switches.deactivation_with_balance == "refuse":
            raise refusal(
                "6220",
                "The entity you are trying to delete has an open balance. : "
                f"This {self.noun} cannot be deleted because it has a non-zero balance",
            )
        if not DELETED.search(fields["DisplayName"]):
            fields["DisplayName"] = self._deleted_name(draft, fields["DisplayName"])

    def _deleted_name(self, draft: Draft, name: str) -> str:
        candidate, number = f"{name} (deleted)", 2
        while draft.company.switches.second_deleted_name == "numbered" and _holders(draft, candidate):
            candidate, number = f"{name} (deleted {number})", number + 1
        return candidate

    def _refuse_duplicate(self, draft: Draft) -> None:
        name = draft.fields["DisplayName"]
        if draft.before and name.casefold() == draft.before.get("DisplayName", "").casefold():
            return
        holders = _holders(draft, name)
        if not draft.fields["Active"] and draft.company.switches.second_deleted_name == "same":
            holders = [holder for holder in holders if holder.get("Active", True)]
        if holders:
            raise duplicate_name(draft.company, holders[0])

    def fill(self, company: Company, document: Document) -> Document:
        document.setdefault("DisplayName", assembled_name(document) or document.get("CompanyName", ""))
        for name in self.addresses:
            if isinstance(document.get(name), dict) and not document[name].get("Id"):
                document[name]["Id"] = company.next_id("addresses")
        return super().fill(company, document)


def assembled_name(fields: Document) -> str:
    return " ".join(fields[part].strip() for part in NAME_PARTS if fields.get(part, "").strip())


def settle_name(draft: Draft) -> None:
    """DisplayName as given, else kept by a sparse update, else put together from the parts of the name."""
    name = str(draft.fields.get("DisplayName", "")).strip()
    if not name and draft.before and "DisplayName" in draft.given:
        name = assembled_name(draft.fields) or draft.before["DisplayName"]
    name = name or assembled_name(draft.fields)
    if not name:
        parts = ", ".join((*NAME_PARTS, "DisplayName"))
        raise refusal("6080", f"Name is missing for a name list entry : supply at least one of {parts}", "DisplayName")
    if FORBIDDEN.search(name) and name != (draft.before or {}).get("DisplayName"):
        raise refusal(
            "2040",
            f"Invalid String : a name has no colon, tab or line break. Supplied value: {name[:500]}",
            "DisplayName",
        )
    draft.fields["DisplayName"] = name


def check_name(draft: Draft) -> str:
    """Seen: the company's name if there is one, else given and family name, else the display name."""
    fields = draft.fields
    person = " ".join(fields[part] for part in ("GivenName", "FamilyName") if fields.get(part))
    name = fields["DisplayName"]
    if draft.company.switches.print_on_check_name_default == "names":
        name = fields.get("CompanyName") or person or name
    return str(name)[:110]


def duplicate_name(company: Company, holder: Document) -> Exception:
    detail = (
        "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
        "Please use a different name."
    )
    if company.switches.duplicate_name_detail_has_id:
        detail += f" Id={holder['Id']}"
    return refusal("6240", detail)


def _holders(draft: Draft, name: str) -> list[Document]:
    """Other customers, vendors and employees with this display name."""
    own = draft.before and draft.before["Id"]
    return [holder for holder in draft.company.indexed("display name", name.casefold()) if holder["Id"] != own]


def _pseudonym(realm: str, id: str) -> str:
    return "002098" + hashlib.blake2b(f"{realm}/{id}".encode(), digest_size=16).hexdigest()
