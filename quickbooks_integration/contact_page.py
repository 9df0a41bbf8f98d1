"""What QuickBooks adds to a contact's timeline: links, what was sent there, and what both sides changed.

What changed in QuickBooks stands in the histories of the documents, which billing tells.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from billing.models import Quote
from contacts import timeline
from contacts.models import Contact
from contacts.timeline import Fact, Kind, Told
from quickbooks_integration import wording
from quickbooks_integration.models import (
    Choice,
    ConflictDecision,
    MatchDecision,
    QuickBooksCustomer,
    QuickBooksSync,
)

APP = "quickbooks_integration"
LINKS, CUSTOMERS = f"{APP}.view_quickbookssync", f"{APP}.view_quickbookscustomer"
DOCUMENTS = ("billing.view_quote", "billing.view_invoice", "billing.view_payment", "billing.view_creditmemo")
CONFLICTS = "admin:quickbooks_integration_conflictdecision_changelist"
Action = MatchDecision.Action


class SyncWithQuickBooks(timeline.Part):
    @property
    def kinds(self) -> Sequence[Kind]:
        return KINDS

    def elsewhere(self, contact: Contact, may: timeline.May) -> list[Fact]:
        """The customer in QuickBooks that the contact is."""
        if not may(CUSTOMERS) or contact.quickbooks_customer_id is None:
            return []
        linked = QuickBooksCustomer.objects.filter(sync__entity_type="customer", sync__local_id=contact.pk)
        customer = linked.filter(sync__entity_id=contact.quickbooks_customer_id).only("display_name").first()
        page = f"admin:{APP}_quickbookscustomer_change"
        return [Fact("In QuickBooks", str(customer), reverse(page, args=[customer.pk]))] if customer else []


def _of(contact: Contact) -> Any:
    """Keys of the map rows of the contact and of its documents. Each part by the index of (kind, key)."""
    parts = [QuickBooksSync.objects.filter(entity_type="customer", local_id=contact.pk)]
    for entity_type, label in QuickBooksSync.LOCAL_MODELS.items():
        model = apps.get_model(label)
        if any(field.name == "contact" for field in model._meta.fields):
            documents = model._default_manager.filter(contact=contact).order_by()
            parts.append(QuickBooksSync.objects.filter(entity_type=entity_type, local_id__in=documents.values("pk")))
    first, *others = (part.order_by().values("pk") for part in parts)
    return first.union(*others, all=True)


# --- Links ---------------------------------------------------------------------------------------


def _links(contact: Contact) -> QuerySet[MatchDecision]:
    rows = MatchDecision.objects.filter(contact=contact).exclude(action=Action.REFUSE)
    return rows.select_related("sync__customer", "decided_by", "undone_by").defer("before", "sync__customer__raw")


def _tell_link(decision: MatchDecision, contact: Contact) -> Told:
    customer = getattr(decision.sync, "customer", None) or "a QuickBooks customer"
    by = timeline.person(decision.decided_by)
    said = {
        Action.AUTO_LINK: f"Linked by itself to {customer} in QuickBooks",
        Action.CREATE_CONTACT: f"Made from {customer} in QuickBooks{by}",
        Action.CREATE_CUSTOMER: f"Made the QuickBooks customer {customer}{by}",
        Action.LET_GO: f"No longer linked to {customer}, which is gone in QuickBooks{by}",
    }.get(Action(decision.action), f"Linked to {customer} in QuickBooks{by}")
    reasons = "; ".join(reason["text"] for reason in decision.reasons)
    undone = ""
    if decision.undone_at is not None:
        day = date_format(timezone.localtime(decision.undone_at), "M j, Y")
        how = "Taken back" if decision.action == Action.LET_GO else "Unlinked"
        undone = f" {how} on {day}{timeline.person(decision.undone_by)}."
    return Told(f"{said}{f': {reasons}' if reasons else ''}.{undone}")


# --- Sent, and changed on both sides -------------------------------------------------------------


def _sent(contact: Contact) -> QuerySet[QuickBooksSync]:
    rows = QuickBooksSync.objects.filter(pk__in=_of(contact), confirmed_at__isnull=False)
    return _named(rows, "", "local_id", "entity_type")


def _tell_sent(sync: QuickBooksSync, contact: Contact) -> Told:
    return Told(f"{_name(sync, sync)} was sent to QuickBooks, which confirmed it.", _page(sync))


def _conflicts(contact: Contact) -> QuerySet[Any]:
    """The moments at which a row came into conflict, as the history of links has them. A row that was in conflict already has
    only become another contact's, or got its id."""
    conflict, events = QuickBooksSync.Status.CONFLICT, apps.get_model(APP, "QuickBooksSyncEvent").objects
    before = events.filter(pgh_obj=OuterRef("pgh_obj"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    rows = events.filter(pgh_obj__in=_of(contact), sync_status=conflict)
    rows = rows.annotate(status_before=Subquery(before.values("sync_status")[:1]))
    rows = rows.filter(Q(status_before__isnull=True) | ~Q(status_before=conflict))
    return _named(rows, "pgh_obj__", "local_id", "entity_type")


def _refusals(contact: Contact) -> QuerySet[Any]:
    """The last one of each row: its sentence is the row's own, and a row that is tried again and again is one line."""
    error, events = QuickBooksSync.Status.ERROR, apps.get_model(APP, "QuickBooksSyncEvent").objects
    later = events.filter(pgh_obj=OuterRef("pgh_obj"), sync_status=error, pgh_id__gt=OuterRef("pgh_id"))
    rows = events.filter(~Exists(later), pgh_obj__in=_of(contact), sync_status=error)
    return _named(rows, "pgh_obj__", "local_id", "entity_type")


def _tell_conflict(event: Any, contact: Contact) -> Told:
    sync = event.pgh_obj
    said = f"{_name(sync, event)} was changed here and in QuickBooks, in the same place."
    if sync.sync_status == QuickBooksSync.Status.CONFLICT:
        return Told(f"{said} Nothing is sent until you decide.", reverse(CONFLICTS))
    return Told(f"{said} It is decided.", _page(sync))


def _tell_refusal(event: Any, contact: Contact) -> Told:
    sync = event.pgh_obj
    said = f"{_name(sync, event)} was not taken by QuickBooks."
    if sync.sync_status == QuickBooksSync.Status.ERROR:
        return Told(f"{said} {sync.error_message or 'Press Try again to see why.'}", _page(sync))
    if sync.sync_status == QuickBooksSync.Status.CONFLICT:
        return Told(f"{said} Both sides have changed since, and nothing is sent until you decide.", reverse(CONFLICTS))
    if sync.sync_status == QuickBooksSync.Status.PENDING:
        return Told(f"{said} It is being sent again.", _page(sync))
    return Told(f"{said} It is settled.", _page(sync))


def _named(rows: QuerySet[Any], to_sync: str, local_id: str, entity_type: str) -> QuerySet[Any]:
    """With the quote's own number, and with what QuickBooks calls the others, but not its whole documents."""
    number = Quote.objects.filter(pk=OuterRef(local_id)).values("number")
    rows = rows.annotate(quote_number=Case(When(**{entity_type: "estimate"}, then=Subquery(number))))
    return rows.select_related(*(f"{to_sync}{mirror}" for mirror in ("document", "customer"))).defer(
        *(f"{to_sync}{column}" for column in ("document__raw", "customer__raw", "request_body", "base", "base_ours"))
    )


def _name(sync: QuickBooksSync, numbered: Any) -> str:
    if sync.entity_type == "estimate":
        return f"Quote {numbered.quote_number}" if numbered.quote_number else "A quote"
    if sync.entity_type == "customer":
        return f"The customer {sync.customer}" if hasattr(sync, "customer") else "The contact"
    document = getattr(sync, "document", None)
    number = document.document_number if document is not None else ""
    kind = sync.get_entity_type_display()
    return f"{kind} {number}" if number else f"A{'n' if kind[0] in 'AEIOU' else ''} {kind.lower()}"


def _page(sync: QuickBooksSync) -> str:
    model = apps.get_model(QuickBooksSync.LOCAL_MODELS[sync.entity_type])
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
    return reverse(page, args=[sync.local_id]) if sync.local_id else ""


def _decided(contact: Contact) -> QuerySet[ConflictDecision]:
    """Those about the contact itself: those about a document stand in its history."""
    rows = ConflictDecision.objects.filter(sync__entity_type="customer", sync__local_id=contact.pk)
    rows = rows.filter(state__in=[ConflictDecision.State.DONE, ConflictDecision.State.UNDONE])
    return rows.select_related("decided_by", "undone_by").only(
        "field", "choice", "state", "decided_at", "undone_at", "policy_id", "decided_by", "undone_by"
    )


def _tell_decided(decision: ConflictDecision, contact: Contact) -> Told:
    label = wording.label(decision.field, "customer")
    whose = "QuickBooks' value was taken" if decision.choice == Choice.THEIRS else "ours was kept"
    by = " by a rule of the office" if decision.policy_id else timeline.person(decision.decided_by)
    undone = ""
    if decision.undone_at is not None:
        day = date_format(timezone.localtime(decision.undone_at), "M j, Y")
        undone = f" Taken back on {day}{timeline.person(decision.undone_by)}."
    return Told(f"{label} was changed on both sides: {whose}{by}.{undone}")


KINDS = (
    Kind("QuickBooks", 21, (CUSTOMERS,), "decided_at", _links, _tell_link),
    Kind("QuickBooks", 22, (LINKS, *DOCUMENTS), "confirmed_at", _sent, _tell_sent),
    Kind("QuickBooks", 23, (LINKS, *DOCUMENTS), "pgh_created_at", _conflicts, _tell_conflict),
    Kind("QuickBooks", 25, (LINKS, *DOCUMENTS), "pgh_created_at", _refusals, _tell_refusal),
    Kind("QuickBooks", 24, (LINKS,), "decided_at", _decided, _tell_decided),
)
