"""Documents of a customer that had no contact find theirs when the customer is linked, and lose it when it is not.

A document belongs to the contact of the customer that QuickBooks has it for. Whoever does this locks documents first,
contacts after them, so it runs in a transaction of its own, after the link is committed.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, models, transaction

from billing import summaries
from billing.models import CreditMemo, Invoice, Payment, Quote
from contacts.models import Contact
from quickbooks_integration import arrivals
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync

MODELS: dict[str, type[models.Model]] = {
    "estimate": Quote,
    "invoice": Invoice,
    "credit_memo": CreditMemo,
    "sales_receipt": Invoice,
    "refund_receipt": CreditMemo,
    "payment": Payment,
}
# What was written here keeps its contact, whoever the customer in QuickBooks is.
WRITTEN_HERE = r"(^|[\n ])CRM (quote|invoice|payment) [0-9]{1,10}\s*$"
# Kinds that nobody edits here: whose they are is QuickBooks' alone.
FOLLOWERS = ("credit_memo", "sales_receipt", "refund_receipt")
AT_ONCE = 500
# {key of a row: {contact that it has: contact that it gets}}, by model.
Moves = dict[type[models.Model], dict[int, dict[int | None, int | None]]]


def after_commit(*customers: QuickBooksSync, was: int | None = None, since: datetime | None = None) -> None:
    """For the verbs that link and unlink customers, inside their transaction. was: the contact that they had."""
    if customers:
        transaction.on_commit(partial(attach_documents, *customers, was=was, since=since))


def attach_documents(*customers: QuickBooksSync, was: int | None = None, since: datetime | None = None) -> int:
    """Gives the customers' documents their contacts, or takes `was` off them when there is none. Returns how many changed.

    Documents of another contact than `was` stay there, and so do those of `was` that were written here or that were
    known before `since`. Not inside a transaction that has locked a contact.
    """
    with arrivals.noted(""), transaction.atomic():
        return _move(_moves(customers, was, since))


def _moves(customers: Iterable[QuickBooksSync], was: int | None, since: datetime | None) -> Moves:
    rows = QuickBooksSync.objects.filter(pk__in=[customer.pk for customer in customers]).exclude(entity_id="")
    contacts = {(company, id): contact for company, id, contact in rows.values_list("company", "entity_id", "local_id")}
    documents = QuickBooksDocument.objects.filter(
        sync__company__in={company for company, _ in contacts},
        customer_id__in={id for _, id in contacts},
        sync__local_id__isnull=False,
    )
    loose = _loose(documents, since) if was is not None else set()
    moves: Moves = defaultdict(dict)
    columns = ("pk", "sync__company", "customer_id", "sync__entity_type", "sync__local_id")
    for pk, company, customer_id, entity_type, local_id in documents.values_list(*columns):
        contact_id = contacts.get((company, customer_id))
        change = {was: contact_id} if pk in loose else {}
        if contact_id is not None:
            change[None] = contact_id
        if change and (company, customer_id) in contacts:
            moves[MODELS[entity_type]][local_id] = change
    return moves


def _loose(documents: models.QuerySet[QuickBooksDocument], since: datetime | None) -> set[int]:
    """Those that go wherever their customer goes."""
    written_here = documents.filter(raw__PrivateNote__regex=WRITTEN_HERE)
    found = documents.filter(sync__created_at__gte=since) if since else documents
    return set(found.exclude(pk__in=written_here).values_list("pk", flat=True))


def sweep(auth: QuickBooksAuth, entity_types: Iterable[str]) -> int:
    """Catches up on documents without a contact whose customer has one by now, and on those that only follow QuickBooks
    and whose contact is another: who linked the customer may have been stopped before he came to them. Not inside a
    transaction."""
    changed = 0
    for entity_type in entity_types:
        for before, found in _waiting(auth, entity_type).items():
            for start in range(0, len(found), AT_ONCE):
                with arrivals.noted(""), transaction.atomic():
                    portion = found[start : start + AT_ONCE]
                    changed += _move({MODELS[entity_type]: {row: {before: contact} for row, contact in portion}})
    return changed


def _waiting(auth: QuickBooksAuth, entity_type: str) -> dict[int | None, list[tuple[int, int]]]:
    """(our row, contact), by the contact that it has."""
    others = " OR row.contact_id <> customer.local_id" if entity_type in FOLLOWERS else ""
    found: defaultdict[int | None, list[tuple[int, int]]] = defaultdict(list)
    for before, row, contact in _read_waiting(auth, entity_type, others):
        found[before].append((row, contact))
    return found


def _read_waiting(auth: QuickBooksAuth, entity_type: str, others: str) -> list[tuple[int | None, int, int]]:
    sync, document = QuickBooksSync._meta.db_table, QuickBooksDocument._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row.contact_id, row.id, customer.local_id FROM {MODELS[entity_type]._meta.db_table} AS row"
            f" JOIN {sync} AS sync ON sync.local_id = row.id AND sync.company_id = %s AND sync.entity_type = %s"
            f" JOIN {document} AS document ON document.sync_id = sync.id"
            f" JOIN {sync} AS customer ON customer.company_id = sync.company_id"
            " AND customer.entity_type = 'customer' AND customer.entity_id = document.customer_id"
            f" JOIN {Contact._meta.db_table} AS contact ON contact.id = customer.local_id"
            f" WHERE row.contact_id IS NULL{others} ORDER BY row.id",
            [auth.company_id, entity_type],
        )
        return cursor.fetchall()


def _move(moves: Moves) -> int:
    """Gives rows another contact, and all these contacts their sums."""
    from quickbooks_integration.sync import pairing

    contacts: set[int | None] = set()
    invoices: list[int] = []
    changed = 0
    for model in (Quote, Invoice, Payment, CreditMemo):  # in the order in which everybody locks them
        by_id = moves.get(model, {})
        had = {contact for change in by_id.values() for contact in change}
        rows: Any = model._default_manager.select_for_update(of=("self",), no_key=True)
        rows = rows.filter(models.Q(contact__in=had - {None}) | models.Q(contact=None), pk__in=by_id)
        found = [row for row in rows.order_by("pk") if row.contact_id in by_id[row.pk]]
        contacts |= {row.contact_id for row in found}
        for row in found:
            row.contact_id = by_id[row.pk][row.contact_id]
        model._default_manager.bulk_update(found, ["contact"])
        contacts |= {row.contact_id for row in found}
        invoices += [row.pk for row in found if isinstance(row, Invoice)]
        changed += len(found)
    if changed:
        pairing.make_jobs(invoices)
        summaries.refresh(contacts)
    return changed
