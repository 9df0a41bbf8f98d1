"""What it is that makes a pair a question: one word for each, the one that leaves least to a machine first."""

from enum import StrEnum

from contacts.matching import names, normalise
from contacts.matching.candidates import Person, SharedKeys


class Kind(StrEnum):
    TAKEN_BACK = "taken_back"
    HOUSEHOLD = "household"  # one family: the same family name, another given name
    PART = "part"  # nothing of the name but the family's, or an initial: it may be another of the family
    NUMBER = "number"  # nothing but the number is the same: it may have a new owner
    NAME = "name"  # other people, with more than a number in common
    LINKED = "linked"  # the contact has a customer already
    SEVERAL = "several"  # one of several customers or contacts
    JOB = "job"
    VENDOR = "vendor"  # one side is a vendor, or says in its name whether it is one
    COMPANY = "company"  # a firm on one side, a person on the other
    NAME_ONLY = "name_only"  # the same name and house, but another phone or e-mail
    SILENT = "silent"  # no name to compare, and the rest differs
    LITTLE = "little"  # nothing speaks against it, but too little for it: also a number that is the same but for a slip
    INACTIVE = "inactive"


LABELS = {
    Kind.TAKEN_BACK: "Link was taken back",
    Kind.HOUSEHOLD: "Household: same family name",
    Kind.PART: "Only a family name or an initial",
    Kind.NUMBER: "Same number, everything else differs",
    Kind.NAME: "Another name, more than the number is the same",
    Kind.LINKED: "Contact already linked",
    Kind.SEVERAL: "Several may be meant",
    Kind.JOB: "Job of another customer",
    Kind.VENDOR: "A vendor and a customer may have this name",
    Kind.COMPANY: "A company and a person",
    Kind.NAME_ONLY: "Name and house only",
    Kind.SILENT: "No name, and the rest differs",
    Kind.INACTIVE: "Inactive in QuickBooks",
    Kind.LITTLE: "Little to go by",
}
# Everything that looks alike without being one is among these: a person looks at each pair by itself.
ONE_BY_ONE = frozenset(
    {
        Kind.TAKEN_BACK,
        Kind.HOUSEHOLD,
        Kind.PART,
        Kind.NUMBER,
        Kind.NAME,
        Kind.LINKED,
        Kind.SEVERAL,
        Kind.JOB,
        Kind.VENDOR,
        Kind.SILENT,
        Kind.LITTLE,
    }
)


def of_another_name(contact: Person, customer: Person, shared: SharedKeys) -> Kind:
    """What two may be to each other whose names contradict."""
    if _family_names(contact) & _family_names(customer):
        return Kind.HOUSEHOLD
    if not (shared.emails or shared.places or shared.crowded):
        return Kind.NUMBER
    return Kind.COMPANY if _is_firm(contact) != _is_firm(customer) else Kind.NAME


def _family_names(person: Person) -> set[str]:
    full = f"{person.first_name} {person.last_name}".strip()
    texts = [full] if full else [] if person.company else [person.display_name]
    everybody = (words for text in texts for words in names.people_in(text))
    # "Ann Smith 2" is the second Ann Smith.
    return {word for words in everybody for word in [word for word in words if word.isalpha()][-1:]}


def _is_firm(person: Person) -> bool:
    if normalise.words(person.first_name, person.last_name):
        return False
    written = person.display_name.lower().replace(".", "").split()
    return bool(person.company) or bool(normalise.LEGAL_FORMS & set(written))
