"""Contacts that somebody chose to push and that are no customers yet: looked for and created one after the other.

Such a contact has a map row without QuickBooks' id, on which nothing was sent. What creating.py makes of it decides.
"""

from django.db.models import F, QuerySet
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration import wanting
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import creating, delivering, outbox

Status = QuickBooksSync.Status


def wanted(auth: QuickBooksAuth) -> QuerySet[QuickBooksSync]:
    """Map rows of contacts that are to become customers and of which nothing was sent so far."""
    rows = QuickBooksSync.objects.filter(company=auth, entity_type="customer", entity_id="", request_id="")
    return rows.filter(sent__lt=F("wanted"), sync_status=Status.PENDING).order_by(outbox.LONGEST_FIRST, "pk")


def work_off(service: QuickBooksService, most: int = 200) -> int:
    """All that are due. Returns how many were looked at."""
    due = wanted(service.auth).exclude(next_try_at__gt=timezone.now())
    ids = list(due.values_list("pk", flat=True)[:most])
    for sync_id in ids:
        work(service, sync_id)
    return len(ids)


def work(service: QuickBooksService, sync_id: int) -> bool:
    """Makes a customer of the contact of this map row, or says on it why not. Not inside a transaction.

    False if the row is no such row. Two workers at the same contact make one customer: see creating.py.
    """
    sync = wanted(service.auth).filter(pk=sync_id).first()
    if sync is None:
        return False
    contact = Contact.objects.filter(pk=sync.local_id).first()
    if contact is None:
        sync.delete()
    elif wanting.may_send(service.auth):
        _create(service, sync_id, contact)
    return True


def _create(service: QuickBooksService, sync_id: int, contact: Contact) -> None:
    rows = QuickBooksSync.objects.filter(pk=sync_id, entity_id="")
    try:
        made = creating.create_customer(service.auth, service, contact)
    except QuickBooksError as error:
        tries = rows.values_list("tries", flat=True).first() or 0
        rows.update(
            tries=tries + 1, next_try_at=timezone.now() + delivering.pause(tries), error_message=error.with_reference
        )
        return
    if made["result"] == "already_linked":
        rows.filter(request_id="").delete()
    elif made["result"] in ("exists", "name_taken", "refused"):
        rows.update(sync_status=Status.ERROR, error_message=_sentence(contact, made))


def _sentence(contact: Contact, made: dict[str, object]) -> str:
    found = made["found"]
    assert isinstance(found, list)
    if not found:
        return f"{contact}: {made['message']}"
    who = ", ".join(f"{one['name']} ({one['reason'].lower()})" for one in found[:3])
    return (
        f"{contact} may be in QuickBooks already: {who}. Open the contact, choose “Create in QuickBooks”, and link or "
        "create the customer there."
    )
