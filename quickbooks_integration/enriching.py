"""What a contact takes from its QuickBooks customer. Nothing here talks to QuickBooks; all of it runs inside the
caller's transaction, with the contact's row locked by the caller."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contacts.matching import names, normalise
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone
from quickbooks_integration import bases, bulk, families, mapping, plain_rows, row_updates
from quickbooks_integration.bases import ADDRESS_KINDS, MAILING, NAME_FIELDS, OUR_ADDRESSES, TEXT_FIELDS
from quickbooks_integration.mapping import Address, CustomerFacts, Unusable
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.plain_rows import (
    AnyContact,
    AnyCustomer,
    AnySync,
    NewAddress,
    PlainAddress,
    PlainContact,
    PlainCustomer,
)

Status = QuickBooksSync.Status
LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "company": "Company",
    "notes": "Notes",
    "payment_terms": "Payment terms",
    "tax_exempt": "Tax exempt",
    "billing": "Billing address",
    "shipping": "Shipping address",
}
LONGEST_NUMBER = ContactPhone._meta.get_field("number").max_length
LONGEST = {name: Contact._meta.get_field(name).max_length for name in TEXT_FIELDS}
NOWHERE = Address()
AGREED_COLUMNS = ("base", "base_ours", "conflicts", "sync_status", "error_message")
ADDRESS_COLUMNS = ("street", "city", "state", "zip_code", "key")
CONTACT_COLUMNS = (
    *TEXT_FIELDS, "tax_exempt", "customer_type", "outstanding_balance", "quickbooks_customer_id", "quickbooks_sync_token",
    "updated_at", "version",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One line of the comparison. Values are texts for people."""

    field: str
    label: str
    ours: str
    theirs: str
    agrees: bool


@dataclass
class Applied:
    """What changed at the contact. before restores it: see reconciling.taking_back."""

    filled: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=lambda: {"fields": {}, "phones": [], "emails": [], "addresses": []})
    phones: list[ContactPhone] = field(default_factory=list)
    emails: list[ContactEmail] = field(default_factory=list)
    new_addresses: list[NewAddress] = field(default_factory=list)
    changed_addresses: list[ContactAddress] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.filled or self.phones or self.emails or self.new_addresses or self.changed_addresses)


def facts_of(customer: AnyCustomer) -> CustomerFacts:
    return mapping.customer_facts(customer.raw, customer.payment_terms)


def apply(contact: Contact, customer: QuickBooksCustomer) -> Applied:
    """Brings the contact up to its customer and remembers what both agreed on in `customer.sync.base`.

    A field that only QuickBooks changed since the base follows; an empty field is filled; a filled field that says
    something else stays, and if QuickBooks moved too it becomes a conflict for a person. Phones and e-mails are
    added, never removed. Money is always QuickBooks', and all that comes from a job whose customer is the contact's too.
    Saves contact and sync row. No history echo: the caller names the source.
    """
    applied = _compare(contact, customer)
    _store([applied])
    set_money(contact)
    contact.save()
    forget_prefetched(contact)
    customer.sync.save(update_fields=AGREED_COLUMNS)
    return applied


def apply_all(pairs: Sequence[tuple[PlainContact, PlainCustomer]], *, are_jobs: bool | None = None) -> list[Applied]:
    """As apply, for many pairs that are linked at once, no contact twice; a fixed number of statements. Saves `local_id`
    of the map rows too. are_jobs: whether all are jobs of another customer of their contact; None if that is to be
    looked up."""
    found = [_compare(contact, customer, are_jobs) for contact, customer in pairs]
    _store(found)
    bulk.update(QuickBooksSync, [*AGREED_COLUMNS, "local_id"], [customer.sync for _, customer in pairs])
    contacts = [contact for contact, _ in pairs]
    set_money(*contacts)
    for contact in contacts:
        contact.version += 1
    bulk.update(Contact, CONTACT_COLUMNS, contacts)
    return found


def _compare(contact: AnyContact, customer: AnyCustomer, is_job: bool | None = None) -> Applied:
    """Brings both up to date in memory."""
    sync, facts = customer.sync, facts_of(customer)
    applied, ours_before = Applied(), ours_of(contact)
    if not (families.is_below_another(contact, customer) if is_job is None else is_job):
        _merge(contact, sync, facts, ours_before, applied)
    sync.base = bases.theirs_agreed(sync.base or {}, facts)
    ours_after = _ours_after(ours_before, contact, applied)
    if sync.base_ours is None:
        sync.base_ours = ours_after
    else:
        sync.base_ours = bases.ours_agreed(sync.base_ours, ours_before, ours_after, facts.as_json())
    sync.conflicts = applied.conflicts
    waits = Status.PENDING if sync.sent < sync.wanted else Status.SYNCED
    sync.sync_status = Status.CONFLICT if sync.conflicts else waits
    sync.error_message = ""
    return applied


