"""Verbs on quotes. Each locks the quote, writes a sentence into its history and tells quote_changed, in one transaction."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from billing import money_waiting, sums
from billing.models import Invoice, Quote, QuoteHistory, QuoteItem
from billing.models.quotes import expiration
from billing.money import dollars
from billing.refusals import Refused
from billing.signals import quote_changed

Status = Quote.Status


@transaction.atomic
def finish_edit(quote: Quote, by: AbstractBaseUser | None, *, origin: str = "office") -> Quote:
    """Call once after a quote and its lines were edited: makes the sums, and lets the rest of the system know.

    Brings `quote` up to date and returns it. Raises Refused if the sums are none that a document can have. May be
    called inside a transaction; the edit and this verb belong into the same one.
    """
    quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
    before = quote.total_amount
    sums.set_on(quote, list(quote.quote_items.all()))
    quote.save(update_fields=[*sums.COLUMNS, "updated_at"])
    is_new = not quote.history.exists() and quote.quickbooks_estimate_id is None  # else it came from there
    if is_new:
        sentence = f"Written. The total is {dollars(quote.total_amount)}."
    elif before == quote.total_amount:
        sentence = f"Edited. The total is {dollars(quote.total_amount)}, as before."
    else:
        sentence = f"Edited. The total was {dollars(before)} and is {dollars(quote.total_amount)} now."
    _tell(quote, sentence, by, origin)
    return quote


def mark_ready(quote: Quote, by: AbstractBaseUser | None, *, origin: str = "office") -> Quote:
    """From a draft, or from one that was declined and worked over. Raises Refused."""
    return _move(
        quote, Status.READY, {Status.DRAFT, Status.DECLINED}, "Marked as ready to send.", by, origin, declined_at=None
    )


def approve(quote: Quote, by: AbstractBaseUser | None, *, accepted_by: str = "", origin: str = "office") -> Quote:
    """The customer said yes. accepted_by: the name, if it is known. Approving twice changes nothing. Raises Refused."""
    allowed = {Status.DRAFT, Status.READY, Status.SENT, Status.DECLINED}
    who = f" by {accepted_by}" if accepted_by else ""
    times = {"approved_at": timezone.now(), "declined_at": None}
    accepted = {"accepted_by": accepted_by[:255]} if accepted_by else {}
    return _move(quote, Status.APPROVED, allowed, f"Approved{who}.", by, origin, **times, **accepted)


def decline(quote: Quote, by: AbstractBaseUser | None, *, origin: str = "office") -> Quote:
    """The customer said no, perhaps after a yes. Declining twice changes nothing. Raises Refused."""
    allowed = {Status.DRAFT, Status.READY, Status.SENT, Status.APPROVED}
    return _move(quote, Status.DECLINED, allowed, "Declined.", by, origin, declined_at=timezone.now(), approved_at=None)


class ChangedSince(Refused):
    """It is not what the person has seen. Nothing was changed."""


def as_seen(quote: Quote) -> str:
    """What a person who looks at the quote in a list knows of it; with the last change, because other lines may come to
    the same total."""
    return f"{quote.pk} {quote.status} {quote.total_amount} {quote.updated_at.isoformat()}"


def to_decline(quote_ids: Collection[int]) -> QuerySet[Quote]:
    """Those of these that wait for an answer or for a date; not what is scheduled or invoiced, be it a deposit only.
    `counted`: the total."""
    waits = money_waiting.waiting(Quote.objects.filter(pk__in=quote_ids)).order_by().values("pk")
    asked = Q(status__in=[Status.DRAFT, *Quote.WAITING]) | Q(pk__in=waits)
    billed = Invoice.objects.filter(quote=OuterRef("pk")).exclude(status=Invoice.Status.VOID)
    return Quote.objects.filter(asked, ~Exists(billed), pk__in=quote_ids).annotate(counted=F("total_amount"))


@transaction.atomic
def decline_waiting(quote_id: int, by: AbstractBaseUser | None, seen: Collection[str]) -> bool:
    """One of many. False, and nothing is changed, if it was scheduled, invoiced or declined meanwhile. seen: the quotes as
    the person saw them, see as_seen(). Raises ChangedSince, as when the customer has said yes since, and Refused."""
    Quote.objects.select_for_update().get(pk=quote_id)
    quote = to_decline([quote_id]).first()
    if quote is None:
        return False
    if as_seen(quote) not in seen:
        raise ChangedSince(f"{quote} has changed since you looked. Nothing was changed.")
    decline(quote, by)
    return True


@transaction.atomic
def mark_sent(quote: Quote, to: str, at: datetime, by: AbstractBaseUser | None, *, origin: str = "office") -> Quote:
    """It went out to this e-mail address. What was not sent before is sent now; an answer stays an answer.

    The same sending told twice changes nothing.
    """
    quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
    if (quote.sent_to, quote.sent_at) == (to[:254], at):
        return quote
    quote.sent_to, quote.sent_at = to[:254], at
    if quote.status in (Status.DRAFT, Status.READY):
        quote.status = Status.SENT
    quote.save(update_fields=["sent_to", "sent_at", "status", "updated_at"])
    _tell(quote, f"Sent to {to}.", by, origin)
    return quote


@transaction.atomic
def _move(
    quote: Quote,
    status: Quote.Status,
    allowed: set[Quote.Status],
    sentence: str,
    by: AbstractBaseUser | None,
    origin: str,
    **columns: object,
) -> Quote:
    quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
    if quote.status == status:
        return quote
    if quote.status not in allowed:
        now, wanted = quote.get_status_display().lower(), status.label.lower()
        raise Refused(f"{quote} is {now}, so it cannot become “{wanted}”. Nothing was changed.")
    if status in (Status.READY, Status.APPROVED) and not quote.quote_items.exists():
        raise Refused(f"{quote} has no lines yet. Add at least one, save, and try again.")
    quote.status = status
    for name, value in columns.items():
        setattr(quote, name, value)
    quote.save(update_fields=["status", *columns, "updated_at"])
    _tell(quote, sentence, by, origin)
    return quote


@transaction.atomic
def duplicate(quote: Quote, by: AbstractBaseUser | None) -> Quote:
    """A new draft of today with the same customer, job, terms and lines, at the old quote's prices."""
    kept = ("contact", "job", "payment_terms", "message", "discount_percent", "discount_amount", "tax_code",
            "tax_after_discount")  # fmt: skip
    if quote.contact is None:
        raise Refused(f"{quote} belongs to nobody here yet. Link its QuickBooks customer to a contact first.")
    copy = Quote(expiration_date=expiration(), **{name: getattr(quote, name) for name in kept})
    copy.save()
    lines = [
        QuoteItem(
            quote=copy, position=position, product_id=line.product_id, description=line.description,
            quantity=line.quantity, unit_price=line.unit_price, taxable=line.taxable,
        ).set_total()
        for position, line in enumerate(quote.quote_items.all(), 1)
    ]  # fmt: skip
    QuoteItem.objects.bulk_create(lines)
    sums.set_on(copy, lines)
    copy.save(update_fields=sums.COLUMNS)
    _tell(copy, f"Copied from {quote}. The total is {dollars(copy.total_amount)}.", by, "office")
    return copy


