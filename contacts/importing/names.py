"""Names and addresses that a list keeps in one cell, taken apart. What cannot be told apart stays whole."""

import re

from contacts.matching import normalise
from contacts.particulars import Address

COMPANY_WORDS = normalise.LEGAL_FORMS | {
    "trust", "trs", "ft", "rt", "associates", "partners", "group", "holdings", "properties", "property", "realty",
    "builders", "construction", "contractors", "contracting", "homes", "management", "services", "condominium",
    "condominiums", "condo", "association", "assn", "hoa", "church", "school", "bank", "city", "town", "estate",
}  # fmt: skip

_ADDRESS = re.compile(
    r"""(?P<street>.+?)\s*[,\n]\s*
        (?P<city>[^,\n\d]+?)\s*,?\s+
        (?P<state>[A-Za-z]{2})\.?,?\s+
        (?P<zip>\d{5}(?:-\d{4})?)
        (?:[\s,]+(?:US|USA|U\.S\.A\.|United\ States(?:\ of\ America)?))?\s*""",
    re.VERBOSE | re.DOTALL,
)


def is_company(name: str) -> bool:
    return bool(COMPANY_WORDS & set(re.findall(r"[a-z]+", name.lower().replace(".", ""))))


def person(name: str) -> tuple[str, str]:
    """(first, last) of "Ann Smith" or "Smith, Ann"; one word alone is a first name."""
    name = " ".join(name.split())
    last, comma, first = name.partition(",")
    if comma and first.strip() and "," not in first:
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return (first, last) if first else (last, "")


def person_or_company(name: str) -> dict[str, str]:
    """The name as the fields of Particulars that it belongs to."""
    name = " ".join(name.split())
    if is_company(name):
        return {"company": name}
    first, last = person(name)
    return {"first_name": first, "last_name": last}


def address(text: str, kind: str) -> Address:
    """An address in one cell, on one line or several; the whole text as the street when its parts cannot be told."""
    found = _ADDRESS.fullmatch(text.strip())
    if not found:
        return Address(street=", ".join(line.strip() for line in text.splitlines() if line.strip()), kind=kind)
    street = ", ".join(part.strip() for part in found["street"].splitlines() if part.strip())
    return Address(street, found["city"].strip(), found["state"].upper(), found["zip"], kind)