def _ours_after(before: dict[str, Any], contact: AnyContact, applied: Applied) -> dict[str, Any]:
    addresses = [*applied.new_addresses, *applied.changed_addresses]
    return {
        **{name: getattr(contact, name) if name in TEXT_FIELDS else value for name, value in before.items()},
        "phones": [*before["phones"], *(phone.number for phone in applied.phones)],
        "emails": [*before["emails"], *(email.key for email in applied.emails if email.key)],
        "addresses": before["addresses"] | {row.kind: _address(row)._asdict() for row in addresses},
    }


def _store(found: Sequence[Applied]) -> None:
    """The rows that were added or changed, and in `before` how to take them back."""
    bulk.create(ContactPhone, [row for applied in found for row in applied.phones])
    bulk.create(ContactEmail, [row for applied in found for row in applied.emails])
    bulk.create(ContactAddress, [row for applied in found for row in applied.new_addresses])
    row_updates.update([row for applied in found for row in applied.changed_addresses], ADDRESS_COLUMNS)
    for applied in found:
        applied.before["phones"] += [{"id": row.pk, "became": row.number} for row in applied.phones]
        applied.before["emails"] += [{"id": row.pk, "became": row.address} for row in applied.emails]
        new = ({"id": row.id, "was": None, "became": _address(row)._asdict()} for row in applied.new_addresses)
        applied.before["addresses"] += new


def _merge(
    contact: AnyContact, sync: AnySync, facts: CustomerFacts, ours_before: dict[str, Any], applied: Applied
) -> None:
    base = bases.of(sync)
    others = NAME_FIELDS if _is_another_person(contact, facts, base) else ()
    for name in TEXT_FIELDS:
        ours, theirs = getattr(contact, name), getattr(facts, name)
        if theirs and ours != theirs and (ours or name not in others):
            edited = bases.is_edited(sync.base_ours, ours_before, name)
            _merge_text(contact, name, base.get(name, ""), theirs, applied, is_edited=edited)
    _merge_flag(contact, base.get("tax_exempt"), facts.tax_exempt, applied)
    _add_phones(contact, facts, base.get("phones", ()), applied)
    _add_emails(contact, facts, base.get("emails", ()), applied)
    rows = {row.kind: row for row in contact.addresses.all()}
    agreed_addresses = base.get("addresses") or {}
    known = sync.base_ours.get("addresses") if sync.base_ours else None
    for kind, theirs in facts.addresses.items():
        agreed = Address(**agreed_addresses[kind]) if kind in agreed_addresses else NOWHERE
        edited = bases.is_edited(known, ours_before["addresses"], kind)
        _merge_address(contact, kind, rows.get(kind), agreed, theirs, applied, is_edited=edited)
    _set_customer_type(contact, applied)


def ours_of(contact: AnyContact) -> dict[str, Any]:
    """What of a contact the office may change in QuickBooks too, as JSON. Reads prefetched rows."""
    return {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "company": contact.company,
        "notes": contact.notes,
        "phones": [phone.number for phone in contact.phones.all()],
        "emails": [email.key for email in contact.emails.all() if email.key],
        "addresses": _our_addresses(contact),
    }


def addresses_of(contact: AnyContact) -> dict[str, Address]:
    """As they stand beside QuickBooks', by kind (ADDRESS_KINDS; bases.source_of). Reads prefetched rows."""
    ours = _our_addresses(contact)
    sources = {kind: bases.source_of(ours, kind) for kind in ADDRESS_KINDS}
    return {kind: Address(**ours[source]) for kind, source in sources.items() if source in ours}


def _our_addresses(contact: AnyContact) -> dict[str, dict[str, str]]:
    found = {row.kind: _address(row) for row in contact.addresses.all() if row.kind in OUR_ADDRESSES}
    return {kind: address._asdict() for kind, address in found.items() if kind != MAILING or address != NOWHERE}


def _is_another_person(contact: AnyContact, facts: CustomerFacts, base: dict[str, Any]) -> bool:
    """Whether filling up half a name would make one of two people: Bob of here with Lee of Ann Lee is nobody."""
    return any(
        ours and theirs and ours != theirs and not _same(ours, base.get(name, "")) and not _can_be_one(ours, theirs)
        for name in NAME_FIELDS
        for ours, theirs in [(getattr(contact, name), getattr(facts, name))]
    )