@transaction.atomic
def invoiced_in_quickbooks(quote_ids: Iterable[int]) -> None:
    """QuickBooks made the invoice of these quotes, so none of them waits to be invoiced here. Call it in the transaction
    that links the invoices. Those that are invoiced already stay as they are."""
    rows = Quote.objects.select_for_update(of=("self",)).filter(pk__in=list(quote_ids)).exclude(status=Status.INVOICED)
    # Quotes are locked in the order of their keys; then each may lock its job, which others lock in that of the jobs.
    for quote in sorted(rows.order_by("pk"), key=lambda one: (one.job_id or 0, one.pk)):
        quote.status = Status.INVOICED
        quote.save(update_fields=["status", "updated_at"])
        _tell(quote, "Invoiced in QuickBooks.", None, "quickbooks")


def lost_its_invoice(quote: Quote) -> None:
    """QuickBooks took its invoice away before it was here; call it with the quote locked, in that transaction. It waits to
    be invoiced again, as when its invoice is voided."""
    quote.status = Status.APPROVED
    quote.save(update_fields=["status", "updated_at"])
    _tell(quote, "Approved again: QuickBooks has no invoice of it any more.", None, "quickbooks")


def came_approved(quote_ids: Collection[int]) -> None:
    """New quotes of QuickBooks whose customers have said yes already; call it in the transaction that made them."""
    for quote in Quote.objects.filter(pk__in=quote_ids).order_by("pk"):
        quote_changed.send(sender=Quote, quote=quote, origin="quickbooks")


def taken_over(quote: Quote, sentence: str) -> None:
    """QuickBooks' side was written into the quote; call it in that transaction, with what the office reads about it."""
    _tell(quote, sentence, None, "quickbooks")


def _tell(quote: Quote, sentence: str, by: AbstractBaseUser | None, origin: str) -> None:
    QuoteHistory.objects.create(quote=quote, by=by, origin=origin, sentence=sentence)
    quote_changed.send(sender=Quote, quote=quote, origin=origin)
