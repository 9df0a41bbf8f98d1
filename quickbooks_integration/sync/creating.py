"""A contact becomes a QuickBooks customer: looked for first, created once, whatever happens to the answer.

The row in QuickBooksSync is written before the call, with the exact body and a request id. An answer that is lost, a
worker that dies: the same bytes go out under the same request id until it is known what QuickBooks did with them.
"""

import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import simplejson
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration import arrivals, calls, enriching, mapping, pauses, wanting
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.mapping import CustomerRow, Document, NewCustomer, Unusable
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)
from quickbooks_integration.reconciling.deciding import tie
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import customers
from quickbooks_integration.sync.kinds.customers import CUSTOMERS


class _LinkedMeanwhile(Exception):
    """Another worker has linked the contact."""


BEING_SENT = "This contact is being sent to QuickBooks at this moment. Look again in a minute."
LEASE = timedelta(minutes=3)
NAME_TAKEN = "6240"
# Intuit: a name is used once among customers, vendors and employees, inactive ones included.
NAME_ENTITIES = ("Customer", "Vendor", "Employee")


@dataclass(frozen=True)
class Found:
    """Somebody in QuickBooks who may be this contact. linkable: only customers can be linked."""

    kind: str
    entity_id: str
    name: str
    reason: str
    linkable: bool


def create_customer(
    auth: QuickBooksAuth,
    service: QuickBooksService,
    contact: Contact,
    *,
    name: str = "",
    looked: bool = False,
    by: AbstractBaseUser | None = None,
) -> dict[str, Any]:
    """Creates the contact's customer, or says why not. Never inside a transaction: it talks to QuickBooks.

    name: the display name that a person chose after a clash. looked: a person has seen who is there already.
    Returns {"result": ..., "message": sentence, "found": [Found as dict ...], "suggested_name": str} with result one of
    created, already_linked, exists, name_taken, refused, unknown. In all but the first two nothing is linked.
    Raises QuickBooksError when it could not look, or while writing is paused; nothing is noted then.
    """
    if _is_linked(auth, contact):
        return _already_linked(contact)
    if pauses.is_pull_only(auth.company_id):
        raise QuickBooksError(Kind.LIMITED, pauses.PULL_ONLY)
    open_create = _open_create(auth, contact)
    if open_create is None and not looked:
        found = look(auth, service, contact, name)
        if found:
            return _answer("exists", "QuickBooks may have this person already. Choose.", found, contact)
    try:
        sync = open_create or _reserve(auth, contact, name)
    except Unusable as reason:
        return _answer("refused", str(reason))
    except _LinkedMeanwhile:
        return _already_linked(contact)
    return _send(auth, service, sync, contact, by)


def settle(auth: QuickBooksAuth, service: QuickBooksService) -> int:
    """Finishes creates whose outcome is unknown, by asking again under the same request id. Returns how many ended."""
    if pauses.is_pull_only(auth.company_id):
        return 0
    waiting = QuickBooksSync.objects.filter(company=auth, entity_type="customer", entity_id="").exclude(request_id="")
    ended = 0
    for sync in waiting.order_by("pk")[:200]:
        contact = Contact.objects.filter(pk=sync.local_id).first()
        if contact is None:  # deleted meanwhile: the pull brings the customer, if there is one, as nobody's
            ended += bool(sync.delete()[0])
        else:
            ended += _send(auth, service, sync, contact, None)["result"] != "unknown"
    return ended


# --- Looking -----------------------------------------------------------------------------------


def look(auth: QuickBooksAuth, service: QuickBooksService, contact: Contact, name: str = "") -> list[Found]:
    """Who in QuickBooks shares the contact's phone, e-mail or name. Phones are looked up in the mirror: QuickBooks
    cannot be asked for a phone."""
    found = sharing_keys(auth, contact)
    wanted = name or new_customer(contact).display_name
    for entity in NAME_ENTITIES:
        for row in _query(service, entity, "DisplayName", wanted):
            found.append(_found(entity, row, "Same name"))
    for email in list(contact.emails.all())[:3]:
        for row in _query(service, "Customer", "PrimaryEmailAddr", email.address):
            found.append(_found("Customer", row, f"Same e-mail {email.address}"))
    first_reason: dict[tuple[str, str], Found] = {}
    for one in found:
        first_reason.setdefault((one.kind, one.entity_id), one)
    return list(first_reason.values())


def sharing_keys(auth: QuickBooksAuth, contact: Contact) -> list[Found]:
    phones = [phone.key for phone in contact.phones.all() if phone.key]
    emails = [email.key for email in contact.emails.all() if email.key]
    sharing = QuickBooksCustomer.objects.filter(
        Q(phone_keys__overlap=phones) | Q(email_keys__overlap=emails), sync__company=auth, vanished_at=None
    ).select_related("sync")[:20]
    return [
        Found(
            "Customer",
            customer.sync.entity_id,
            customer.display_name,
            "Same phone" if set(customer.phone_keys) & set(phones) else "Same e-mail",
            linkable=True,
        )
        for customer in sharing
    ]


