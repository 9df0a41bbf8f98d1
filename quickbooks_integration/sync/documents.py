"""The mirror rows of documents, and our keys for what QuickBooks' documents point to."""

import hashlib
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Q

from billing.models import Invoice, Payment, PaymentApplication, Product, Quote, TaxCode
from quickbooks_integration.documents.facts import Head
from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.documents.taking import Known
from quickbooks_integration.mapping import Document, moment, text
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksDocument, QuickBooksSync


def store(
    sync: QuickBooksSync, head: Head, balance: Decimal, status: str, theirs: Projection, document: Document
) -> None:
    """One document as it is there now; inside the transaction that has its map row."""
    QuickBooksDocument.objects.update_or_create(
        sync=sync, defaults=columns(head, balance, status, theirs) | {"raw": document, "vanished_at": None}
    )
    sync.__dict__.pop("document", None)
    sync._state.fields_cache.pop("document", None)


def columns(head: Head, balance: Decimal, status: str, theirs: Projection) -> dict[str, Any]:
    """The mirror's columns but the document itself."""
    return {
        "customer_id": head.customer_id,
        "customer_name": head.customer_name,
        "document_number": head.document_number,
        "date": head.day,
        "total": head.total,
        "balance": balance,
        "status": "Void" if head.is_void else status[:20],
        "links": [list(link) for link in head.links],
        "remote_created_at": head.created_at,
        "remote_updated_at": head.updated_at,
        "digest": digest(head, balance, theirs),
    }


def digest(head: Head, balance: Decimal, theirs: Projection) -> str:
    """Of everything that matters to us, so that answers of different shapes are no change."""
    said = (head.total, balance, head.document_number, head.is_void, head.links, sorted(theirs.items()))
    return hashlib.sha1(repr(said).encode(), usedforsecurity=False).hexdigest()


def customer_id(sync: QuickBooksSync) -> str:
    """The customer that QuickBooks has on the document; "" for one that is not there yet."""
    if not sync.pk or not sync.entity_id:
        return ""
    return QuickBooksDocument.objects.filter(sync=sync).values_list("customer_id", flat=True).first() or ""


def is_customer_of(company_id: str, customer_id: str, contact_id: int) -> bool:
    """Also of the contact whose own customer was merged into this one, until a person has decided."""
    own = QuickBooksSync.objects.filter(company=company_id, entity_type="customer", local_id=contact_id)
    return own.filter(Q(entity_id=customer_id) | Q(customer__merged_into=customer_id)).exists()


def known(
    auth: QuickBooksAuth,
    *,
    customer_ids: Collection[str] = (),
    item_ids: Iterable[str] = (),
    tax_code_ids: Iterable[str] = (),
    contact_id: int | None = None,
) -> Known:
    """Our keys by QuickBooks' ids, for those that have one here.

    contact_id: whose the row is today. A customer that is nobody's, but that one of this contact's was merged into, is
    still this contact's: nothing is taken from a contact before a person has decided.
    """
    customers = QuickBooksSync.objects.filter(company=auth, entity_type="customer", local_id__isnull=False).of_objects(
        customer_ids
    )
    contacts = dict(customers.values_list("entity_id", "local_id"))
    nobodys = set(customer_ids) - contacts.keys() - {""}
    if contact_id is not None and nobodys:
        contacts |= dict.fromkeys(_merged_from(auth, contact_id, nobodys), contact_id)
    products = Product.objects.filter(quickbooks_item_id__in=set(item_ids) - {""})
    codes = TaxCode.objects.filter(quickbooks_tax_code_id__in=set(tax_code_ids) - {""})
    return Known(
        contacts=contacts,
        products=dict(products.values_list("quickbooks_item_id", "pk")),
        tax_codes=dict(codes.values_list("quickbooks_tax_code_id", "pk")),
    )


def _merged_from(auth: QuickBooksAuth, contact_id: int, customer_ids: Iterable[str]) -> list[str]:
    rows = QuickBooksCustomer.objects.filter(sync__company=auth, sync__local_id=contact_id)
    return list(rows.filter(merged_into__in=customer_ids).values_list("merged_into", flat=True))


def is_older(document: Document, sync: QuickBooksSync) -> bool:
    """Whether this answer tells an earlier state than the one that is stored."""
    known, told = sync.sync_version, text(document, "SyncToken")
    if known.isdecimal() and told.isdecimal() and int(told) != int(known):
        return int(told) < int(known)
    mirror = getattr(sync, "customer" if sync.entity_type == "customer" else "document", None)
    stored = mirror.remote_updated_at if mirror is not None else None
    changed = moment((document.get("MetaData") or {}).get("LastUpdatedTime"))
    return stored is not None and changed is not None and changed < stored


def forget_twin(other: QuickBooksSync, ours: int | None) -> None:
    """A pull stored as somebody else's what was ours on its way: its row and its document go, and what points to that
    document points to ours. Inside the transaction that confirms ours."""
    twin, kind = other.local_id, other.entity_type
    other.delete()
    if twin is None or ours is None or twin == ours:
        return
    if kind == "estimate":
        Invoice.objects.filter(quote=twin).update(quote=ours)
        Quote.objects.filter(pk=twin).delete()
    elif kind == "invoice":
        PaymentApplication.objects.filter(invoice=twin).update(invoice=ours)
        Invoice.objects.filter(pk=twin).delete()
    elif kind == "payment":
        Payment.objects.filter(pk=twin).delete()
