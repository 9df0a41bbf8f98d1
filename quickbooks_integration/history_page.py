"""What the page about the history says, in words."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.formats import date_format

from quickbooks_integration import connection_page
from quickbooks_integration.models import HistoryImport, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import history
from quickbooks_integration.sync.history_report import MOST_SHOWN

State = HistoryImport.State
OURS = {"estimate": "billing_quote", "invoice": "billing_invoice", "payment": "billing_payment"}
# What is left of a document: to pay, or to use. An estimate has no such sum.
LEFT = {"invoice": "Open", "credit_memo": "Not used", "payment": "Not used"}


@dataclass(frozen=True)
class Table:
    """The years of one kind of document, with their sum."""

    title: str
    left: str
    rows: list[dict[str, Any]]


def context(user: User) -> dict[str, Any]:
    """Asks the database only, never QuickBooks."""
    auth = QuickBooksAuth.objects.in_use().first()
    found = history.current(auth) if auth else None
    may = user.has_perm("quickbooks_integration.import_history")
    page: dict[str, Any] = {"auth": auth, "history": found, "may": may, "discarded": _discarded(auth, found)}
    if auth is None or found is None:
        return page
    if found.state == State.READING:
        page["progress"] = connection_page.progress(auth)
    if found.state == State.COMMITTING:
        page["left"] = history.left(auth)
    if found.state != State.READING:
        page |= shown(found.report)
    return page


def shown(report: dict[str, Any]) -> dict[str, Any]:
    """The report as it was stored, ready for the page."""
    return {
        "tables": tables(report.get("years", [])),
        "links": links(report.get("links", {}), report.get("nobody", {})),
        "doubles": [described(double) for double in report.get("doubles", [])],
        "odd": [described(odd) for odd in report.get("odd", [])],
        "odd_more": max(0, report.get("odd_count", 0) - MOST_SHOWN),
        "taken": report.get("taken", {}),
    }


def _discarded(auth: QuickBooksAuth | None, found: HistoryImport | None) -> HistoryImport | None:
    if auth is None or found is not None:
        return None
    return HistoryImport.objects.filter(company=auth, state=State.DISCARDED).first()


def label(kind: str) -> str:
    return str(QuickBooksSync.EntityType(kind).label)


def tables(years: list[dict[str, Any]]) -> list[Table]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in years:
        found.setdefault(row["kind"], []).append(row)
    return [Table(f"{label(kind)}s", LEFT.get(kind, ""), rows) for kind, rows in found.items()]


def links(counts: dict[str, Any], nobody: dict[str, int]) -> list[str]:
    if not counts:
        return []
    said = [
        f"{counts['estimates_invoiced']:,} of {counts['estimates']:,} estimates became an invoice.",
        f"{counts['invoices_paid']:,} of {counts['invoices']:,} invoices are paid, {counts['invoices_partly']:,} in part, "
        f"{counts['invoices_unpaid']:,} not at all.",
        f"{counts['payments_unapplied']:,} of {counts['payments']:,} payments have something left to use: "
        f"{dollars(counts['unapplied'])} together.",
    ]
    if nobody.get("documents"):
        said.append(
            f"{nobody['documents']:,} documents are of {nobody['customers']:,} customers who are no contact here yet. They "
            "are kept, and find their contact when you link the customer."
        )
    return said


def described(row: dict[str, Any]) -> dict[str, Any]:
    """One document of the report, with its name, its page and the page of ours that it may be."""
    number = f" {row['number']}" if row["number"] else ""
    found = row | {
        "name": f"{label(row['kind'])}{number}",
        "date": day(row["date"]),
        "page": reverse("admin:quickbooks_integration_quickbooksdocument_change", args=[row["sync"]]),
        "total": dollars(row["total"]),
    }
    if "local" in row:
        found |= {
            "our_page": reverse(f"admin:{OURS[row['kind']]}_change", args=[row["local"]]),
            "our_date": day(row["our_date"]),
            "value": f"{row['sync']}-{row['local']}",
        }
    return found


def day(value: str | None) -> str:
    found = parse_date(value) if value else None
    return date_format(found, "M j, Y") if found else "no date"


def dollars(amount: str) -> str:
    whole, _, cents = amount.lstrip("-").partition(".")
    return f"{'-' if amount.startswith('-') else ''}${int(whole):,}.{cents or '00'}"


def next_step(auth: QuickBooksAuth, user: User) -> str:
    """The sentence on the connection page that says what to do about the history; "" when there is nothing to do."""
    if not user.has_perm("quickbooks_integration.import_history"):
        return ""
    found = history.current(auth)
    if found is None:
        return "The quotes, invoices and payments that QuickBooks already has are not in the CRM yet."
    return {
        State.READING: "The quotes, invoices and payments of QuickBooks are being read. Nothing is taken over yet.",
        State.READY: "The quotes, invoices and payments of QuickBooks are read. Look at them, then take them over: until "
        "then the CRM sends nothing to QuickBooks.",
        State.COMMITTING: "The documents of QuickBooks are being taken over.",
    }.get(State(found.state), "")
