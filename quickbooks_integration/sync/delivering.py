"""One row under its lease: an open request is settled, the row is read again, merged, and written.

What is sent is written down first, with its request id; until its outcome is known the same bytes go out under the same
id, and nothing else touches the row. Only then is it read again, merged, or written anew. Edits are counted, so one that
comes between a request and its answer is never taken for sent.
"""

import logging
import random
import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import simplejson
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import books
from contacts.models import Contact
from quickbooks_integration import arrivals, calls, wanting
from quickbooks_integration.documents.projecting import ENDED_BY_VOID, VOID
from quickbooks_integration.errors import Kind as Trouble
from quickbooks_integration.errors import QuickBooksError, about_a_reference
from quickbooks_integration.mapping import Document, Unusable, text
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import creating, documents, merged_away, merging, vanishing
from quickbooks_integration.sync.kinds import KINDS, Kind, LookFirst, NeedsCustomer, Waits, World

log = logging.getLogger(__name__)
Status = QuickBooksSync.Status

LEASE = timedelta(minutes=3)
# Seconds that one call may take with its repeats: far less than the lease, so that a slow worker still holds it.
PATIENCE = 60.0
STEPS = 10
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=20), timedelta(hours=1)
WAITING_PAUSE = timedelta(minutes=5)
GONE = "610"
FAULT_OF_THE_CRM = (
    "The CRM came upon something that it cannot handle. Nothing is lost, and it tries again by itself; please tell "
    "whoever looks after the CRM."
)
NO_REQUEST: dict[str, Any] = {
    "request_id": "", "request_kind": "", "request_body": "", "request_ours": None, "request_lines": [], "sending": None,
}  # fmt: skip


