"""What stands between a piece of work and its invoice, and the page where that is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from billing.admin.converting import OVERRIDE
from billing.models import Job, Quote
from billing.money import dollars


@dataclass(frozen=True)
class NextStep:
    """Why there is no invoice, the label and the address of what to do, and the permissions that it takes."""

    reason: str
    label: str
    page: str
    needed: tuple[str, ...]

    def action(self, may: Callable[[str], bool]) -> tuple[str, str] | None:
        """Label and address; None for who may not do it."""
        return (self.label, self.page) if all(map(may, self.needed)) else None


def next_step(job: Job | None, contact_id: int | None, quotes: list[Quote]) -> NextStep:
    """quotes: those of the job without an invoice, the one that is meant first. No query."""
    approved = [quote for quote in quotes if quote.status == Quote.Status.APPROVED]
    if approved:
        page = reverse("admin:billing_quote_invoice", args=[approved[0].pk])
        reason = f"{approved[0]} is approved and not invoiced yet."
        return NextStep(reason, "Make the invoice", page, ("billing.add_invoice",))
    return _unapproved(quotes[0]) if quotes else _without_quote(job, contact_id)


def _unapproved(quote: Quote) -> NextStep:
    if quote.status == Quote.Status.INVOICED:
        page = reverse("admin:billing_quote_change", args=[quote.pk])
        reason = f"{quote} is marked as invoiced, but its invoice is not here. Sync with QuickBooks."
        return NextStep(reason, "Open the quote", page, ("billing.view_quote",))
    page = reverse("admin:billing_quote_invoice", args=[quote.pk])
    reason = f"{quote} ({dollars(quote.total_amount)}) is {quote.get_status_display().lower()}, not approved."
    return NextStep(reason, "Invoice anyway", page, ("billing.add_invoice", OVERRIDE))


def _without_quote(job: Job | None, contact_id: int | None) -> NextStep:
    start: dict[str, Any] = {"contact": contact_id} if contact_id is not None else {}
    start |= {"job": job.pk} if job is not None else {}
    page = f"{reverse('admin:billing_quote_add')}?{urlencode(start)}"
    reason = "The job has no quote." if job is not None else "The appointment has no job, and so no quote."
    return NextStep(reason, "Write a quote", page, ("billing.add_quote",))