def _query(service: QuickBooksService, entity: str, field: str, value: str) -> list[Document]:
    # Intuit: an apostrophe is escaped by a backslash, not doubled.
    quoted = mapping.usable_display_name(value).replace("\\", "\\\\").replace("'", "\\'")
    answer = service.query(
        f"SELECT * FROM {entity} WHERE {field} = '{quoted}' AND Active IN (true, false) MAXRESULTS 20"
    )
    return answer["QueryResponse"].get(entity, [])


def _found(entity: str, row: Document, reason: str) -> Found:
    return Found(entity, str(row["Id"]), mapping.display_name(row), reason, linkable=entity == "Customer")


# --- Sending -----------------------------------------------------------------------------------


def _open_create(auth: QuickBooksAuth, contact: Contact) -> QuickBooksSync | None:
    return (
        QuickBooksSync.objects.filter(company=auth, entity_type="customer", local_id=contact.pk, entity_id="")
        .exclude(request_id="")
        .first()
    )


def _reserve(auth: QuickBooksAuth, contact: Contact, name: str) -> QuickBooksSync:
    """The row that says what is about to be sent, committed before it is sent."""
    body = mapping.customer_body(new_customer(contact, name))
    columns = {
        "request_id": uuid.uuid4().hex,
        "request_body": simplejson.dumps(body, use_decimal=True),
        "request_ours": enriching.ours_of(contact),
        "sync_status": QuickBooksSync.Status.PENDING,
        "error_message": "",
    }
    with transaction.atomic():
        try:
            sync, is_new = QuickBooksSync.objects.select_for_update().get_or_create(
                company=auth, entity_type="customer", local_id=contact.pk, entity_id="", defaults=columns
            )
        except IntegrityError as gone:  # the row of another worker, which is through and has taken it away by now
            raise _LinkedMeanwhile from gone
        _must_be_current(contact)
        if _is_linked(auth, contact):  # by a worker that was through between our first look and this row
            raise _LinkedMeanwhile
        if not is_new and not sync.request_id:  # an earlier try was refused; this is another request
            QuickBooksSync.objects.filter(pk=sync.pk).update(**columns)
            sync.refresh_from_db()
        return sync


def _must_be_current(contact: Contact) -> None:
    """Locked, so that a merge that comes now waits and then sees what is about to be sent. Raises Unusable."""
    found = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).first()
    if found is None:
        raise Unusable("The contact was deleted meanwhile.")
    if found.merged_into is not None:
        raise Unusable(f"{found} was merged into {found.merged_into} here. Create that one.")


def _is_linked(auth: QuickBooksAuth, contact: Contact) -> bool:
    linked = QuickBooksSync.objects.filter(company=auth, entity_type="customer", local_id=contact.pk)
    return linked.exclude(entity_id="").exists()


def _already_linked(contact: Contact) -> dict[str, Any]:
    return _answer("already_linked", f"{contact} is linked to a QuickBooks customer already.")


def _send(
    auth: QuickBooksAuth,
    service: QuickBooksService,
    sync: QuickBooksSync,
    contact: Contact,
    by: AbstractBaseUser | None,
) -> dict[str, Any]:
    lease = _take_lease(sync)
    if lease is None or not sync.request_id:
        return _answer("unknown", BEING_SENT)
    try:
        document = service.create("customer", simplejson.loads(sync.request_body, use_decimal=True), sync.request_id)
    except QuickBooksError as error:
        return _not_created(auth, service, sync, lease, contact, error)
    customer = document["Customer"]
    confirm(auth, sync, lease, contact, customer, by)
    return _sent(auth, sync, contact, mapping.display_name(customer))


def _sent(auth: QuickBooksAuth, sync: QuickBooksSync, contact: Contact, name: str) -> dict[str, Any]:
    if _is_linked(auth, contact):
        return _answer("created", f"{name} is now a QuickBooks customer.")
    if QuickBooksSync.objects.filter(pk=sync.pk).exists():
        return _answer("unknown", BEING_SENT)
    return _answer(
        "refused",
        f"{name} is now a QuickBooks customer, but was linked to another contact meanwhile. That link was left as it "
        "is: look at the customer's page to see whose it is.",
    )


def _not_created(
    auth: QuickBooksAuth,
    service: QuickBooksService,
    sync: QuickBooksSync,
    lease: uuid.UUID,
    contact: Contact,
    error: QuickBooksError,
) -> dict[str, Any]:
    mine = QuickBooksSync.objects.filter(pk=sync.pk, lease=lease)
    if error.kind != Kind.REFUSED:
        mine.update(lease=None, lease_until=None, error_message=error.with_reference)
        return _answer("unknown", f"{error} The CRM asks again by itself; nothing will exist twice.")
    # Known and refused: the request is over, another try is another request.
    mine.update(
        lease=None,
        lease_until=None,
        request_id="",
        request_body="",
        sync_status=QuickBooksSync.Status.ERROR,
        error_message=error.with_reference,
    )
    if error.code == NAME_TAKEN:
        name = simplejson.loads(sync.request_body)["DisplayName"]
        found = look(auth, service, contact, name)
        return _answer("name_taken", f"QuickBooks already uses the name {name}. Choose.", found, contact)
    return _answer("refused", str(error))


