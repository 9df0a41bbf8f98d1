"""Where a line says something else than a filled field: what exactly, and what the office has decided before."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from contacts.importing.drafts import House
from contacts.models import Contact, ContactAddress, ContactImportDifference, Property
from contacts.particulars import Particulars
from contacts.people import Changes, Difference

Of = ContactImportDifference.Of
# (of, key, field, their value)
Kept = set[tuple[str, int, str, str]]
_NAMES = {"customer_type": "customer type", "payment_terms": "payment terms", "external_id": "external id"}
_KINDS = {f"{kind.label.lower()} address": kind for kind in ContactAddress.Kind}


@dataclass(frozen=True)
class Differing:
    """field: as people call it. values: the columns that would have to be set for it."""

    of: str
    owner: Contact | Property
    field: str
    ours: str
    theirs: str
    values: dict[str, Any]

    def __str__(self) -> str:
        of = "of the property " if self.of == Of.PROPERTY else ""
        return f"The {self.field} {of}stays “{self.ours}”; the line says “{self.theirs}”."


def load_kept(contact_ids: Collection[int], property_ids: Collection[int]) -> Kept:
    """What the office has decided to keep, and against which value."""
    rows = ContactImportDifference.objects.filter(answer=ContactImportDifference.Answer.KEPT).order_by()
    found: Kept = set()
    for of, ids in ((Of.CONTACT, contact_ids), (Of.PROPERTY, property_ids)):
        if ids:
            found.update(rows.filter(of=of, object_id__in=ids).values_list("of", "object_id", "field", "theirs"))
    return found


def of_contact(contact: Contact, person: Particulars, changes: Changes, kept: Kept) -> list[Differing]:
    """A prospect that QuickBooks has as a customer is one: that is filled in, as linking does it."""
    prospect = Contact.CustomerType.PROSPECT
    if contact.customer_type == prospect and person.customer_type == Contact.CustomerType.CUSTOMER:
        del changes.differs["customer_type"]
        changes.filled["customer_type"] = person.customer_type
    found = [
        _difference(Of.CONTACT, contact, _NAMES.get(name, name), one, _values(name, person))
        for name, one in changes.differs.items()
    ]
    return _open(found, kept)


def of_property(house: Property, theirs: House, differs: dict[str, Difference], kept: Kept) -> list[Differing]:
    said = asdict(theirs)
    found = [
        _difference(Of.PROPERTY, house, name, one, {name.replace(" ", "_"): said[name.replace(" ", "_")]})
        for name, one in differs.items()
    ]
    return _open(found, kept)


def _open(found: list[Differing], kept: Kept) -> list[Differing]:
    return [one for one in found if (one.of, one.owner.pk, one.field, one.theirs) not in kept]


def _difference(of: str, owner: Any, field: str, one: Difference, values: dict[str, Any]) -> Differing:
    return Differing(of, owner, field, one.ours, one.theirs, values)


def _values(name: str, person: Particulars) -> dict[str, Any]:
    if name == "name":
        return {"first_name": person.first_name, "last_name": person.last_name}
    if kind := _KINDS.get(name):
        return next({"kind": kind, **address.parts()} for address in person.addresses if address.kind == kind)
    return {name: getattr(person, name)}
