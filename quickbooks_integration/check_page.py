"""What the page of the check shows: the last result in words, and its differences by kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.urls import reverse

from contacts import exporting
from contacts.admin.exporting import in_words
from quickbooks_integration.models import CheckRun, QuickBooksAuth, QuickBooksSync

OPEN = (CheckRun.State.WAITING, CheckRun.State.RUNNING)
PAGES = {
    "customer": "admin:contacts_contact_change", "item": "admin:billing_product_change",
    "estimate": "admin:billing_quote_change", "invoice": "admin:billing_invoice_change",
    "sales_receipt": "admin:billing_invoice_change", "payment": "admin:billing_payment_change",
    "credit_memo": "admin:billing_creditmemo_change", "refund_receipt": "admin:billing_creditmemo_change",
}  # fmt: skip
AT_ONCE = 100


@dataclass(frozen=True)
class Group:
    title: str
    rows: list[dict[str, Any]]


def context(user: User, page: str) -> dict[str, Any]:
    """Asks the database only, never QuickBooks."""
    auth = QuickBooksAuth.objects.in_use().first()
    may = user.has_perm("quickbooks_integration.sync_quickbooks")
    if auth is None:
        return {"auth": None, "may": may}
    runs = CheckRun.objects.filter(company=auth)
    done = runs.filter(state=CheckRun.State.DONE).first()
    last = runs.first()
    return {
        "auth": auth,
        "may": may,
        "running": last if last is not None and last.state in OPEN else None,
        "failed": last if last is not None and last.state == CheckRun.State.FAILED else None,
        "check": done,
        **(
            shown(done, page, user.has_perm("quickbooks_integration.view_quickbooksdocument"))
            if done is not None
            else {}
        ),
    }


def shown(run: CheckRun, page: str, may_see_documents: bool) -> dict[str, Any]:
    """The stored result, its differences in pages of 100."""
    numbered = [
        {**one, "index": index, "page": _page(one, may_see_documents)} for index, one in enumerate(run.differences)
    ]
    chosen = Paginator(numbered, AT_ONCE).get_page(page)
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in chosen:
        groups.setdefault(one["kind"], []).append(one)
    return {
        "groups": [Group(f"{label(kind)}s", rows) for kind, rows in groups.items()],
        "page": chosen,
        "more": run.difference_count - len(run.differences),
        "kinds": [{"title": f"{label(kind)}s", **counts} for kind, counts in run.counts.items() if counts["records"]],
        "totals": [row | {"title": f"{label(row['kind'])}s"} for row in run.totals if not row["agrees"]],
    }


HEADS = ("Kind", "Name", "Field", "In the CRM", "In QuickBooks", "What to do", "Settled since")


def lines() -> Iterator[str]:
    """CSV of all differences that the last check kept; the last line says how many more there are."""
    auth = QuickBooksAuth.objects.in_use().first()
    run = CheckRun.objects.filter(company=auth, state=CheckRun.State.DONE).first()
    return exporting.table(HEADS, chain(map(_cells, run.differences), _not_kept(run)) if run else [])


def _not_kept(run: CheckRun) -> list[list[str]]:
    more = run.difference_count - len(run.differences)
    return [[f"{more:,} more differences are not listed. Settle some, then check again."]] if more > 0 else []


def _cells(one: dict[str, Any]) -> list[str]:
    values = (label(one["kind"]), one["name"], one["label"], one["ours"], one["theirs"], one["sentence"])
    return [in_words(value) for value in (*values, one.get("settled", ""))]


def label(kind: str) -> str:
    return str(QuickBooksSync.EntityType(kind).label)


def _page(difference: dict[str, Any], may_see_documents: bool) -> str:
    """Ours, else QuickBooks' document as it is mirrored here; "" where there is none that this person may open."""
    if difference["local"]:
        return reverse(PAGES[difference["kind"]], args=[difference["local"]])
    if may_see_documents and difference["sync"] and difference["kind"] not in ("customer", "item"):
        return reverse("admin:quickbooks_integration_quickbooksdocument_change", args=[difference["sync"]])
    return ""