def confirm(
    auth: QuickBooksAuth,
    sync: QuickBooksSync,
    lease: uuid.UUID,
    contact: Contact,
    document: Document,
    by: AbstractBaseUser | None,
) -> bool:
    """Stores what QuickBooks answered and links the contact; False if another worker did so already.

    If a pull stored the customer first, its row is adopted and the row of the request goes. A customer that was given
    to another contact meanwhile stays there.
    """
    try:
        return _confirm(auth, sync, lease, contact, document, by)
    except IntegrityError:  # a pull stored the customer between our look and our write: look again
        return _confirm(auth, sync, lease, contact, document, by)


def _confirm(
    auth: QuickBooksAuth,
    sync: QuickBooksSync,
    lease: uuid.UUID,
    contact: Contact,
    document: Document,
    by: AbstractBaseUser | None,
) -> bool:
    person = {"user": by.pk} if by else {}
    with arrivals.noted(calls.last_tid(), way=arrivals.PUSH, **person), transaction.atomic():
        mine = QuickBooksSync.objects.select_for_update().filter(pk=sync.pk, lease=lease).first()
        if mine is None:
            return False
        customer = _stored(auth, mapping.customer_row(document, {}))
        mine.delete()
        locked = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).first()
        if customer.sync.local_id is None and locked is not None:
            _agree_on_what_was_sent(customer.sync, mine, document)
            _link(customer, locked, by)
            _want_what_was_edited(customer.sync, locked)
    return True


def _stored(auth: QuickBooksAuth, row: CustomerRow) -> QuickBooksCustomer:
    """The customer with its map row, which is locked; stored now unless a pull brought it before."""
    rows = QuickBooksSync.objects.filter(company=auth, entity_type="customer", entity_id=row.entity_id)
    if (found := QuickBooksCustomer.objects.locked(rows).first()) is not None:
        return found
    customers.insert(auth, [row])
    return QuickBooksCustomer.objects.locked(rows).get()


def _agree_on_what_was_sent(sync: QuickBooksSync, request: QuickBooksSync, document: Document) -> None:
    """An edit of the contact between the request and its answer is none that QuickBooks knows."""
    if request.request_ours is not None:
        sync.base, sync.base_ours = mapping.customer_facts(document, "").as_json(), request.request_ours


def _want_what_was_edited(sync: QuickBooksSync, contact: Contact) -> None:
    edited = CUSTOMERS.sendable(enriching.ours_of(contact), sync.base_ours or {})
    if edited and wanting.may_push(sync.company):
        wanting.want_row(sync.pk)


def _link(customer: QuickBooksCustomer, contact: Contact, by: AbstractBaseUser | None) -> None:
    asked = MatchCandidate.objects.filter(sync=customer.sync, contact=contact).values_list("state", flat=True)
    reasons = [{"text": "Created in QuickBooks from this contact", "agrees": True}]
    tie(customer, contact, MatchDecision.Action.CREATE_CUSTOMER, reasons, by, pair_was=asked.first())


def _take_lease(sync: QuickBooksSync) -> uuid.UUID | None:
    """Only one worker sends a row at a time; a dead worker's lease runs out."""
    now, lease = timezone.now(), uuid.uuid4()
    taken = (
        QuickBooksSync.objects.filter(pk=sync.pk)
        .filter(Q(lease=None) | Q(lease_until__lt=now))
        .update(lease=lease, lease_until=now + LEASE)
    )
    if taken != 1:
        return None
    sync.refresh_from_db()  # what is sent is what stands there now
    return lease


def new_customer(contact: Contact, name: str = "") -> NewCustomer:
    addresses = enriching.addresses_of(contact)
    return NewCustomer(
        display_name=name or contact.name or contact.phone or contact.email,
        first_name=contact.first_name,
        last_name=contact.last_name,
        company=contact.company,
        phones=tuple(phone.number for phone in contact.phones.all()),
        emails=tuple(email.key for email in contact.emails.all() if email.key),
        billing=addresses.get("billing", mapping.Address()),
        shipping=addresses.get("shipping", mapping.Address()),
        notes=contact.notes,
    )


def _answer(
    result: str, message: str, found: list[Found] | None = None, contact: Contact | None = None
) -> dict[str, Any]:
    suggestion = f"{new_customer(contact).display_name} {contact.phone or contact.email or '2'}" if contact else ""
    return {
        "result": result,
        "message": message,
        "found": [asdict(one) for one in found or []],
        "suggested_name": mapping.usable_display_name(suggestion),
    }
