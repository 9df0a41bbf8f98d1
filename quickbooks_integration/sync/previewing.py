"""What would go to QuickBooks for one of our rows, before it goes: field by field, with the sums that we expect there.

Nothing is written or sent here. The digest of a preview is one of the request's body: what a person has looked at is
what may be sent, see pushing.py.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import simplejson
from django.db import transaction

from billing import sums
from billing.models import Invoice, Payment, Quote
from billing.refusals import Refused
from contacts.models import Contact
from quickbooks_integration import mapping, wording
from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.mapping import Document, Unusable
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.sync import creating
from quickbooks_integration.sync.kinds import KINDS, Kind, NeedsCustomer, Waits, World
from quickbooks_integration.wording import NEW_CUSTOMER, Value

MODELS = {"estimate": Quote, "invoice": Invoice, "payment": Payment, "customer": Contact}
AT_ONCE = 50
NOTHING_NEW = "Nothing to send: QuickBooks has it as it is here."
ON_ITS_WAY = "It is being sent at this moment. Look again in a minute."
CONFLICT = "It was changed here and in QuickBooks. Decide on the page Conflicts first."


@dataclass(frozen=True)
class Change:
    label: str
    there: Value
    here: Value


@dataclass(frozen=True)
class Sums:
    """What we expect QuickBooks to make of it, in words; then what it has now, "" for something new."""

    subtotal: str
    discount: str
    tax: str
    total: str
    total_there: str = ""


@dataclass
class Preview:
    """One row of ours. problem: why it is not sent, in a sentence; digest: "" then."""

    entity_type: str
    local_id: int
    name: str
    is_new: bool = True
    is_draft: bool = False
    is_void: bool = False
    changes: list[Change] = field(default_factory=list)
    sums: Sums | None = None
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    digest: str = ""


def of(auth: QuickBooksAuth, entity_type: str, local_ids: Iterable[int]) -> list[Preview]:
    """In the given order; rows that are gone are left out. Not inside a transaction of the caller's: each row is
    locked for a moment, so that its parts fit together."""
    world = World.of(auth)
    found = []
    for local_id in local_ids:
        with transaction.atomic():
            preview = locked(world, entity_type, local_id)
        if preview is not None:
            found.append(preview)
    return found


def locked(world: World, entity_type: str, local_id: int) -> Preview | None:
    """Inside the caller's transaction, which keeps our row and its map row as they are until it ends."""
    row, sync = _lock(world, entity_type, local_id)
    if row is None:
        return None
    sync = sync or QuickBooksSync(company=world.auth, entity_type=entity_type, local_id=local_id)
    preview = Preview(entity_type, local_id, wording.named(row), is_new=not sync.entity_id)
    if sync.request_id:
        preview.problem = ON_ITS_WAY
    elif sync.conflicts:
        preview.problem = CONFLICT
    else:
        try:
            _look(world, KINDS[entity_type], preview, row, sync)
        except (Unusable, Waits, Refused) as reason:
            preview.problem = str(reason)
    return preview


def _lock(world: World, entity_type: str, local_id: int) -> tuple[Any, QuickBooksSync | None]:
    """In the order of merging.lock."""
    rows = QuickBooksSync.objects.select_for_update(no_key=True).filter(
        company=world.auth, entity_type=entity_type, local_id=local_id
    )
    kind = KINDS[entity_type]
    if not kind.map_row_first:
        row = kind.lock(local_id)
        return row, rows.first() if row is not None else None
    contact = Contact.objects.filter(pk=local_id).values_list("quickbooks_customer_id", flat=True)
    primary = contact.first() or ""
    sync = rows.filter(entity_id=primary).first()
    return kind.lock(local_id), sync


def _look(world: World, kind: Kind[Any], preview: Preview, row: Any, sync: QuickBooksSync) -> None:
    if isinstance(row, Contact):
        _look_at_contact(world, preview, row, sync)
        return
    refuse_unsendable(row)
    preview.is_draft = row.status == Quote.Status.DRAFT if isinstance(row, Quote) else False
    ours = kind.ours(row, sync)
    if sync.entity_id and not (changed := kind.sendable(ours, sync.base_ours or {})):
        raise Unusable(NOTHING_NEW)
    body = _body(world, kind, preview, row, sync, ours)
    before = dict(sync.base or {})
    fields = changed if sync.entity_id else [name for name in ours if ours[name] and name != "status"]
    fields.sort(key=lambda name: name == "content")  # the long one at the end
    names = wording.names_for(world.auth, [ours, before])
    preview.changes = [
        Change(wording.label(name), wording.said(name, before.get(name), names), wording.said(name, ours[name], names))
        for name in fields
        if not (preview.is_void and name != "status")
    ]
    preview.sums = None if preview.is_void else _sums(row, kind, sync)
    preview.digest = _digest(body)


