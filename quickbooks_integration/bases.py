"""What a contact and its customer last agreed on: theirs as last told, ours as QuickBooks knows it. Pure."""

from typing import Any

from quickbooks_integration.mapping import Address, CustomerFacts
from quickbooks_integration.plain_rows import AnySync

NAME_FIELDS = ("first_name", "last_name")
TEXT_FIELDS = (*NAME_FIELDS, "company", "notes", "payment_terms")
ADDRESS_KINDS = ("billing", "shipping")
MAILING = "mailing"
OUR_ADDRESSES = (*ADDRESS_KINDS, MAILING)


def of(sync: AnySync) -> dict[str, Any]:
    """What both agreed on last; a conflict that waits for a person still starts from what it started from."""
    base = {**(sync.base or {})}
    for name, sides in sync.conflicts.items():
        if name in ADDRESS_KINDS:
            base["addresses"] = {**(base.get("addresses") or {}), name: sides["base"]}
        else:
            base[name] = sides["base"]
    return base


def ours_agreed(
    base: dict[str, Any] | None, before: dict[str, Any], after: dict[str, Any], theirs: dict[str, Any]
) -> dict[str, Any]:
    """Our side as QuickBooks knows it by now; what a person changed and what was not sent yet stays a difference, unless
    QuickBooks says the same by itself. Address by address: each is a unit."""
    if base is None:
        return after
    agreed = {
        name: after[name] if before.get(name) == base.get(name) or after[name] == theirs.get(name) else base.get(name)
        for name in after
    }
    if "addresses" in after and agreed["addresses"] is not after["addresses"]:
        sides = (one.get("addresses") or {} for one in (base, before, after, theirs))
        agreed["addresses"] = ours_agreed(*sides)
    return {name: value for name, value in agreed.items() if value is not None}


def is_edited(base_ours: dict[str, Any] | None, ours: dict[str, Any], name: str) -> bool:
    """Whether a person changed it here since both agreed, so that it is about to be sent. Terms are never sent."""
    return base_ours is not None and name in ours and ours[name] != base_ours.get(name)


def source_of(addresses: dict[str, Any], kind: str) -> str:
    """Which of our addresses is this one of QuickBooks'. It knows no mailing address: bills go there as long as we have no
    other."""
    is_empty = not any((addresses.get("billing") or {}).values())
    return MAILING if kind == "billing" and is_empty and MAILING in addresses else kind


def theirs_agreed(base: dict[str, Any], facts: CustomerFacts) -> dict[str, Any]:
    """The next base. What QuickBooks does not say any more stays: without it a later value would look like the first."""
    kept = {name: base[name] for name in TEXT_FIELDS if base.get(name) and not getattr(facts, name)}
    told = {kind: address._asdict() for kind, address in facts.addresses.items() if address != Address()}
    return facts.as_json() | kept | {"addresses": (base.get("addresses") or {}) | told}


def with_field(base: dict[str, Any] | None, ours: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Our base with one field as it is here now."""
    if base is None:
        return None
    if name in ADDRESS_KINDS:
        return {**base, "addresses": {**(base.get("addresses") or {}), name: ours["addresses"][name]}}
    return {**base, name: ours[name]} if name in ours else base
