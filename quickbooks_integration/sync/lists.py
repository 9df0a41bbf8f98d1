"""Terms, payment methods, accounts, tax codes and settings: few, read whole, and on their own.

Intuit: the change feed does not carry tax codes and rates.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing import books
from billing.models import TaxCode, TaxRate
from quickbooks_integration.documents.reading import day, number
from quickbooks_integration.documents.writing import Names
from quickbooks_integration.mapping import Document, text
from quickbooks_integration.models import ListEntry, QuickBooksAuth
from quickbooks_integration.sync.reading import PAGE, Source

Kind = ListEntry.Kind
PREFERENCES_ID = "1"
MOST_DECIMALS = Decimal("0.0001")


def refresh(auth: QuickBooksAuth, source: Source) -> None:
    """Brings all lists up to QuickBooks', and with them the tax codes that quotes offer. Not inside a transaction."""
    found = {kind: _read(source, kind) for kind in Kind}
    with transaction.atomic():
        for kind, documents in found.items():
            _store(auth, kind, documents)
        _follow_tax_codes(found[Kind.TAX_CODE], found[Kind.TAX_RATE])
        books.close_until(books_closed_until(auth))


def names(auth: QuickBooksAuth) -> dict[str, str]:
    """Names by what a document points to: "PaymentMethod 2", "Account 35"; payment terms by their id alone."""
    rows = ListEntry.objects.filter(company=auth, kind__in=[Kind.TERM, Kind.PAYMENT_METHOD, Kind.ACCOUNT])
    return {
        entity_id if kind == Kind.TERM else f"{kind} {entity_id}": name
        for kind, entity_id, name in rows.values_list("kind", "entity_id", "name")
    }


def ids(auth: QuickBooksAuth) -> Names:
    """QuickBooks' ids by name, for what is sent; inactive entries are not offered to it."""
    rows = list(ListEntry.objects.filter(company=auth, active=True).values_list("kind", "name", "entity_id"))

    def of(kind: ListEntry.Kind) -> dict[str, str]:
        return {name: entity_id for row_kind, name, entity_id in rows if row_kind == kind}

    return Names(terms=of(Kind.TERM), methods=of(Kind.PAYMENT_METHOD), accounts=of(Kind.ACCOUNT))


def preferences(auth: QuickBooksAuth) -> Document:
    """QuickBooks' settings as they were last read; {} before that."""
    found = ListEntry.objects.filter(company=auth, kind=Kind.PREFERENCES).values_list("raw", flat=True).first()
    return found or {}


def books_closed_until(auth: QuickBooksAuth) -> date | None:
    """Intuit: nothing dated on or before BookCloseDate can be changed."""
    accounting = preferences(auth).get("AccountingInfoPrefs")
    return day(accounting, "BookCloseDate") if isinstance(accounting, dict) else None


def _read(source: Source, kind: ListEntry.Kind) -> list[Document]:
    active = "" if kind == Kind.PREFERENCES else " WHERE Active IN (true, false)"
    answer = source.query(f"SELECT * FROM {kind}{active} MAXRESULTS {PAGE}")
    return answer["QueryResponse"].get(kind.value, [])


def _store(auth: QuickBooksAuth, kind: ListEntry.Kind, documents: list[Document]) -> None:
    rows = [
        ListEntry(
            company=auth,
            kind=kind,
            entity_id=text(document, "Id") or PREFERENCES_ID,
            name=(text(document, "FullyQualifiedName") or text(document, "Name") or kind.label)[:200],
            active=document.get("Active") is not False,
            raw=document,
        )
        for document in documents
    ]
    ListEntry.objects.filter(company=auth, kind=kind).exclude(entity_id__in=[row.entity_id for row in rows]).delete()
    ListEntry.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["company", "kind", "entity_id"],
        update_fields=["name", "active", "raw"],
    )


def _follow_tax_codes(codes: list[Document], rates: list[Document]) -> None:
    """A code here is QuickBooks' code with its sales tax rates; one that is gone there is not offered any more."""
    percents = {text(rate, "Id"): (text(rate, "Name"), number(rate, "RateValue")) for rate in rates}
    seen = [_follow_tax_code(code, percents) for code in codes if text(code, "Id").isdecimal()]
    TaxCode.objects.filter(quickbooks_tax_code_id__isnull=False).exclude(pk__in=seen).update(active=False)


def _follow_tax_code(document: Document, percents: dict[str, tuple[str, Decimal | None]]) -> int:
    entity_id, name = text(document, "Id"), text(document, "Name")[:100]
    taken = TaxCode.objects.filter(name=name).exclude(quickbooks_tax_code_id=entity_id)
    if taken.filter(quickbooks_tax_code_id=None).update(quickbooks_tax_code_id=entity_id) == 0 and taken.exists():
        name = f"{name[:90]} ({entity_id})"
    code, _ = TaxCode.objects.update_or_create(
        quickbooks_tax_code_id=entity_id,
        defaults={"name": name, "active": document.get("Active") is not False},
    )
    wanted = [
        (rate_name[:100], percent.quantize(MOST_DECIMALS))
        for rate_name, percent in (percents.get(id, ("", None)) for id in _rate_ids(document))
        if percent is not None and 0 <= percent <= 100
    ]
    if wanted != list(code.rates.values_list("name", "percent")):
        code.rates.all().delete()
        TaxRate.objects.bulk_create(TaxRate(tax_code=code, name=name, percent=percent) for name, percent in wanted)
    return code.pk


def _rate_ids(document: Document) -> list[str]:
    details: Any = (document.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
    return [text(detail.get("TaxRateRef") or {}, "value") for detail in details]
