"""Quotes and invoices by e-mail, which QuickBooks sends. An e-mail cannot be taken back, so none is ever sent twice.

What is asked for is written down first, with the time of the last delivery that QuickBooks knows. If the answer is
lost, the document is read again: a newer delivery means that the e-mail went out. Otherwise a person decides; nothing
is sent again by itself.
"""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import invoices, quotes
from billing.models import Invoice, Quote
from billing.refusals import Refused
from quickbooks_integration import addresses, arrivals, calls, pauses, wanting
from quickbooks_integration.bells import RINGER
from quickbooks_integration.errors import Kind as Trouble
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.mapping import Document, moment
from quickbooks_integration.models import EmailSending, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import merging, outbox
from quickbooks_integration.sync.kinds import KINDS, World

log = logging.getLogger(__name__)
State = EmailSending.State
LEASE = timedelta(minutes=3)
SOON, LATER = timedelta(seconds=20), timedelta(minutes=5)

BEING_SENT = "is being sent already. It goes out once; this page shows when it has."
NOT_YET = (
    "Nothing goes to QuickBooks yet, because no company is connected or its history is not taken over. So nothing was "
    "sent."
)
ASK = (
    "QuickBooks did not say whether this e-mail went out, and shows no delivery. Ask the customer, or look in "
    "QuickBooks, then choose here. It is not sent again by itself."
)
STILL_ASKING = "It is not known yet whether this e-mail went out. QuickBooks is asked again in a few minutes."


# --- Asking --------------------------------------------------------------------------------------


@transaction.atomic
def ask(entity_type: str, local_id: int, address: str, by: AbstractBaseUser | None) -> EmailSending:
    """Notes that this document is to be mailed, and wakes a worker. A draft becomes ready first.

    Raises Refused with a sentence; nothing is changed then.
    """
    kind = KINDS[entity_type]
    row = kind.lock(local_id)
    if row is None:
        raise Refused("It was deleted meanwhile. Nothing was sent.")
    if reason := refusal_of(row) or refusal_of_address(address):
        raise Refused(reason)
    if QuickBooksAuth.objects.in_use().exclude(**pauses.WRITES).exists():
        raise Refused(pauses.PULL_ONLY)
    if isinstance(row, Quote) and row.status == Quote.Status.DRAFT:
        quotes.mark_ready(row, by)  # with its flag for the push
    sync_id = _map_row(entity_type, local_id)
    if sync_id is None:
        raise Refused(NOT_YET)
    if EmailSending.objects.filter(sync=sync_id, state__in=EmailSending.OPEN).exists():
        raise Refused(f"{kind.named(row)} {BEING_SENT}")
    sending = EmailSending.objects.create(sync_id=sync_id, address=address, asked_by=by)
    ring([sending.pk])
    return sending


def refusal_of(row: Any) -> str:
    """Why this document cannot be mailed at all; "" when it can."""
    if isinstance(row, Invoice) and row.status == Invoice.Status.VOID:
        return f"{row} is void, so there is nothing to send."
    if isinstance(row, Invoice) and row.is_sales_receipt:
        return f"{row} is a sales receipt. Send it from QuickBooks."
    if isinstance(row, Invoice) and row.status == Invoice.Status.DRAFT and not row.quickbooks_invoice_id:
        return "This invoice is a draft, and drafts stay here."
    return ""


def refusal_of_address(address: str) -> str:
    """Why nothing may go to this address. The sandbox mails to real people, and its documents can bear their names."""
    if addresses.environment() != QuickBooksAuth.Environment.SANDBOX:
        return ""
    allowed = {one.strip().casefold() for one in settings.QUICKBOOKS_SANDBOX_EMAILS if one.strip()}
    if address.casefold() in allowed:
        return ""
    listed = ", ".join(sorted(allowed)) or "none yet"
    return (
        f"This is Intuit's sandbox, which really sends e-mail, so {address} was not written to. Allowed are the addresses "
        f"in the setting QUICKBOOKS_SANDBOX_EMAILS: {listed}."
    )


def _map_row(entity_type: str, local_id: int) -> int | None:
    connected = QuickBooksAuth.objects.in_use()
    rows = QuickBooksSync.objects.filter(company__in=connected, entity_type=entity_type, local_id=local_id)
    found = rows.values_list("pk", flat=True).first()
    return found or (wanting.want(entity_type, local_id) if connected.exists() else None)


