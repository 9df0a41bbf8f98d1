"""Takes from a contact what it got from a customer (`MatchDecision.before`), where nobody has changed it since."""

from collections.abc import Callable
from typing import Any

from contacts.matching import normalise
from contacts.models import Contact, ContactAddress
from quickbooks_integration import enriching


def take_back(contact: Contact, before: dict[str, Any]) -> list[str]:
    """Undoes an enriching.apply, or several that were joined. Each field that still has the value which it was given then
    gets its old one.

    Returns sentences about what stays because somebody changed it since. Saves the contact, not the sync row.
    """
    stays = _fields(contact, before.get("fields", {}))
    stays += _added(contact.phones, before.get("phones", []), "number", _number)
    stays += _added(contact.emails, before.get("emails", []), "address", str.casefold)
    stays += _addresses(contact, before.get("addresses", []))
    enriching.set_money(contact)
    contact.save()
    enriching.forget_prefetched(contact)
    return stays


def joined(first: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """One `before` for two steps. Where somebody changed a field in between, what he wrote comes back."""
    fields = dict(first.get("fields", {}))
    for name, change in later["fields"].items():
        known = fields.get(name)
        is_next = known is not None and known["became"] == change["was"]
        fields[name] = {"was": known["was"] if is_next else change["was"], "became": change["became"]}
    lists = {name: [*first.get(name, []), *later[name]] for name in ("phones", "emails", "addresses")}
    return first | {"fields": fields} | lists


def _fields(contact: Contact, changes: dict[str, Any]) -> list[str]:
    stays = []
    for name, change in changes.items():
        if getattr(contact, name) == change["became"]:
            setattr(contact, name, change["was"])
        else:
            stays.append(f"{enriching.LABELS.get(name, name)} was changed since and stays as it is.")
    return stays


def _added(held: Any, added: list[Any], column: str, identity: Callable[[str], Any]) -> list[str]:
    """Removes the rows that still say what was added. Older decisions know only the key of a row: that one goes as it is."""
    came = {one["id"]: one["became"] for one in added if isinstance(one, dict)}
    only_keys = [one for one in added if isinstance(one, int)]
    corrected = {
        pk: now
        for pk, now in held.filter(pk__in=list(came)).order_by("pk").values_list("pk", column)
        if identity(now) != identity(came[pk])
    }
    held.filter(pk__in=[*came.keys() - corrected.keys(), *only_keys]).delete()
    return [f"{came[pk]} was corrected to {now} since, which stays." for pk, now in corrected.items()]


def _number(text: str) -> normalise.Phone | str:
    return normalise.phone(text) or text.casefold()


def _addresses(contact: Contact, changes: list[dict[str, Any]]) -> list[str]:
    """The last change first: each finds what the next one has left."""
    changed = False
    for change in reversed(changes):
        row = ContactAddress.objects.filter(contact=contact, pk=change["id"]).first()
        if row is None or {name: getattr(row, name) for name in change["became"]} != change["became"]:
            changed = True
        elif change["was"] is None:
            row.delete()
        else:
            for name, value in change["was"].items():
                setattr(row, name, value)
            row.save()
    return ["An address was changed since and stays as it is."] if changed else []
