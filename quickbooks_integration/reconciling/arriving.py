"""New and changed contacts and customers are matched when they arrive, not when everybody is.

Who saves a contact rings for it; what the bell missed (an import, a worker that died) is found by the time of its last
change, every five minutes and with each pull.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import MatchingProgress, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling.matching import MatchResult, match

# For more it is quicker to match everybody.
ARRIVALS_AT_MOST = 1_000
# A change is seen when its transaction ends, and says when it was made: an import takes some minutes.
LOOK_BACK = timedelta(minutes=10)


def match_arrivals(company: QuickBooksAuth, *, everybody: bool = False) -> MatchResult:
    """Matches what was added or changed since the last time; everybody, when asked to, the first time, and when that is
    most of them. Not inside a transaction."""
    began = timezone.now()
    progress = MatchingProgress.objects.filter(company=company).first()
    arrived = None if everybody or progress is None else _arrived(company, progress.until - LOOK_BACK)
    result = match(company) if arrived is None else match(company, *arrived)
    MatchingProgress.objects.update_or_create(company=company, defaults={"until": began})
    return result


def has_begun(company: QuickBooksAuth) -> bool:
    """Whether all customers were read and matched once. Before that a contact might be linked to the wrong one, because
    the right one has not been read yet."""
    return MatchingProgress.objects.filter(company=company).exists()


def ring_for(*contacts: Contact) -> None:
    """Has a worker match these contacts, after commit."""
    transaction.on_commit(partial(RINGER.ring, partial(_ring, [contact.pk for contact in contacts])))


def _ring(contact_ids: list[int]) -> None:
    from quickbooks_integration import tasks

    tasks.match_contacts.delay(contact_ids)


def _arrived(company: QuickBooksAuth, since: datetime) -> tuple[list[int], list[int]] | None:
    """Ids of contacts and of map rows; None if there are many."""
    customers = QuickBooksSync.objects.filter(company=company, entity_type="customer", customer__isnull=False)
    changed = customers.filter(Q(last_synced__gte=since) | Q(customer__vanished_at__gte=since))
    found = _few(Contact.objects.current().filter(updated_at__gte=since)), _few(changed)
    contacts, sync_ids = found
    return None if contacts is None or sync_ids is None else (contacts, sync_ids)


def _few(rows: QuerySet[Contact] | QuerySet[QuickBooksSync]) -> list[int] | None:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[: ARRIVALS_AT_MOST + 1])
    return ids if len(ids) <= ARRIVALS_AT_MOST else None
