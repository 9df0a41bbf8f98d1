"""What the panel "QuickBooks" says on the page of a quote, an invoice or a payment."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from billing.models import Invoice, Quote
from quickbooks_integration import addresses, conflict_pages, standing, wording
from quickbooks_integration.conflicts import listing
from quickbooks_integration.conflicts.listing import Question
from quickbooks_integration.models import EmailSending, QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.standing import Standing, State
from quickbooks_integration.sync import pushing, sending, starting_over
from quickbooks_integration.sync.kinds.estimates import DIFFERENCE

EMAILS_SHOWN = 3
TEST_LINK = (
    "QuickBooks gave a payment link, but these are test books: nobody can pay there, so it is not shown and must not be "
    "given to a customer."
)


@dataclass(frozen=True)
class Panel:
    sync: QuickBooksSync | None
    standing: Standing
    page: str  # its address in QuickBooks
    number: str  # as QuickBooks numbers it
    last_read: str
    questions: list[Question]
    tax_difference: str
    emails: list[EmailSending]
    payment_link: str
    payment_link_note: str
    can_push: bool
    can_retry: bool
    can_start_over: bool
    can_read: bool
    can_decide: bool
    can_send: bool
    has_pdf: bool

    @property
    def is_busy(self) -> bool:
        """Whether the page will say something else in a few seconds."""
        return self.standing.state == State.ON_ITS_WAY or any(one.state in EmailSending.OPEN for one in self.emails)


def sync_of(row: Any, entity_types: tuple[str, ...]) -> QuickBooksSync | None:
    rows = standing.rows_of(entity_types).select_related("company", "document")
    return rows.filter(local_id=row.pk).first()


def panel(row: Any, request: HttpRequest, entity_types: tuple[str, ...], *, may_change: bool) -> Panel:
    """may_change: whether this person may edit the row at all."""
    sync, auth = sync_of(row, entity_types), QuickBooksAuth.objects.in_use().first()
    is_sales = isinstance(row, (Quote, Invoice))
    is_draft = is_sales and row.status == "draft"
    found = standing.of(sync, is_draft=is_draft, why_not=pushing.why_not(auth))
    may_push = may_change and request.user.has_perm("quickbooks_integration.sync_quickbooks")
    entity_id = sync.entity_id if sync else ""
    document = getattr(sync, "document", None)
    card = listing.of_row(sync) if sync else None
    link, note = _payment_link(row, auth)
    return Panel(
        sync=sync,
        standing=found,
        page=addresses.page_of(auth, sync.entity_type, entity_id) if auth and sync else "",
        number=document.document_number if document is not None else "",
        last_read=standing.moment(sync.last_synced) if sync and sync.entity_id else "",
        questions=card.questions if card else [],
        tax_difference=_tax_difference(row),
        emails=list(sync.emails.select_related("asked_by")[:EMAILS_SHOWN]) if sync and is_sales else [],
        payment_link=link,
        payment_link_note=note,
        can_push=may_push and found.state not in (State.IN_STEP, State.CONFLICT) and _is_pushed(row, is_draft),
        can_retry=may_push
        and found.state in (State.NEEDS_YOU, State.WAITS, State.ON_ITS_WAY)
        and not starting_over.is_possible(sync),
        can_start_over=may_push and starting_over.is_possible(sync),
        can_read=may_push and bool(entity_id),
        can_decide=may_change and sync is not None and conflict_pages.may_decide(request.user, sync.entity_type),
        can_send=is_sales
        and may_change
        and request.user.has_perm("quickbooks_integration.add_emailsending")
        and not sending.refusal_of(row),
        has_pdf=is_sales and bool(entity_id),
    )


def _is_pushed(row: Any, is_draft: bool) -> bool:
    """Draft quotes are offered to be made ready; draft invoices and sales receipts stay what they are."""
    return not isinstance(row, Invoice) or not (is_draft or row.is_sales_receipt)


def _tax_difference(row: Any) -> str:
    """The newest sentence about another total than we had expected, as long as that total still is the one."""
    if not isinstance(row, (Quote, Invoice)):
        return ""
    said = row.history.filter(origin="quickbooks", sentence__startswith=DIFFERENCE).order_by("-pk")
    sentence = said.values_list("sentence", flat=True).first() or ""
    return sentence if f"{DIFFERENCE} {wording.dollars(row.total_amount)}," in sentence else ""


def _payment_link(row: Any, auth: QuickBooksAuth | None) -> tuple[str, str]:
    """The link for the customer, and what to know of it. Test books have links too, which lead nowhere."""
    if not isinstance(row, Invoice) or not row.payment_link or auth is None:
        return "", ""
    if auth.environment != QuickBooksAuth.Environment.PRODUCTION or settings.QUICKBOOKS_EMULATOR_URL:
        return "", TEST_LINK
    return row.payment_link, ""


def addresses_for(row: Any) -> list[str]:
    """E-mail addresses that this document may go to, the likeliest first: its own in QuickBooks, then the contact's."""
    entity_type = "estimate" if isinstance(row, Quote) else "invoice"
    mirrored = QuickBooksDocument.objects.filter(
        sync__in=standing.rows_of((entity_type,)).filter(local_id=row.pk)
    ).values_list("raw", flat=True)
    raw = mirrored.first() or {}
    there = str((raw.get("BillEmail") or {}).get("Address", "")) if isinstance(raw.get("BillEmail"), dict) else ""
    here = [email.key for email in row.contact.emails.all() if email.key] if row.contact else []
    known = [row.sent_to, *[part.strip() for part in there.split(",")], *here]
    return list(dict.fromkeys(one for one in known if one))