def _can_be_one(ours: str, theirs: str) -> bool:
    """The same name, a short form of it, or its beginning: Annie and Ann."""
    shorter, longer = sorted((ours.casefold(), theirs.casefold()), key=len)
    return longer.startswith(shorter) or names.same_person(normalise.words(ours), normalise.words(theirs))


def _merge_text(
    contact: AnyContact, name: str, base: str, theirs: str, applied: Applied, *, is_edited: bool = False
) -> None:
    ours = getattr(contact, name) or ""
    theirs = theirs[: LONGEST[name]]
    if not theirs or _same(ours, theirs) or (base and _same(base, theirs)):
        return  # QuickBooks says nothing new; what a person emptied or changed here since stays so
    if not ours or (base and _same(ours, base)):
        _set(contact, name, theirs, applied)
    elif base or is_edited:
        applied.conflicts[name] = {"base": base, "ours": ours, "theirs": theirs}


def _merge_flag(contact: AnyContact, base: bool | None, theirs: bool, applied: Applied) -> None:
    """A tick box is never empty: before the first base QuickBooks may set it, never clear it."""
    ours = contact.tax_exempt
    if ours == theirs or (base is None and ours) or base == theirs:
        return
    _set(contact, "tax_exempt", theirs, applied)


def _set(contact: AnyContact, name: str, value: Any, applied: Applied) -> None:
    applied.before["fields"][name] = {"was": getattr(contact, name), "became": value}
    applied.filled[name] = value
    setattr(contact, name, value)


def _add_phones(contact: AnyContact, facts: CustomerFacts, agreed: Iterable[str], applied: Applied) -> None:
    """Adds what is new in QuickBooks. A number that both had agreed on and that is gone here was removed by a person."""
    phones = list(contact.phones.all())
    known = {(phone.key, phone.extension) if phone.key else _phone_identity(phone.number) for phone in phones}
    known |= {_phone_identity(number) for number in _numbers(agreed)}
    for number in _numbers(facts.phones):
        if _phone_identity(number) not in known:
            known.add(_phone_identity(number))
            position = len(phones) + len(applied.phones)
            row = ContactPhone(contact_id=contact.pk, number=number[:LONGEST_NUMBER], position=position)
            applied.phones.append(row.set_key())


def _numbers(texts: Iterable[str]) -> list[str]:
    """One text per number: QuickBooks' fields often hold two."""
    return [number for text in texts for number in normalise.phone_texts(text)]


def _phone_identity(number: str) -> normalise.Phone | str:
    return normalise.phone(number) or number.casefold()


def _add_emails(contact: AnyContact, facts: CustomerFacts, agreed: Iterable[str], applied: Applied) -> None:
    emails = list(contact.emails.all())
    known = {email.key for email in emails} | set(agreed)
    for position, address in enumerate([one for one in facts.emails if one not in known], len(emails)):
        row = ContactEmail(contact_id=contact.pk, address=address[:254], position=position)
        applied.emails.append(row.set_key())


def forget_prefetched(contact: Contact) -> None:
    """What was prefetched may have got new rows."""
    getattr(contact, "_prefetched_objects_cache", {}).clear()


def _merge_address(
    contact: AnyContact,
    kind: str,
    row: ContactAddress | PlainAddress | None,
    base: Address,
    theirs: Address,
    applied: Applied,
    *,
    is_edited: bool = False,
) -> None:
    """An address is one unit: a street of one side with the town of the other is nobody's address."""
    ours = _address(row)
    if theirs == NOWHERE or same_address(ours, theirs) or same_address(base, theirs):
        return
    if row is None:
        applied.new_addresses.append(NewAddress(contact.pk, kind, *theirs))
    elif ours == NOWHERE or (base != NOWHERE and same_address(ours, base)):
        applied.before["addresses"].append({"id": row.pk, "was": ours._asdict(), "became": theirs._asdict()})
        applied.changed_addresses.append(
            ContactAddress(pk=row.pk, contact_id=contact.pk, kind=kind, **theirs._asdict())
        )
    elif base != NOWHERE or is_edited:
        applied.conflicts[kind] = {"base": base._asdict(), "ours": ours._asdict(), "theirs": theirs._asdict()}


def _set_customer_type(contact: AnyContact, applied: Applied) -> None:
    if contact.customer_type in (None, "", Contact.CustomerType.PROSPECT):
        _set(contact, "customer_type", Contact.CustomerType.CUSTOMER, applied)