def ring(sending_ids: Iterable[int]) -> None:
    """Wakes a worker after commit; beat finds what is not heard."""
    for sending_id in sending_ids:
        transaction.on_commit(partial(_ring, sending_id))


def release(sync_id: int) -> None:
    """The document's push is over: an e-mail that waits for it need not wait for its next time."""
    waiting = EmailSending.objects.filter(sync=sync_id, state=State.WAITING)
    ids = list(waiting.values_list("pk", flat=True))
    if ids:
        waiting.update(next_try_at=None)
        ring(ids)


def _ring(sending_id: int) -> None:
    from quickbooks_integration import tasks

    RINGER.ring(partial(tasks.send_email.delay, sending_id))


# --- A person decides ----------------------------------------------------------------------------


@transaction.atomic
def say_sent(sending_id: int, by: AbstractBaseUser | None) -> bool:
    """Somebody knows that it went out. False when there was nothing to decide any more."""
    sending = _undecided(sending_id)
    if sending is None:
        return False
    _keep_sent(sending, sending.started_at or timezone.now(), by, "office")
    return True


@transaction.atomic
def say_not_sent(sending_id: int) -> bool:
    """Somebody knows that it did not go out; it can be sent anew. False when there was nothing to decide any more."""
    sending = _undecided(sending_id)
    if sending is None:
        return False
    sending.state, sending.message = State.FAILED, "It did not go out, somebody of the office says."
    sending.save(update_fields=["state", "message"])
    return True


def look_again(sending_id: int) -> bool:
    """QuickBooks is asked once more whether it shows a delivery by now."""
    open_ones = EmailSending.objects.filter(state__in=EmailSending.OPEN)
    rows = EmailSending.objects.filter(pk=sending_id, state=State.UNKNOWN)
    rows = rows.exclude(
        sync__in=open_ones.values("sync")
    )  # a newer one is on its way: it will show what became of both
    changed = rows.update(state=State.SENDING, next_try_at=None, message=STILL_ASKING)
    ring([sending_id] if changed else [])
    return bool(changed)


def _undecided(sending_id: int) -> EmailSending | None:
    found = EmailSending.objects.select_related("sync").filter(pk=sending_id).first()
    if found is None:
        return None
    KINDS[found.sync.entity_type].lock(found.sync.local_id)  # documents are locked before everything else
    rows = EmailSending.objects.select_for_update(of=("self",), no_key=True).select_related("sync")
    return rows.filter(pk=sending_id, state=State.UNKNOWN).first()


# --- Working -------------------------------------------------------------------------------------


def due(auth: QuickBooksAuth) -> QuerySet[EmailSending]:
    """While nothing is written there, only what became of those that may have gone out."""
    now = timezone.now()
    rows = EmailSending.objects.filter(state__in=EmailSending.OPEN)
    rows = rows.filter(pauses.may_write(auth.company_id) | Q(state=State.SENDING))
    rows = rows.filter(Q(lease=None) | Q(lease_until__lt=now)).filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    return rows.order_by("pk")


def work_off(service: QuickBooksService, most: int = 200) -> int:
    """All e-mails that are due. Returns how many were looked at."""
    ids = list(due(service.auth).filter(sync__company=service.auth).values_list("pk", flat=True)[:most])
    for sending_id in ids:
        work(service, sending_id)
    return len(ids)


def work(service: QuickBooksService, sending_id: int) -> None:
    """Sends one e-mail, or finds out what became of it. Not inside a transaction. Whoever comes second goes."""
    lease = uuid.uuid4()
    if due(service.auth).order_by().filter(pk=sending_id).update(lease=lease, lease_until=timezone.now() + LEASE) == 1:
        Sender(service, sending_id, lease).run()


