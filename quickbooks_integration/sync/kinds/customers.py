"""Edited contacts and their QuickBooks customer. New customers are made by creating.py, pulled ones by customers.py."""

from collections.abc import Iterable
from typing import Any

from contacts.matching import normalise
from contacts.models import Contact
from quickbooks_integration import bases, enriching, mapping
from quickbooks_integration.bases import MAILING, OUR_ADDRESSES
from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.mapping import EMAIL_LIMIT, LIMITS, PHONE_FIELDS, PHONE_LIMIT, Document, Unusable
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.sync import customers, keeping
from quickbooks_integration.sync.keeping import Kept
from quickbooks_integration.sync.kinds.base import Kind, Request, World
from quickbooks_integration.sync.outcomes import Outcome

NAMES = {"first_name": "GivenName", "last_name": "FamilyName", "company": "CompanyName", "notes": "Notes"}
# A fax is nobody's telephone.
DIALLED = PHONE_FIELDS[:3]


class Customers(Kind[Contact]):
    """What the office may change of a customer: names, notes, phones, e-mails, addresses. Money is QuickBooks'."""

    entity_type, entity = "customer", "Customer"
    map_row_first = True

    def lock(self, local_id: int | None, document: Document | None = None) -> Contact | None:
        rows = Contact.objects.select_for_update(no_key=True).filter(pk=local_id or 0)
        return rows.prefetch_related("phones", "emails", "addresses").first()

    def named(self, row: Contact) -> str:
        return str(row)

    def ours(self, row: Contact, sync: QuickBooksSync) -> Projection:
        return enriching.ours_of(row)

    def theirs(self, document: Document, world: World) -> Projection:
        return mapping.customer_facts(document, mapping.term_name(document, dict(world.names))).as_json()

    def merge(self, row: Contact, sync: QuickBooksSync, document: Document, world: World) -> Outcome:
        """By the rules of enriching: what is filled here is never overwritten without a base that both agreed on."""
        known = customers.known(world.auth, [sync.entity_id])[sync.entity_id]
        change = customers.Change(known, mapping.customer_row(document, dict(world.names)), document)
        QuickBooksSync.objects.filter(pk=sync.pk).update(needs_read=False)
        is_conflict = bool(customers.update(world.auth, [change]))
        return Outcome.CONFLICT if is_conflict else Outcome.UPDATED

    def request(self, row: Contact, sync: QuickBooksSync, ours: Projection, world: World) -> Request:
        raw, agreed = sync.customer.raw, sync.base_ours or {}
        body: Document = {"Id": raw["Id"], "SyncToken": raw["SyncToken"], "sparse": True}
        for name, field in NAMES.items():
            if ours[name] != agreed.get(name):
                body[field] = _short(ours[name], field)
        body |= _display_name(ours, agreed, raw)
        if ours["phones"] != agreed.get("phones"):
            body |= _phones(ours["phones"], agreed.get("phones", []), raw)
        if ours["emails"] != agreed.get("emails"):
            body |= _emails(ours["emails"], agreed.get("emails", []), raw)
        body |= _addresses(ours["addresses"], agreed.get("addresses", {}), raw)
        return Request("update", body)

    def sendable(self, ours: Projection, agreed: Projection) -> list[str]:
        """A link that was made before both bases were kept has nothing to compare with: nothing is sent for it. Nor is a
        mailing address beside a billing address."""
        if not agreed:
            return []
        if bases.source_of(ours.get("addresses") or {}, "billing") != MAILING:
            ours, agreed = _without_mailing(ours), _without_mailing(agreed)
        return super().sendable(ours, agreed)

    def take(self, row: Contact, fields: Iterable[str], document: Document, world: World, *, said: str = "") -> None:
        """Raises Unusable when QuickBooks has no value: nothing is overwritten with nothing."""
        facts = mapping.customer_facts(document, mapping.term_name(document, dict(world.names)))
        for name in fields:
            enriching.put(row, facts, name)

    def value(self, projection: Projection, name: str) -> Any:
        if name in OUR_ADDRESSES:
            return (projection.get("addresses") or {}).get(name)
        return projection.get(name)

    def with_value(self, projection: Projection, name: str, value: Any) -> Projection:
        if name not in OUR_ADDRESSES:
            return super().with_value(projection, name, value)
        addresses = super().with_value(projection.get("addresses") or {}, name, value)
        return {**projection, "addresses": addresses}

    def when_ours_counts(self, agreed: Projection, name: str, ours: Any, theirs: Any) -> Projection:
        """What was edited here is sent as it is, and the name in QuickBooks' lists follows from the one that it had here. A
        value from before the link was never edited: only what they say makes it one that differs."""
        if not self.is_sent(name) or self.value(agreed, name) != ours:
            return agreed
        return super().when_ours_counts(agreed, name, ours, theirs)

    def our_value(self, row: Contact, sync: QuickBooksSync, name: str) -> Any:
        if not self.is_sent(name):
            return getattr(row, name) or ""
        return super().our_value(row, sync, name)

    def is_sent(self, name: str) -> bool:
        return name in (*NAMES, *enriching.ADDRESS_KINDS)

    def keep(self, row: Contact, name: str) -> Kept:
        if name in enriching.ADDRESS_KINDS:
            return {"kind": name, "addresses": keeping.rows_of(row.addresses.filter(kind=name))}
        return {"columns": keeping.columns_of(row, [name])}

    def put_back(self, row: Contact, kept: Kept) -> None:
        if "kind" in kept:
            keeping.put_rows(row.addresses.filter(kind=kept["kind"]), kept["addresses"])
            enriching.forget_prefetched(row)
        else:
            row.save(update_fields=[*keeping.put_columns(row, kept["columns"]), "updated_at"])

    def follow(
        self, row: Contact, sync: QuickBooksSync, document: Document, world: World, *, edited: Iterable[str] = ()
    ) -> None:
        """The mirror has the answer's balance by now, so no pull would find it new any more."""
        enriching.set_money(row)
        if row.quickbooks_customer_id == sync.entity_id:
            row.quickbooks_sync_token = sync.sync_version
        row.save(update_fields=["quickbooks_sync_token", "outstanding_balance", "updated_at"])

    def mirror(self, sync: QuickBooksSync, document: Document, world: World) -> None:
        row = mapping.customer_row(document, dict(world.names))
        customer = QuickBooksCustomer.objects.get(sync=sync)
        for name in customers.MIRRORED:
            setattr(customer, name, getattr(row, name))
        customer.raw, customer.vanished_at = document, None
        customer.save()

    def bases_for(
        self, row: Contact, sync: QuickBooksSync, document: Document, world: World, name: str, *, take: bool
    ) -> tuple[Projection, Projection]:
        """By the rules of enriching: what equals the base follows, what differs from ours as sent is sent."""
        base, base_ours = dict(sync.base or {}), dict(sync.base_ours or {})
        ours, theirs = self.ours(row, sync), self.theirs(document, world)
        if name in enriching.ADDRESS_KINDS:
            base["addresses"], base_ours["addresses"] = (dict(one.get("addresses") or {}) for one in (base, base_ours))
            _turn(ours["addresses"], theirs["addresses"], base["addresses"], base_ours["addresses"], name, take=take)
            source = bases.source_of(ours["addresses"], name)
            if source != name and not take:  # a person wants it in the place of what is there
                base_ours["addresses"][source] = theirs["addresses"].get(name, {})
        elif name in ("phones", "emails"):
            _turn(ours, theirs, base, base_ours, name, take=take)
            base[name] = [] if take else theirs[name]
        elif name in ours:
            _turn(ours, theirs, base, base_ours, name, take=take)
        elif take and name == "tax_exempt":
            base[name] = not theirs[name]
        elif take and name == "payment_terms":
            base[name] = row.payment_terms or ""
        return base, base_ours


