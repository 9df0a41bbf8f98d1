"""Which of a contact's customers is its primary one: the one that is kept up to it, and that new documents are written
for. None of this talks to QuickBooks."""

from collections.abc import Collection
from functools import partial

from django.db import transaction

from contacts.models import Contact
from quickbooks_integration import enriching, wanting
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.models.customers import GONE
from quickbooks_integration.reconciling import jobs
from quickbooks_integration.reconciling.deciding import SENDING, Settled, decision, lock_contact

AGREED = ("base_ours", "conflicts", "sync_status", "error_message", "wanted", "sent")


def pass_on(contact: Contact, sync: QuickBooksSync) -> QuickBooksSync | None:
    """After this customer was taken off the contact: another one is its primary one, if this one was. Returns that one,
    which begins once the contact is as it stays. Saves nothing.

    Inside the caller's transaction, with the contact and all its customers locked. Raises Settled while that one is on
    its way.
    """
    if contact.quickbooks_customer_id != sync.entity_id:
        return None
    following = jobs.next_primary(contact.pk)
    _point(contact, following)
    return following


def begin(contact: Contact, sync: QuickBooksSync) -> None:
    """This customer is kept up to the contact from now on. What was written here before was written for another one: it
    differs, as after a link, and is not sent. Saves the map row, which the caller has locked."""
    enriching.forget_prefetched(contact)
    sync.base_ours, sync.conflicts = enriching.ours_of(contact), {}
    if sync.customer.vanished_at is None:  # else its trouble is that it is gone
        sync.sync_status, sync.error_message = sync.Status.PENDING, ""
        wanting.settle(sync, is_edited=False)
    sync.save(update_fields=AGREED)


def replace_inactive(company: QuickBooksAuth, contact_ids: Collection[int] | None = None) -> int:
    """QuickBooks takes nothing new for an inactive customer: an active one of the same contact is its primary one
    instead. contact_ids: only these. Returns how many. Not inside a transaction."""
    return sum(_replace(company, contact_id) for contact_id in _inactive(company, contact_ids))


def replace_inactive_after_commit(customer: QuickBooksCustomer) -> None:
    """For whoever stores that a linked customer became active or inactive, inside its transaction."""
    sync = customer.sync
    if sync.local_id is not None:
        transaction.on_commit(partial(replace_inactive, sync.company, [sync.local_id]))


def _inactive(company: QuickBooksAuth, contact_ids: Collection[int] | None) -> list[int]:
    """Contacts whose primary customer is inactive while another one is not. What is gone is asked: see merged. Three plain
    queries: as one, PostgreSQL may compare every contact with every customer."""
    linked = QuickBooksCustomer.objects.filter(
        sync__company=company, sync__entity_type="customer", sync__local_id__isnull=False
    )
    if contact_ids is not None:
        linked = linked.filter(sync__local_id__in=contact_ids)
    inactive = set(linked.filter(~GONE, active=False).values_list("sync__local_id", "sync__entity_id"))
    active = linked.filter(active=True, vanished_at=None, sync__local_id__in={contact for contact, _ in inactive})
    contacts = Contact.objects.filter(pk__in=set(active.values_list("sync__local_id", flat=True)))
    primary = contacts.order_by("pk").values_list("pk", "quickbooks_customer_id")
    return [pk for pk, entity_id in primary if (pk, entity_id) in inactive]


def _replace(company: QuickBooksAuth, contact_id: int) -> bool:
    """Looks again under lock; where one is on its way the next pull looks again."""
    try:
        with decision(None):
            rows = QuickBooksSync.objects.filter(entity_type="customer", local_id=contact_id).order_by("pk")
            list(rows.select_for_update(no_key=True).values_list("pk"))
            contact = lock_contact(contact_id)
            following = jobs.next_primary(contact_id)
            if following is None or not following.customer.active or not _inactive(company, [contact_id]):
                return False
            _point(contact, following)
            contact.save(update_fields=["quickbooks_customer_id", "quickbooks_sync_token", "updated_at"])
            begin(contact, following)
            return True
    except Settled:
        return False


def _point(contact: Contact, sync: QuickBooksSync | None) -> None:
    if sync is not None and sync.request_id:  # its answer would be kept as what was agreed with the contact of today
        raise Settled(f"{sync.customer}: {SENDING}")
    contact.quickbooks_customer_id = sync.entity_id if sync is not None else None
    contact.quickbooks_sync_token = sync.sync_version if sync is not None else None
