"""What is to go to QuickBooks: which rows are due, and who works at them. How one goes there is delivering.py's."""

import logging
import uuid
from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from quickbooks_integration import pauses, wanting
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import delivering
from quickbooks_integration.sync.kinds import KINDS, World

log = logging.getLogger(__name__)
Status = QuickBooksSync.Status

# What waits from before this column was there has waited longest.
LONGEST_FIRST = F("waiting_since").asc(nulls_first=True)


def due(auth: QuickBooksAuth) -> QuerySet[QuickBooksSync]:
    """Rows with work to do that nobody is at, those that wait longest first."""
    now = timezone.now()
    open_request = ~Q(request_id="")
    wants = Q(sent__lt=F("wanted")) & ~Q(sync_status__in=[Status.ERROR, Status.CONFLICT])
    rows = QuickBooksSync.objects.filter(company=auth, entity_type__in=KINDS).filter(
        open_request | Q(needs_read=True) | wants
    )
    # An open create of a customer is creating.py's.
    rows = rows.exclude(entity_type="customer", entity_id="")
    rows = rows.filter(Q(lease=None) | Q(lease_until__lt=now)).filter(Q(next_try_at=None) | Q(next_try_at__lte=now))
    # Not joined: that would weaken the taking of a lease.
    rows = rows.filter(pauses.may_write(auth.company_id) | Q(needs_read=True, request_id=""))
    return rows.order_by(LONGEST_FIRST, "pk")


def work(service: QuickBooksService, sync_id: int, world: World | None = None) -> bool:
    """Does all that waits at one row: settles an open request, reads it again, writes it. Not inside a transaction.

    Whoever comes second finds the lease taken and goes. False when no other row would fare better either: the company
    has to sign in again, asks too much of QuickBooks, or does not get through to it.
    """
    lease = _take_lease(service.auth, sync_id)
    if lease is None:
        return True
    worker = delivering.Worker(service, sync_id, lease, world or World.of(service.auth))
    worker.run()
    return not worker.company_pauses


def work_off(service: QuickBooksService, most: int = 500) -> int:
    """All rows that are due, until the company has to pause. Returns how many were looked at."""
    world, done = World.of(service.auth), 0
    for sync_id in list(due(service.auth).values_list("pk", flat=True)[:most]):
        done += 1
        try:
            if not work(service, sync_id, world):
                break
        except Exception:  # one row's trouble, which is written on it, holds up no other
            log.exception("QuickBooks link %s could not be worked at.", sync_id)
    return done


def settle_creates(auth: QuickBooksAuth, service: QuickBooksService, entity_type: str) -> datetime | None:
    """Finishes creates whose outcome is unknown. Returns the time of the oldest that still is: what QuickBooks shows as
    new since then may be its result, so nobody may take it for something else."""
    still_open = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type, entity_id="").exclude(
        request_id=""
    )
    world = World.of(auth)
    for sync_id in list(still_open.values_list("pk", flat=True)[:200]):
        work(service, sync_id, world)
    return still_open.order_by("created_at").values_list("created_at", flat=True).first()


def retry(sync_id: int) -> None:
    """A person says: now. What was refused is sent as it is here now; where nothing is to be sent QuickBooks is asked
    once more what it has."""
    rows = QuickBooksSync.objects.filter(pk=sync_id)
    rows.update(next_try_at=None, waits_for="")
    refused = rows.filter(sync_status=Status.ERROR)
    has_nothing_to_send = Q(sent=F("wanted"), local_id__isnull=False)
    refused.filter(has_nothing_to_send, entity_type__in=KINDS).exclude(entity_id="").update(needs_read=True)
    # A contact whose customer was refused: the request is over, so another one is wanted.
    refused.filter(has_nothing_to_send, entity_type="customer", entity_id="").update(wanted=F("wanted") + 1)
    wanting.to_be_sent(refused.exclude(has_nothing_to_send))
    rows.filter(sync_status=Status.PENDING).update(error_message="")
    wanting.ring([sync_id])


def _take_lease(auth: QuickBooksAuth, sync_id: int) -> uuid.UUID | None:
    lease = uuid.uuid4()
    taken = due(auth).order_by().filter(pk=sync_id).update(lease=lease, lease_until=timezone.now() + delivering.LEASE)
    return lease if taken == 1 else None