def _turn(
    ours: Projection, theirs: Projection, base: Projection, base_ours: Projection, name: str, *, take: bool
) -> None:
    """Changes the bases so that theirs is new, or so that ours is."""
    if take:
        for one in (base, base_ours):
            one.pop(name, None)
            if name in ours:
                one[name] = ours[name]
        return
    if name in theirs:
        base[name] = theirs[name]
    if base_ours.get(name) == ours.get(name):
        base_ours.pop(name, None)


def _short(value: str, field: str) -> str:
    if len(value) > LIMITS[field]:
        words = mapping.IN_WORDS[field]
        raise Unusable(f"QuickBooks takes at most {LIMITS[field]} characters as {words}. Shorten it here first.")
    return value


def _display_name(ours: Projection, agreed: Projection, raw: Document) -> Document:
    """The name in QuickBooks' lists follows when it was the contact's name before; a name made there stays."""
    before, now = _name(agreed), _name(ours)
    shown = mapping.text(raw, "DisplayName")
    if not now or before == now or shown.casefold() != before.casefold():
        return {}
    return {"DisplayName": _short(mapping.usable_display_name(now), "DisplayName")}


def _name(projection: Projection) -> str:
    parts = (projection.get("first_name"), projection.get("last_name"))
    return " ".join(part for part in parts if part) or str(projection.get("company") or "")