@dataclass
class Sender:
    """One worker at one e-mail, for as long as its lease is its own."""

    service: QuickBooksService
    sending_id: int
    lease: uuid.UUID
    waits_for_push: int | None = None  # the map row

    def run(self) -> None:
        try:
            sending = self._mine().select_related("sync__company").first()
            if sending is None:
                return
            if sending.state == State.SENDING:  # a worker died, or the answer was lost
                self._find_out(sending)
            else:
                self._send_what_is_in_step(sending)
        finally:
            self._mine().update(lease=None, lease_until=None)
            self._look_once_more()

    def _look_once_more(self) -> None:
        """The push may have ended between our look and our waiting, so that it found nobody to release."""
        sync = QuickBooksSync.objects.filter(pk=self.waits_for_push or 0, lease=None).first()
        if sync is not None and is_in_step(sync):
            release(sync.pk)

    def _mine(self) -> QuerySet[EmailSending]:
        return EmailSending.objects.filter(pk=self.sending_id, lease=self.lease)

    def _send_what_is_in_step(self, sending: EmailSending) -> None:
        """What is mailed is what is there: so it has to be what is here, too."""
        if reason := refusal_of_address(sending.address):
            self._end(State.FAILED, reason)
            return
        sync = self._in_step(sending.sync_id)
        if sync is None or not self._borrow(sync):
            return
        try:
            self._ask_quickbooks(sending, sync)
        finally:
            QuickBooksSync.objects.filter(pk=sync.pk, lease=self.lease).update(lease=None, lease_until=None)

    def _in_step(self, sync_id: int) -> QuickBooksSync | None:
        """The map row once QuickBooks has everything; None while it has not, or when a person has to help first."""
        sync = QuickBooksSync.objects.get(pk=sync_id)
        if not is_in_step(sync):
            outbox.work(self.service, sync_id)
            sync = QuickBooksSync.objects.filter(pk=sync_id).first()
        if sync is None:
            return None  # and with it this e-mail
        if is_in_step(sync):
            return sync
        if sync.sync_status == QuickBooksSync.Status.CONFLICT:
            self._end(State.FAILED, "It was changed here and in QuickBooks. Decide that first, then send it.")
        elif sync.sync_status == QuickBooksSync.Status.ERROR:
            self._end(State.FAILED, f"It could not go to QuickBooks, so nothing was mailed. {sync.error_message}")
        else:
            self.waits_for_push = sync_id
            self._wait(SOON, sync.error_message or "It goes to QuickBooks first.")
        return None

    def _borrow(self, sync: QuickBooksSync) -> bool:
        """Nobody else works at the row meanwhile."""
        now = timezone.now()
        rows = QuickBooksSync.objects.filter(pk=sync.pk, request_id="", sent=F("wanted"))
        free = rows.filter(Q(lease=None) | Q(lease_until__lt=now))
        if free.update(lease=self.lease, lease_until=now + LEASE) == 1:
            return True
        self.waits_for_push = sync.pk
        self._wait(SOON, "It is being written to QuickBooks at this moment.")
        return False

    def _ask_quickbooks(self, sending: EmailSending, sync: QuickBooksSync) -> None:
        kind = KINDS[sync.entity_type]
        try:
            document = self.service.read(kind.entity, sync.entity_id)[kind.entity]
            if not self._still_in_step(sync, document):
                return
            if not self._note_start(delivered(document)):
                return
        except QuickBooksError as error:
            self._not_asked(error)
            return
        sending.refresh_from_db()
        try:
            answer = self.service.send(kind.entity, sync.entity_id, sending.address)[kind.entity]
        except QuickBooksError as error:
            self._troubled(sending, error)
            return
        self._sent(sending, delivered(answer) or timezone.now(), answer)

    def _note_start(self, delivered_before: datetime | None) -> bool:
        """From here on it counts as asked, whatever becomes of this worker."""
        now = timezone.now()
        started = self._mine().filter(state=State.WAITING).update(
            state=State.SENDING, started_at=now, delivered_before=delivered_before, lease_until=now + LEASE,
            message="", next_try_at=None,
        )  # fmt: skip
        return started == 1

    def _still_in_step(self, sync: QuickBooksSync, document: Document) -> bool:
        """Somebody may have changed it in QuickBooks a moment ago: taken over first, and mailed only if both agree."""
        merging.merge(sync.pk, self.lease, document, World.of(self.service.auth), calls.last_tid())
        sync.refresh_from_db()
        if is_in_step(sync):
            return True
        if sync.sync_status == QuickBooksSync.Status.CONFLICT:
            self._end(State.FAILED, "It was changed here and in QuickBooks. Decide that first, then send it.")
        else:
            self._wait(SOON, "It goes to QuickBooks first.")
        return False

    # --- What became of it -------------------------------------------------------------------

    def _not_asked(self, error: QuickBooksError) -> None:
        """The document could not be read, so nothing was mailed."""
        if error.kind == Trouble.REFUSED:
            self._end(State.FAILED, error.with_reference)
        else:
            self._wait(LATER if error.kind == Trouble.LOGIN else SOON, error.with_reference)

    def _troubled(self, sending: EmailSending, error: QuickBooksError) -> None:
        if error.kind in (Trouble.LIMITED, Trouble.LOGIN):  # Intuit acted upon neither
            self._mine().update(state=State.WAITING, started_at=None)
            self._wait(LATER, error.with_reference)
        elif error.kind == Trouble.TRANSIENT:
            self._find_out(sending)
        else:
            self._end(State.FAILED, error.with_reference)

    def _find_out(self, sending: EmailSending) -> None:
        kind = KINDS[sending.sync.entity_type]
        try:
            document = self.service.read(kind.entity, sending.sync.entity_id)[kind.entity]
        except QuickBooksError as error:
            if error.kind == Trouble.REFUSED:
                self._end(State.UNKNOWN, f"{ASK} {error.with_reference}")
            else:
                self._wait(SOON if error.kind == Trouble.TRANSIENT else LATER, STILL_ASKING)
            return
        at, before = delivered(document), sending.delivered_before
        if at is not None and (before is None or at > before):
            self._sent(sending, at, document)
        else:
            self._end(State.UNKNOWN, ASK)

    def _sent(self, sending: EmailSending, at: datetime, document: Document) -> None:
        with arrivals.noted(calls.last_tid(), way=arrivals.PUSH), transaction.atomic():
            KINDS[sending.sync.entity_type].lock(sending.sync.local_id)
            mine = self._mine().select_for_update(no_key=True).filter(state=State.SENDING).first()
            if mine is None:
                return
            _keep_sent(mine, at, None, "quickbooks")
        self._take_over(sending.sync, document)

    def _take_over(self, sync: QuickBooksSync, document: Document) -> None:
        """The delivery is part of the document there."""
        tid, world = calls.last_tid(), World.of(self.service.auth)
        if merging.merge(sync.pk, self.lease, document, world, tid, way=arrivals.PUSH) is None:
            QuickBooksSync.objects.filter(pk=sync.pk).update(needs_read=True)
            wanting.ring([sync.pk], for_person=False)

    def _end(self, state: State, message: str) -> None:
        self._mine().update(state=state, message=message, next_try_at=None)

    def _wait(self, pause: timedelta, message: str) -> None:
        self._mine().update(next_try_at=timezone.now() + pause, message=message)


