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


SIGNED = "Attack-a-Crack Foundation Repair\n"
ANYTHING = "If anything comes up with the work we did, reply to this e-mail or call us, and we will take care of it."


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


def draft(follow_up: FollowUp) -> Draft | None:
    """None for kinds that nobody writes a text for."""
    return DRAFTS[FollowUp.Kind(follow_up.kind)](follow_up) if follow_up.kind in DRAFTS else None


def _paid(follow_up: FollowUp) -> Draft:
    return Draft(
        "Thank you from Attack-a-Crack",
        f"{_greeting(follow_up)}\n\nThank you for your payment of {_numbered(follow_up)}, and for trusting us with your "
        f"home.\n\n{ANYTHING} If you are happy with it, we would be glad if you told a neighbor.\n\n{SIGNED}",
    )


def _worked(follow_up: FollowUp) -> Draft:
    return Draft(
        "Thank you from Attack-a-Crack",
        f"{_greeting(follow_up)}\n\nThank you for having us at your home. {ANYTHING}\n\n"
        f"{_review(follow_up, 'If you are happy with it, a short review helps us very much')}{SIGNED}",
    )


def _to_review(follow_up: FollowUp) -> Draft:
    return Draft(
        "How did we do?",
        f"{_greeting(follow_up)}\n\nWe worked at your home on {_day(follow_up.document.ends_at)} and hope that all is dry "
        f"and well. {ANYTHING}\n\n{_review(follow_up, 'If you have two minutes, a review helps us very much')}{SIGNED}",
    )


def _greeting(follow_up: FollowUp) -> str:
    contact = follow_up.contact
    name = contact.first_name if contact is not None and contact.first_name else follow_up.customer
    return "Hello," if name == "the customer" else f"Hello {name},"


def _review(follow_up: FollowUp, asked: str) -> str:
    """Nothing to who has reviewed already."""
    if follow_up.contact is not None and follow_up.contact.reviewed_on is not None:
        return ""
    return f"{asked}: {settings.REVIEW_LINK}\n\n" if settings.REVIEW_LINK else f"{asked}.\n\n"


def _call(follow_up: FollowUp) -> str:
    job = getattr(follow_up.document, "job", None)
    about = f" about the work ({job})" if job is not None else ""
    return (
        f"{follow_up.customer} was unhappy{about} on {_day(follow_up.began_on)}. Call, put it right, and then empty "
        "“Unhappy since” on the contact's page."
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
    return f"{owes}, {late} day{pluralize(late)} late. {_next_step(follow_up.step, invoice.sent_at is not None)}"


def _next_step(step: int, was_sent: bool) -> str:
    """The first reminder is friendly; of the last one of several an agreement is wanted."""
    steps = sorted(settings.FOLLOW_UP_COLLECT_DAYS)
    if step <= min(steps, default=step):
        again = "once more " if was_sent else ""
        return f"Send the invoice {again}with a friendly line."
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


def _thank_work(follow_up: FollowUp) -> str:
    return f"{_was_done(follow_up)} Say thank you: a text with the way to review it is ready to copy."


def _ask_review(follow_up: FollowUp) -> str:
    return f"{_was_done(follow_up)} If there is no review yet, ask for one: a text is ready to copy."


def _was_done(follow_up: FollowUp) -> str:
    job = follow_up.document.job
    day = job.work_done_at if job is not None and job.work_done_at is not None else follow_up.document.ends_at
    return f"The work for {follow_up.customer} ({job or 'repair'}) was done on {_day(day)}."


def _numbered(follow_up: FollowUp) -> str:
    """The invoice by its number; one without still says whose it is, beside the name."""
    invoice = follow_up.document
    return f"invoice {invoice.document_number}" if invoice.document_number else "the invoice"


def _day(when: datetime | date) -> str:
    """Nov 25, in the business's zone."""
    return date_format(timezone.localtime(when) if isinstance(when, datetime) else when, "M j")


SENTENCES = {
    Kind.CALL: _call,
    Kind.SCHEDULE: _schedule,
    Kind.COLLECT: _collect,
    Kind.QUOTE_SILENT: _silent,
    Kind.DONE_YESTERDAY: _done_yesterday,
    Kind.THANK: _thank,
    Kind.THANK_WORK: _thank_work,
    Kind.REVIEW: _ask_review,
}
DRAFTS = {Kind.THANK: _paid, Kind.THANK_WORK: _worked, Kind.REVIEW: _to_review}