def set_money(*contacts: AnyContact) -> None:
    """Each contact's balance in dollars: the sum over its customers. A job counts in the customer above it, however far
    above, when that is linked too. Sets the field, does not save."""
    rows = plain_rows.balances([contact.pk for contact in contacts])
    above = families.above({company for company, *_ in rows}, {entity_id: parent for _, entity_id, parent, *_ in rows})
    balances: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for _, entity_id, _, contact_id, balance in rows:
        balances[contact_id][entity_id] = balance
    for contact in contacts:
        mine = balances[contact.pk]
        counted = (balance for entity_id, balance in mine.items() if not above[entity_id] & mine.keys())
        contact.outstanding_balance = sum(counted, Decimal(0))


def save_money(*contacts: Contact) -> None:
    """As set_money, and saves it."""
    set_money(*contacts)
    for contact in contacts:
        contact.save(update_fields=["outstanding_balance", "updated_at"])


def put(contact: Contact, facts: CustomerFacts, name: str) -> None:
    """Makes one field (a key of LABELS) what QuickBooks says; saves the contact.

    Raises Unusable when QuickBooks has no value any more: nothing is overwritten with nothing.
    """
    address = facts.addresses.get(name, Address())
    if (name in ADDRESS_KINDS and address == Address()) or (name in TEXT_FIELDS and not getattr(facts, name)):
        raise Unusable(f"{LABELS[name]}: QuickBooks has none any more.")
    if name in ADDRESS_KINDS:
        ContactAddress.objects.update_or_create(contact=contact, kind=name, defaults=address._asdict())
        forget_prefetched(contact)
    elif name in LABELS:
        value = getattr(facts, name)
        setattr(contact, name, value[: LONGEST[name]] if name in TEXT_FIELDS else value)
        contact.save()
    else:
        raise Unusable("This is not a field that can be taken from QuickBooks.")


def take_theirs(contact: Contact, customer: QuickBooksCustomer, name: str) -> None:
    """A person chose QuickBooks' value for one field that differs without being a conflict. Saves contact and map row.
    Raises Unusable as put."""
    put(contact, facts_of(customer), name)
    sync = customer.sync
    # Both agree now, so nothing of it goes back there.
    sync.base_ours = bases.with_field(sync.base_ours, ours_of(contact), name)
    sync.save(update_fields=["base_ours"])


def differences(contact: Contact, customer: QuickBooksCustomer) -> list[Difference]:
    """Both sides line by line, for the review page and the contact page. Reads prefetched phones, e-mails, addresses."""
    facts = facts_of(customer)
    rows = [
        _difference(name, getattr(contact, name) or "", getattr(facts, name)[: LONGEST[name]])
        for name in ("first_name", "last_name", "company")
    ]
    rows.append(
        Difference(
            "phones",
            "Phones",
            ", ".join(phone.number for phone in contact.phones.all()),
            ", ".join(facts.phones),
            agrees=bool({phone.key for phone in contact.phones.all()} & set(customer.phone_keys)),
        )
    )
    rows.append(
        Difference(
            "emails",
            "E-mails",
            ", ".join(email.address for email in contact.emails.all()),
            mapping.email_text(customer.raw),
            agrees=bool({email.key for email in contact.emails.all()} & set(customer.email_keys)),
        )
    )
    addresses = addresses_of(contact)
    for kind in ADDRESS_KINDS:
        ours, theirs = addresses.get(kind, NOWHERE), facts.addresses.get(kind, NOWHERE)
        rows.append(
            Difference(kind, LABELS[kind], address_line(ours), address_line(theirs), agrees=same_address(ours, theirs))
        )
    rows.append(_difference("payment_terms", contact.payment_terms or "", facts.payment_terms))
    rows.append(_difference("notes", contact.notes, facts.notes))
    return rows


def _difference(name: str, ours: str, theirs: str) -> Difference:
    return Difference(name, LABELS[name], ours, theirs, agrees=_same(ours, theirs))


def _same(one: str, other: str) -> bool:
    """Blanks and case at the edges are no difference worth a person's time."""
    return one == other or " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def same_address(one: Address, other: Address) -> bool:
    return one == other or all(_same(a, b) for a, b in zip(one, other, strict=True))


def _address(row: ContactAddress | PlainAddress | NewAddress | None) -> Address:
    return Address(row.street, row.city, row.state, row.zip_code) if row else NOWHERE


def address_line(address: Address) -> str:
    return ", ".join(filter(None, [address.street, address.city, f"{address.state} {address.zip_code}".strip()]))
