"""Field by field: what each of two contacts says, and which of them should stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst

from contacts.models import Contact, ContactAddress

SURVIVOR, LOSER, BOTH = "survivor", "loser", "both"
# A name is one unit: the first name of one with the last name of another is nobody.
UNITS: dict[str, tuple[str, ...]] = {
    "name": ("first_name", "last_name"),
    "company": ("company",),
    "customer_type": ("customer_type",),
    "notes": ("notes",),
    "payment_terms": ("payment_terms",),
    "credit_limit": ("credit_limit",),
    "tax_exempt": ("tax_exempt",),
    "do_not_contact": ("do_not_contact",),
    "reviewed_on": ("reviewed_on",),
    "unhappy_since": ("unhappy_since",),
    "no_follow_ups_because": ("no_follow_ups_because",),
    "external_id": ("external_id",),
}
FLAGS = ("tax_exempt", "do_not_contact")
# How the survivor came to be here stays true.
NEVER_CHOSEN = {"source"}
ADDRESSES = {kind.value: f"{kind.label} address" for kind in ContactAddress.Kind}


@dataclass(frozen=True)
class Choice:
    """One line of the page. ours: of the survivor; theirs: of the loser; texts, "" for nothing."""

    name: str
    label: str
    ours: str
    theirs: str
    default: str
    can_be_both: bool = False

    @property
    def is_open(self) -> bool:
        """Whether there is anything to choose."""
        return self.ours != self.theirs

    @property
    def options(self) -> list[str]:
        return [SURVIVOR, LOSER, BOTH] if self.can_be_both else [SURVIVOR, LOSER]


def choices(survivor: Contact, loser: Contact) -> list[Choice]:
    """Filled beats empty; of two filled ones the one of the contact that QuickBooks has counts, else the older one's.
    Of notes both stay. Reads prefetched addresses."""
    preferred = SURVIVOR if preferred_of(survivor, loser) == survivor else LOSER
    found = [_of_unit(name, survivor, loser, preferred) for name in UNITS]
    ours, theirs = ({row.kind: row for row in one.addresses.all()} for one in (survivor, loser))
    for kind, label in ADDRESSES.items():
        texts = str(ours.get(kind, "")), str(theirs.get(kind, ""))
        found.append(Choice(kind, label, *texts, _default(*texts, preferred)))
    return found


def texts(shown: Iterable[Choice]) -> list[tuple[str, str, str]]:
    """What there is to choose from, for a fingerprint."""
    return [(choice.name, choice.ours, choice.theirs) for choice in shown]


def preferred_of(one: Contact, other: Contact) -> Contact:
    """Linked to QuickBooks before not linked, older before newer."""
    return min(one, other, key=lambda contact: (contact.quickbooks_customer_id is None, contact.created_at, contact.pk))


def _of_unit(name: str, survivor: Contact, loser: Contact, preferred: str) -> Choice:
    ours, theirs = _text(name, survivor), _text(name, loser)
    label = capfirst(str(Contact._meta.get_field(name).verbose_name)) if name != "name" else "Name"
    both = name == "notes" and bool(ours and theirs) and ours != theirs
    return Choice(name, label, ours, theirs, BOTH if both else _default(ours, theirs, preferred), both)


def _default(ours: str, theirs: str, preferred: str) -> str:
    return preferred if bool(ours) == bool(theirs) else SURVIVOR if ours else LOSER


def _text(name: str, contact: Contact) -> str:
    if name in FLAGS:
        return "Yes" if getattr(contact, name) else ""
    if name == "customer_type":
        return contact.get_customer_type_display() or ""
    values = (getattr(contact, column) for column in UNITS[name])
    return " ".join(str(value) for value in values if value not in (None, ""))


def new_values(name: str, choice: str, survivor: Contact, loser: Contact) -> dict[str, Any]:
    """The survivor's columns of one unit, as they are to become. Nothing when they stay."""
    if choice == LOSER:
        return {column: getattr(loser, column) for column in UNITS[name]}
    if choice == BOTH:
        first, second = (one.notes for one in _in_order(survivor, loser))
        return {"notes": f"{first}\n\n{second}"}
    return {}


def _in_order(survivor: Contact, loser: Contact) -> tuple[Contact, Contact]:
    return (survivor, loser) if preferred_of(survivor, loser) == survivor else (loser, survivor)