def _addresses(ours: dict[str, Any], agreed: dict[str, Any], raw: Document) -> Document:
    """A mailing address takes the place of none that QuickBooks has from somewhere else."""
    changed: Document = {}
    for kind, field in mapping.ADDRESS_FIELDS.items():
        source = bases.source_of(ours, kind)
        now, told = ours.get(source), agreed.get(source)
        if now and now != told and (source == kind or _is_free(raw.get(field), told)):
            changed[field] = mapping.address_value(mapping.Address(**now))
    return changed


def _is_free(value: Any, told: dict[str, Any] | None) -> bool:
    """Whether QuickBooks has no address there, or the one that it was told."""
    there = mapping.address(value)
    return there == enriching.NOWHERE or (told is not None and enriching.same_address(there, mapping.Address(**told)))


def _without_mailing(projection: Projection) -> Projection:
    addresses = projection.get("addresses") or {}
    return {**projection, "addresses": {kind: one for kind, one in addresses.items() if kind != MAILING}}


def _phones(ours: list[str], agreed: list[str], raw: Document) -> Document:
    """What was removed here is cleared there; what is new takes its place, or the first empty field."""
    removed = {_key(number) for number in agreed} - {_key(number) for number in ours}
    added = [number for number in ours if _key(number) not in {_key(old) for old in agreed}]
    held = {field: mapping.nested(raw, field, "FreeFormNumber") for field in PHONE_FIELDS}
    there = {_key(number) for text in held.values() for number in normalise.phone_texts(text)}
    changed: dict[str, str] = {field: "" for field, text in held.items() if text and _key(text) in removed}
    for number in added:
        if _key(number) in there or len(number) > PHONE_LIMIT:
            continue
        free = [field for field in DIALLED if changed.get(field, held[field]) == ""]
        if free:
            changed[free[0]] = number
    return {field: {"FreeFormNumber": number} for field, number in changed.items()}


def _key(number: str) -> Any:
    return normalise.phone(number) or number.casefold()


def _emails(ours: list[str], agreed: list[str], raw: Document) -> Document:
    """QuickBooks counts the whole comma list; what does not fit stays here only."""
    there = normalise.emails(mapping.email_text(raw))
    wanted = [address for address in there if address not in set(agreed) - set(ours)]
    for address in ours:
        if address not in agreed and address not in wanted and len(", ".join([*wanted, address])) <= EMAIL_LIMIT:
            wanted.append(address)
    return {} if wanted == there else {"PrimaryEmailAddr": {"Address": ", ".join(wanted)}}


CUSTOMERS = Customers()