def refuse_unsendable(row: Any) -> None:
    """Raises Unusable for what stays here or is written in QuickBooks only."""
    if isinstance(row, Invoice) and row.is_sales_receipt:
        raise Unusable("It is a sales receipt: QuickBooks keeps it, and it is changed there.")
    if isinstance(row, Invoice) and row.status == Invoice.Status.DRAFT:
        raise Unusable("It is a draft, and drafts stay here.")
    if not isinstance(row, Contact) and row.contact is None and not row.quickbooks_sync_token:
        raise Unusable("It belongs to nobody here. Choose its contact first.")


def _body(
    world: World, kind: Kind[Any], preview: Preview, row: Any, sync: QuickBooksSync, ours: Projection
) -> Document:
    """Of one whose customer is made first it bears a mark in place of that customer's id."""
    try:
        request = kind.request(row, sync, ours, world)
    except NeedsCustomer as need:
        preview.notes.append(_new_customer_note(world, need.contact))
        ours["customer"] = NEW_CUSTOMER
        request = kind.request(row, sync, ours, world)
    preview.is_void = request.kind == "void"
    return {"kind": request.kind, **request.body}


def _new_customer_note(world: World, contact: Contact) -> str:
    alike = _who_may_be(world, contact)
    if alike:
        raise Unusable(
            f"{contact} is no QuickBooks customer yet, but may be there already: {alike}. Open the contact, choose "
            "“Create in QuickBooks”, and link or create the customer there."
        )
    return f"{contact} is no QuickBooks customer yet and becomes one first."


def _who_may_be(world: World, contact: Contact) -> str:
    """As far as the mirror knows; QuickBooks itself is asked before a customer is made."""
    found = [(one.name, one.reason.lower()) for one in creating.sharing_keys(world.auth, contact)]
    name = mapping.usable_display_name(creating.new_customer(contact).display_name)
    alike = QuickBooksCustomer.objects.filter(sync__company=world.auth, display_name__iexact=name, vanished_at=None)
    found += [(one, "same name") for one in alike.values_list("display_name", flat=True)[:3]]
    first_reason = dict(reversed(found))
    return ", ".join(f"{name} ({reason})" for name, reason in list(first_reason.items())[:3])


def _sums(row: Any, kind: Kind[Any], sync: QuickBooksSync) -> Sums | None:
    if isinstance(row, Payment):
        return None
    there = wording.dollars(sync.document.total) if sync.entity_id else ""
    if row.is_odd:
        return Sums(*map(wording.dollars, (row.subtotal, -row.discount_total, row.tax_amount, row.total_amount)), there)
    found = sums.predicted(row, kind.lines_of(row))  # type: ignore[attr-defined]
    sums.refuse_impossible(found)
    return Sums(*map(wording.dollars, (found.subtotal, -found.discount, found.tax, found.total)), there)


def _digest(body: Document) -> str:
    said = simplejson.dumps(body, use_decimal=True, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()


# --- Contacts ------------------------------------------------------------------------------------

BODY_LABELS = {
    "DisplayName": "Name in QuickBooks",
    "GivenName": "First name",
    "FamilyName": "Last name",
    "CompanyName": "Company",
    "Notes": "Notes",
    "PrimaryPhone": "Phone",
    "AlternatePhone": "Other phone",
    "Mobile": "Mobile",
    "Fax": "Fax",
    "PrimaryEmailAddr": "E-mails",
    "BillAddr": "Billing address",
    "ShipAddr": "Shipping address",
}


def _look_at_contact(world: World, preview: Preview, row: Contact, sync: QuickBooksSync) -> None:
    if sync.entity_id:
        ours = KINDS["customer"].ours(row, sync)
        if not KINDS["customer"].sendable(ours, sync.base_ours or {}):
            raise Unusable(NOTHING_NEW)
        body, raw = KINDS["customer"].request(row, sync, ours, world).body, sync.customer.raw
    else:
        if alike := _who_may_be(world, row):
            raise Unusable(
                f"May be in QuickBooks already: {alike}. Open the contact, choose “Create in QuickBooks”, and link or "
                "create the customer there."
            )
        body, raw = mapping.customer_body(creating.new_customer(row)), {}
    told = [name for name in body if name in BODY_LABELS]
    if not told:
        raise Unusable(NOTHING_NEW)
    preview.changes = [Change(BODY_LABELS[name], _part(raw.get(name)), _part(body[name])) for name in told]
    preview.digest = _digest(body)


def _part(value: Any) -> Value:
    """A text, a phone, an e-mail or an address of a customer's document."""
    if isinstance(value, dict):
        address = mapping.address(value)
        lines = [address.street, " ".join(filter(None, (address.city, address.state, address.zip_code)))]
        value = value.get("FreeFormNumber") or value.get("Address") or "\n".join(filter(None, lines))
    return Value(str(value) if value else wording.NOTHING)