def is_in_step(sync: QuickBooksSync) -> bool:
    """Whether QuickBooks has the document as it is here."""
    said = sync.sync_status == QuickBooksSync.Status.SYNCED
    return bool(sync.entity_id) and said and not sync.request_id and sync.sent == sync.wanted


def delivered(document: Document) -> datetime | None:
    """When QuickBooks last mailed it."""
    information: Any = document.get("DeliveryInfo")
    return moment(information.get("DeliveryTime")) if isinstance(information, dict) else None


def _keep_sent(sending: EmailSending, at: datetime, by: AbstractBaseUser | None, origin: str) -> None:
    """Inside the caller's transaction, which holds the document."""
    sending.state, sending.sent_at, sending.message = State.SENT, at, ""
    sending.save(update_fields=["state", "sent_at", "message"])
    try:
        _mark_sent(sending.sync, sending.address, at, by, origin)
    except Refused as reason:  # voided in the meantime; it went out all the same
        log.warning("%s was mailed: %s", sending.sync, reason)


def _mark_sent(sync: QuickBooksSync, address: str, at: datetime, by: AbstractBaseUser | None, origin: str) -> None:
    if sync.entity_type == "estimate":
        quote = Quote.objects.filter(pk=sync.local_id).first()
        if quote is not None:
            quotes.mark_sent(quote, address, at, by, origin=origin)
    else:
        invoice = Invoice.objects.filter(pk=sync.local_id).first()
        if invoice is not None:
            invoices.mark_sent(invoice, address, at, by, origin=origin)
