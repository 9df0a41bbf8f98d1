"""What a follow-up says: what happened, about whom, what to do next. Read from the document as it is now."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.formats import date_format

from billing.models import FollowUp
from billing.money import dollars

Kind = FollowUp.Kind


@dataclass(frozen=True)
class Draft:
    """A text to copy: nothing sends it."""

    subject: str
    body: str


def sentence(follow_up: FollowUp) -> str:
    """Of one that is over only what it was about: the rest is true no more. No query for a row whose document and contact
    are read."""
    if follow_up.done_at is not None:
        return str(follow_up.document)
    return SENTENCES[FollowUp.Kind(follow_up.kind)](follow_up)


def amount(follow_up: FollowUp) -> Decimal | None:
    """Dollars: what is left to pay while that is to be collected, else what the document comes to; None for an
    appointment."""
    if follow_up.kind == Kind.COLLECT and follow_up.done_at is None:
        return follow_up.document.balance_due
    return getattr(follow_up.document, "total_amount", None)


def thank_you(follow_up: FollowUp) -> Draft | None:
    """None for other kinds."""
    if follow_up.kind != Kind.THANK:
        return None
    contact = follow_up.contact
    name = contact.first_name if contact is not None and contact.first_name else follow_up.customer
    greeting = "Hello," if name == "the customer" else f"Hello {name},"
    about = _numbered(follow_up)
    return Draft(
        "Thank you from Attack-a-Crack",
        f"{greeting}\n\nThank you for your payment of {about}, and for trusting us with your home.\n\n"
        "If anything comes up with the work we did, reply to this e-mail or call us, and we will take care of it. "
        "If you are happy with it, we would be glad if you told a neighbor.\n\nAttack-a-Crack Foundation Repair\n",
    )


def _schedule(follow_up: FollowUp) -> str:
    quote = follow_up.document
    known = quote.approved_at or quote.accepted_at
    since = f" on {_day(known)}" if known else ""
    return f"{follow_up.customer} approved {quote}{since}, and no repair is scheduled. Call and set the date."


def _collect(follow_up: FollowUp) -> str:
    invoice = follow_up.document
    due = invoice.due_date or invoice.invoice_date
    late = (timezone.localdate() - due).days
    owes = f"{follow_up.customer} owes {dollars(invoice.balance_due)} of {_numbered(follow_up)}"
    return f"{owes}, {late} day{pluralize(late)} late. {_next_step(follow_up.step)}"


def _next_step(step: int) -> str:
    """The first reminder is friendly; of the last one of several an agreement is wanted."""
    steps = sorted(settings.FOLLOW_UP_COLLECT_DAYS)
    if step <= min(steps, default=step):
        return "Send the invoice once more with a friendly line."
    if step >= max(steps):
        return "Call, agree on a day for the payment, and write it into the notes."
    return "Call and ask whether something is in the way."


def _silent(follow_up: FollowUp) -> str:
    quote = follow_up.document
    sent = _day(quote.sent_at or quote.quote_date)
    return f"{follow_up.customer} has not answered {quote}, sent on {sent}. Call and ask what is open."


def _done_yesterday(follow_up: FollowUp) -> str:
    visit = follow_up.document
    work = f"{visit.job}" if visit.job else "The repair"
    return (
        f"The repair for {follow_up.customer} ({work}) was on {_day(visit.ends_at)}, and the job does not say that the "
        "work is done. Ask the technician and enter it."
    )


def _thank(follow_up: FollowUp) -> str:
    paid = follow_up.document.paid_date
    when = f" on {_day(paid)}" if paid else ""
    return f"{follow_up.customer} paid {_numbered(follow_up)}{when}. Say thank you: a text is ready to copy."


def _numbered(follow_up: FollowUp) -> str:
    """The invoice by its number; one without still says whose it is, beside the name."""
    invoice = follow_up.document
    return f"invoice {invoice.document_number}" if invoice.document_number else "the invoice"


def _day(when: datetime | date) -> str:
    """Nov 25, in the business's zone."""
    return date_format(timezone.localtime(when) if isinstance(when, datetime) else when, "M j")


SENTENCES = {
    Kind.SCHEDULE: _schedule,
    Kind.COLLECT: _collect,
    Kind.QUOTE_SILENT: _silent,
    Kind.DONE_YESTERDAY: _done_yesterday,
    Kind.THANK: _thank,
}