@dataclass
class Worker:
    """One worker at one row, for as long as its lease is its own."""

    service: QuickBooksService
    sync_id: int
    lease: uuid.UUID
    world: World
    looked: bool = False
    company_pauses: bool = False
    seen: tuple[int, bool] | None = None

    def run(self) -> None:
        try:
            for _ in range(STEPS):
                sync = self._renewed()
                if sync is None or not self._step(sync):
                    break
        except Exception:
            self._mine().update(next_try_at=timezone.now() + WAITING_PAUSE, error_message=FAULT_OF_THE_CRM)
            raise
        finally:
            self._mine().update(lease=None, lease_until=None)
        self._ring_for_news()

    def _ring_for_news(self) -> None:
        """Whose bell rang while this lease was held found nobody to hear it."""
        if self.seen is None:
            return
        wanted, needs_read = self.seen
        news = QuickBooksSync.objects.filter(pk=self.sync_id).exclude(wanted=wanted, needs_read=needs_read)
        if news.filter(Q(sent__lt=F("wanted")) | Q(needs_read=True)).exists():
            wanting.ring([self.sync_id])

    def _mine(self) -> QuerySet[QuickBooksSync]:
        return QuickBooksSync.objects.filter(pk=self.sync_id, lease=self.lease)

    def _renewed(self) -> QuickBooksSync | None:
        self._mine().update(lease_until=timezone.now() + LEASE)
        sync = self._mine().select_related("company").first()
        if sync is not None:
            self.seen = sync.wanted, sync.needs_read
        return sync

    def _step(self, sync: QuickBooksSync) -> bool:
        """One thing at a time; whether there may be more to do."""
        kind = KINDS[sync.entity_type]
        try:
            if sync.request_id:
                self._send(kind, sync)
            elif sync.needs_read and sync.entity_id:
                if sync.next_try_at is not None and sync.next_try_at > timezone.now():
                    return False
                self._read(kind, sync)
            elif sync.sent < sync.wanted and sync.sync_status not in (Status.ERROR, Status.CONFLICT):
                return self._write_down(kind, sync)
            else:
                return False
        except QuickBooksError as error:
            return self._troubled(kind, sync, error)
        except Unusable as reason:
            return self._not_understood(kind, sync, str(reason))
        return True

    # --- Sending -----------------------------------------------------------------------------

    def _send(self, kind: Kind[Any], sync: QuickBooksSync) -> None:
        """The same bytes under the same id, until it is known what became of them."""
        operation = kind.operation(sync.request_kind)
        # Before the call: a worker that dies in it has tried, too.
        self._mine().update(tries=F("tries") + 1)
        answer = self.service.write(kind.entity, sync.request_body, sync.request_id, **operation)
        after_commit = self._confirm(kind, answer[kind.entity])
        for what in after_commit:
            wanting.release(what)

    def _confirm(self, kind: Kind[Any], document: Document) -> list[str]:
        """QuickBooks has it. Returns what may go on now. Nothing happens when the lease is another's by now."""
        with arrivals.noted(calls.last_tid(), way=arrivals.PUSH), transaction.atomic():
            _, row, sync = merging.lock(self.sync_id, None)
            if sync is None or sync.lease != self.lease:
                return []
            adopted = self._adopt(sync, text(document, "Id"))
            theirs = kind.theirs(document, self.world)
            sent = sync.request_ours or {}
            has_moved = self._has_moved(sync, sent, theirs) or adopted
            # Who told meanwhile that it changed there may mean a change after this write.
            sync.needs_read = sync.needs_read or has_moved
            sync.base = theirs if not has_moved else self._known(sync, sent, theirs)
            sync.base_ours = sent
            sync.entity_id, sync.sync_version = text(document, "Id"), text(document, "SyncToken")[:50]
            sync.sent = sync.sending if sync.sending is not None else sync.sent
            lines = sync.request_lines
            for name, value in NO_REQUEST.items():
                setattr(sync, name, value)
            sync.tries, sync.next_try_at, sync.error_message = 0, None, ""
            sync.confirmed_at = sync.last_synced = timezone.now()
            sync.sync_status = Status.SYNCED if sync.sent == sync.wanted else Status.PENDING
            sync.save()
            kind.mirror(sync, document, self.world)
            if row is None:
                return []
            return self._tell(kind, row, sync, document, lines)

    def _tell(self, kind: Kind[Any], row: Any, sync: QuickBooksSync, document: Document, lines: list[int]) -> list[str]:
        kind.keep_line_ids(row, lines, document)
        edited = kind.sendable(kind.ours(row, sync), sync.base_ours or {})
        kind.follow(row, sync, document, self.world, edited=edited)
        sync.base_ours = kind.with_filled(sync.base_ours or {}, kind.ours(row, sync), kind.theirs(document, self.world))
        sync.save(update_fields=["base_ours"])
        return list(kind.confirmed(row, sync))

    def _has_moved(self, sync: QuickBooksSync, sent: Document, theirs: Document) -> bool:
        """Whether the answer says something new about a field that we did not send: that is still to be merged."""
        if not sync.entity_id or sync.request_kind == "void":
            return False
        base, base_ours = sync.base or {}, sync.base_ours or {}
        unsent = [name for name in theirs if sent.get(name) == base_ours.get(name)]
        return any(theirs[name] != base.get(name) for name in unsent)

    def _known(self, sync: QuickBooksSync, sent: Document, theirs: Document) -> Document:
        """The base keeps what it said about the fields that are still to be merged."""
        base, base_ours = sync.base or {}, sync.base_ours or {}
        return {name: theirs[name] if sent.get(name) != base_ours.get(name) else base.get(name) for name in theirs}

    def _adopt(self, sync: QuickBooksSync, entity_id: str) -> bool:
        """A pull may have met the new object before its create was confirmed: its row goes, ours has the object."""
        others = QuickBooksSync.objects.select_for_update(no_key=True).filter(
            company=sync.company_id, entity_type=sync.entity_type, entity_id=entity_id
        )
        other = others.exclude(pk=sync.pk).first()
        if other is None:
            return False
        if other.local_id is not None:
            log.error("%s %s has a row of ours already (%s); the two are one.", sync.entity_type, entity_id, other.pk)
        documents.forget_twin(other, sync.local_id)
        return True

    # --- Reading -----------------------------------------------------------------------------

    def _read(self, kind: Kind[Any], sync: QuickBooksSync) -> None:
        self.looked = True
        document = self.service.read(kind.entity, sync.entity_id)[kind.entity]
        tid = calls.last_tid()  # before others are asked for
        merged_away.look_at(self.world.auth, self.service, sync, document)
        is_told = sync.told_at is not None and sync.told_at > sync.last_synced
        way = arrivals.WEBHOOK if is_told else ""
        merging.merge(self.sync_id, self.lease, document, self.world, tid, way=way)

    # --- Writing down ------------------------------------------------------------------------

    def _write_down(self, kind: Kind[Any], sync: QuickBooksSync) -> bool:
        """The request as it will be sent, with the request id under which it can be sent again."""
        if not wanting.may_send(self.world.auth):
            return False
        try:
            if not sync.entity_id:
                kind.check_before_create(self.service, sync.local_id, self.world)
            return self._freeze(kind)
        except LookFirst:
            self._mine().update(needs_read=True)
        except NeedsCustomer as need:
            return self._make_customer(kind, sync, need.contact)
        except Waits as reason:
            if reason.needs:
                self._ask_for(*reason.needs)
            self._wait(str(reason), reason.on)
            return False
        except Unusable as reason:
            self._refuse(kind, str(reason), "")
            return False
        return True

    def _freeze(self, kind: Kind[Any]) -> bool:
        with transaction.atomic():
            _, row, sync = merging.lock(self.sync_id, None)
            if sync is None or sync.lease != self.lease:
                return False
            if row is None:
                return self._nothing_to_send(sync)
            ours = kind.ours(row, sync)
            if not sync.entity_id and ours.get("status") == VOID:
                return self._nothing_to_send(sync)
            changed = kind.sendable(ours, sync.base_ours or {}) if sync.entity_id else list(ours)
            if not changed:
                self._mine().update(sent=F("wanted"), sync_status=Status.SYNCED, error_message="")
                return False
            if sync.entity_id and kind.needs_look(changed) and not self.looked:
                raise LookFirst
            ours, sending = self._before_void(sync, ours, changed)
            _refuse_closed(kind, ours, sync.base_ours or {})
            request = kind.request(row, sync, ours, self.world)
            sync.request_kind, sync.request_id = request.kind, uuid.uuid4().hex
            sync.request_body = simplejson.dumps(request.body, use_decimal=True)
            sync.request_lines, sync.request_ours, sync.sending = request.lines, ours, sending
            sync.tries = 0
            sync.save(
                update_fields=["request_kind", "request_id", "request_body", "request_lines", "request_ours",
                               "sending", "tries"]
            )  # fmt: skip
        return True

    def _before_void(self, sync: QuickBooksSync, ours: Document, changed: list[str]) -> tuple[Document, int]:
        """What is sent now, and how much of what is wanted that is. A void carries nothing else: what was edited before
        it, but for what the void ends anyway, goes first."""
        agreed = sync.base_ours or {}
        if "status" not in changed or ours["status"] != VOID or not sync.entity_id:
            return ours, sync.wanted
        kept = {name: agreed.get(name) for name in ENDED_BY_VOID if name in ours}
        first = {**ours, **kept}
        if all(first[name] == agreed.get(name) for name in first):
            return ours, sync.wanted
        return first, sync.sent

    def _nothing_to_send(self, sync: QuickBooksSync) -> bool:
        """Deleted here, or voided before anything was sent."""
        if not sync.entity_id:
            sync.delete()
        else:
            self._mine().update(sent=F("wanted"), sync_status=Status.SYNCED, error_message="")
        return False

    def _make_customer(self, kind: Kind[Any], sync: QuickBooksSync, contact: Contact) -> bool:
        """In the customer's name: found or created first. Where QuickBooks may have this person, a person decides."""
        made = creating.create_customer(self.world.auth, self.service, contact)
        if made["result"] in ("created", "already_linked"):
            return True
        if made["result"] == "unknown":
            self._wait(made["message"], f"contact {contact.pk}")
        else:
            names = ", ".join(found["name"] for found in made["found"][:3])
            there = f" QuickBooks has {names}." if names else ""
            self._refuse(
                kind,
                f"{contact} is no QuickBooks customer yet.{there} Open the contact, choose “Create in QuickBooks”, and "
                "link or create the customer there. This is then sent by itself.",
                f"contact {contact.pk}",
            )
        return False

    # --- Trouble -----------------------------------------------------------------------------

    def _troubled(self, kind: Kind[Any], sync: QuickBooksSync, error: QuickBooksError) -> bool:
        """Whether to go on at once. A known refusal ends the request; an unknown outcome keeps it. sync: as it was
        before this try."""
        if error.code == GONE:
            try:
                if self._is_gone(kind, sync):
                    self._vanish()
                    return False
            except QuickBooksError as trouble:
                self._postpone(sync, trouble)
                return False
            error = about_a_reference(error)
        if error.kind in (Trouble.STALE, Trouble.REFUSED) and sync.request_id and sync.tries:
            return self._look_what_became_of(kind, sync, error)
        if error.kind == Trouble.STALE:
            self._mine().update(**NO_REQUEST, needs_read=True)
            return True
        if error.kind == Trouble.REFUSED:
            self._refuse(kind, error.with_reference, "")
            return False
        self._postpone(sync, error)
        return False

    def _not_understood(self, kind: Kind[Any], sync: QuickBooksSync, reason: str) -> bool:
        """QuickBooks' document is none that can be kept here. A request stays open until its answer can be kept."""
        if sync.request_id:
            self._mine().update(next_try_at=timezone.now() + pause(sync.tries), error_message=reason)
        else:
            self._refuse(kind, f"{reason} Correct it in QuickBooks, then press Try again.", "")
        return False

    def _is_gone(self, kind: Kind[Any], sync: QuickBooksSync) -> bool:
        """Whether "not found" means the object itself, and not a customer or item of what was written."""
        if not sync.request_id or not sync.entity_id:
            return bool(sync.entity_id)
        try:
            self.service.read(kind.entity, sync.entity_id)
        except QuickBooksError as error:
            if error.code == GONE:
                return True
            raise
        return False

    def _look_what_became_of(self, kind: Kind[Any], sync: QuickBooksSync, error: QuickBooksError) -> bool:
        """Refused now, but an earlier try of the same request had no answer: it may have been carried out all the same,
        should QuickBooks have forgotten the request id by now. Whether to go on at once."""
        try:
            found = self._result_of(kind, sync)
        except QuickBooksError as trouble:
            return self._unknown(sync, trouble)
        if found is not None:
            for what in self._confirm(kind, found):
                wanting.release(what)
            return True
        if not sync.entity_id:
            self._refuse(kind, error.with_reference, "")
            return False
        self._mine().update(**NO_REQUEST, needs_read=True, tries=0)
        return True

    def _result_of(self, kind: Kind[Any], sync: QuickBooksSync) -> Document | None:
        """The object as the open request has left it; None if it was not carried out, or if others changed it since."""
        if not sync.entity_id:
            return kind.find_ours(self.service, sync)
        document = self.service.read(kind.entity, sync.entity_id)[kind.entity]
        sent, base_ours = sync.request_ours or {}, sync.base_ours or {}
        theirs = kind.theirs(document, self.world)
        changed = kind.sendable(sent, base_ours)
        return document if all(kind.says_same(name, sent[name], theirs.get(name)) for name in changed) else None

    def _unknown(self, sync: QuickBooksSync, trouble: QuickBooksError) -> bool:
        if trouble.code == GONE:
            self._vanish()
        else:
            self._postpone(sync, trouble)
        return False

    def _postpone(self, sync: QuickBooksSync, error: QuickBooksError) -> None:
        self.company_pauses = error.pauses_company
        self._mine().update(next_try_at=timezone.now() + pause(sync.tries), error_message=error.with_reference)

    def _refuse(self, kind: Kind[Any], sentence: str, waits_for: str) -> None:
        """Waits for a person, visibly; an edit or Try again starts over."""
        row = None
        with transaction.atomic():
            _, row, sync = merging.lock(self.sync_id, None)
            if sync is None or sync.lease != self.lease:
                return
            name = kind.named(row) if row is not None else kind.entity
            self._mine().update(
                **NO_REQUEST, needs_read=False, sync_status=Status.ERROR, waits_for=waits_for,
                error_message=f"{name}: {sentence}",
            )  # fmt: skip

    def _ask_for(self, entity_type: str, local_id: int) -> None:
        """What has to go first is wanted now, unless it is on its way or waits for a person already."""
        rows = QuickBooksSync.objects.filter(company=self.world.auth, entity_type=entity_type, local_id=local_id)
        if not rows.filter(Q(sent__lt=F("wanted")) | ~Q(request_id="")).exists():
            wanting.want(entity_type, local_id)

    def _wait(self, sentence: str, on: str) -> None:
        self._mine().update(waits_for=on, next_try_at=timezone.now() + WAITING_PAUSE, error_message=sentence)

    def _vanish(self) -> None:
        with arrivals.noted(calls.last_tid()), transaction.atomic():
            _, row, sync = merging.lock(self.sync_id, None)
            if sync is None or sync.lease != self.lease:
                return
            vanishing.mark(sync, row)
            self._mine().update(**NO_REQUEST, needs_read=False)


def _refuse_closed(kind: Kind[Any], ours: Document, agreed: Document) -> None:
    """Raises Unusable for what QuickBooks would refuse: the books may have been closed since it was written here."""
    closed = books.books_closed_until() if kind.is_booked else None
    days = [date.fromisoformat(side["date"]) for side in (ours, agreed) if side.get("date")]
    late = [day for day in days if closed is not None and day <= closed]
    if closed is not None and late:
        raise Unusable(
            f"The books are closed until {closed:%b %d, %Y}, and it is dated {late[0]:%b %d, %Y}, so it was not sent. "
            "Ask the accountant to open the books in QuickBooks, press Sync now, then Try again."
        )


def pause(tries: int) -> timedelta:
    """Longer each time, up to an hour; not all rows at the same moment."""
    return min(FIRST_PAUSE * 2 ** min(tries, 10), LONGEST_PAUSE) * random.uniform(0.8, 1.2)
