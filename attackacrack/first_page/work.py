"""What to do next: six lists, the first ten rows of each."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from attackacrack.first_page import links
from attackacrack.first_page.money import Seen
from billing import aging, estimates, money_waiting, unbilled
from billing.admin import without_invoice
from billing.admin.next_invoice import next_step
from billing.admin.scheduling import schedule_action
from billing.models import Appointment, Invoice, Job, Quote
from billing.money import dollars
from billing.sending import send_action
from billing.totals import Total
from contacts.models import Contact

SHOWN = 10
LONG = timedelta(hours=24)


@dataclass(frozen=True)
class Row:
    """One thing to do. action: the label and the address of the next step; None when this person may not do it. other:
    a second way, likewise."""

    contact: Contact | None
    name: str  # where no contact is known
    what: str
    page: str
    amount: str
    age: str
    is_late: bool = False
    action: tuple[str, str] | None = None
    other: tuple[str, str] | None = None

    @property
    def who(self) -> str:
        return str(self.contact) if self.contact is not None else self.name


@dataclass(frozen=True)
class Section:
    title: str
    meaning: str
    number: int
    total: str  # "" where it is not about dollars
    page: str
    rows: list[Row]
    nothing: str
    also: tuple[str, str] | None = None  # what is beside it, and the list of it
    beside: int = 0  # how many of the number that tells

    @property
    def more(self) -> int:
        return self.number - self.beside - len(self.rows)


def columns(request: HttpRequest, seen: Seen, today: date) -> list[list[Section]]:
    """What the office does, the most urgent first; and beside it what it waits for. Only what this person may see."""
    return [[make(request, seen, today) for make, needed in column if may(request, *needed)] for column in COLUMNS]


def may(request: HttpRequest, *needed: str) -> bool:
    person = request.user
    return isinstance(person, User) and all(map(person.has_perm, needed))


def _section(
    title: str, meaning: str, nothing: str, total: Total, page: str, rows: list[Row], *, is_money: bool = True
) -> Section:
    return Section(title, meaning, total.number, dollars(total.dollars) if is_money else "", page, rows, nothing)


def _waiting(request: HttpRequest, seen: Seen, today: date) -> Section:
    top = money_waiting.first(SHOWN)
    rows = [_waiting_row(request, quote, today) for quote in top.rows]
    section = _section("Money waiting", "Approved, and no repair is scheduled.", "Every approved quote has its date.", top.total,
                       links.rows(Quote, "waiting"), rows)  # fmt: skip
    return replace(section, also=_older(top.older), beside=top.older.number)


def _older(total: Total) -> tuple[str, str] | None:
    """The history that came from QuickBooks would hide what was approved today."""
    if not total.number:
        return None
    days = settings.FOLLOW_UP_OLDEST_DAYS
    said = (
        f"{total.number:,} older than {days} day{pluralize(days)}, {dollars(total.dollars)}: schedule or decline them"
    )
    return said, links.rows(Quote, "waiting-older")


def _waiting_row(request: HttpRequest, quote: Any, today: date) -> Row:
    known = quote.said_yes_at if quote.approved_at or quote.accepted_at else None
    since = timezone.localdate(known) if known else quote.quote_date
    what = str(quote) if quote.contact else f"{quote}, not linked to a contact yet"
    is_late = timezone.now() - known > LONG if known else True
    age = f"approved {_ago(since, today)}" if known else f"approved, written {_ago(since, today)}"
    return Row(
        quote.contact,
        quote.customer_name,
        what,
        links.change(quote),
        dollars(quote.counted),
        age,
        is_late,
        schedule_action(request, quote),
    )


def _unbilled(request: HttpRequest, seen: Seen, today: date) -> Section:
    top = unbilled.first(SHOWN)
    quotes = unbilled.quotes_of([job.pk for job in top.rows]) if top.rows else {}
    rows = [_unbilled_row(request, job, today, quotes[job.pk]) for job in top.rows]
    return _section("Done, not invoiced", "The work is done or its time is over.", "All work that is done is invoiced.",
                    top.total, links.rows(Job, "unbilled"), rows)  # fmt: skip


def _unbilled_row(request: HttpRequest, job: Any, today: date, quotes: list[Any]) -> Row:
    contact = next(iter(job.customers()), None)
    is_approved = any(quote.status == Quote.Status.APPROVED for quote in quotes)
    done = _day(job.done_at)
    return Row(
        contact,
        str(job.property),
        f"{job}, {job.property}" if contact else str(job),
        links.change(job),
        _unbilled_amount(job, is_approved),
        f"done {_ago(done, today)}",
        (today - done).days > 2,
        _unbilled_action(request, job, contact, quotes),
        None if is_approved else _for_free(request, job),
    )


def _unbilled_action(
    request: HttpRequest, job: Any, contact: Contact | None, quotes: list[Any]
) -> tuple[str, str] | None:
    """An approved quote whose work is still to come is not invoiced with this; where there is nothing else, a person
    looks at the job."""
    due = [quote for quote in quotes if quote.is_due or quote.status != Quote.Status.APPROVED]
    if quotes and not due:
        return "Open the job", links.change(job)
    step = next_step(job, contact.pk if contact else None, due)
    return step.action(lambda permission: may(request, permission))


def _unbilled_amount(job: Any, is_approved: bool) -> str:
    if job.counted is not None:
        return dollars(job.counted)
    return "a quote waits" if is_approved else "no quote"


def _for_free(request: HttpRequest, job: Any) -> tuple[str, str] | None:
    if not may(request, *without_invoice.NEEDED):
        return None
    return "Nothing to invoice", reverse("admin:billing_job_nothing_to_invoice", args=[job.pk])


def _owed(request: HttpRequest, seen: Seen, today: date) -> Section:
    number, owed = sum(one.number for one in seen.buckets), sum((one.total for one in seen.buckets), Decimal(0))
    can = may(request, "billing.add_payment")
    rows = [_owed_row(request, invoice, today, can) for invoice in aging.oldest(SHOWN)] if number else []
    return _section("Unpaid", "Invoices with something left to pay.", "Nobody owes anything.", Total(number, owed),
                    links.rows(Invoice, "owed"), rows)  # fmt: skip


def _owed_row(request: HttpRequest, invoice: Any, today: date, can: bool) -> Row:
    late = (today - invoice.due_on).days
    age = f"{late} day{pluralize(late)} late" if late > 0 else f"due {_until(invoice.due_on, today)}"
    done = _day(invoice.done_at) if invoice.done_at else None
    is_long_done = done is not None and (today - done).days > settings.UNPAID_ALERT_DAYS
    age += f", done {_ago(done, today)}" if done else ""
    action = ("Record payment", reverse("admin:billing_invoice_pay", args=[invoice.pk])) if can else None
    return Row(invoice.contact, invoice.customer_name, str(invoice), links.change(invoice), dollars(invoice.counted), age,
               late > 0 or is_long_done, action, _send(request, invoice))  # fmt: skip


def _send(request: HttpRequest, document: Quote | Invoice) -> tuple[str, str] | None:
    return send_action(document, lambda permission: may(request, permission)) if document.contact_id else None


def _open(request: HttpRequest, seen: Seen, today: date) -> Section:
    steps = [step for step in seen.steps if step.name in Quote.WAITING]
    total = Total(sum(step.number for step in steps), sum((step.total for step in steps), Decimal(0)))
    rows = [_open_row(request, quote, today) for quote in estimates.oldest(SHOWN)] if total.number else []
    section = _section("Open estimates", "They wait for the customer's answer.", "No quote waits for an answer.", total,
                       links.rows(Quote, "open"), rows)  # fmt: skip
    return replace(section, also=_expired(seen))


def _expired(seen: Seen) -> tuple[str, str] | None:
    step = next((step for step in seen.steps if step.name == "expired" and step.number), None)
    if step is None:
        return None
    said = f"{step.number:,} more expired without an answer, {dollars(step.total)}"
    return said, links.rows(Quote, "expired")


def _open_row(request: HttpRequest, quote: Any, today: date) -> Row:
    said = "sent" if quote.status == Quote.Status.SENT else "written, not sent"
    days = (today - quote.quote_date).days
    return Row(quote.contact, quote.customer_name, str(quote), links.change(quote), dollars(quote.counted),
               f"{said} {_ago(quote.quote_date, today)}", days > 3, _send(request, quote))  # fmt: skip


def _to_write(request: HttpRequest, seen: Seen, today: date) -> Section:
    can = may(request, "billing.add_quote")
    top = estimates.to_write_first(SHOWN)
    rows = [_to_write_row(visit, today, can) for visit in top.rows]
    return _section("Quotes to write", "Assessments that nobody has quoted.", "Every assessment has its quote.", top.total,
                    links.rows(Appointment, "unquoted"), rows, is_money=False)  # fmt: skip


def _to_write_row(visit: Appointment, today: date, can: bool) -> Row:
    start = {"contact": visit.contact_id} | ({"job": visit.job_id} if visit.job_id else {})
    action = ("Write the quote", f"{reverse('admin:billing_quote_add')}?{urlencode(start)}") if can else None
    where = f"{visit.job.property}" if visit.job else "Assessment"
    day = _day(visit.starts_at)
    return Row(
        visit.contact, "", where, links.change(visit), "", f"seen {_ago(day, today)}", (today - day).days > 1, action
    )


def _to_finish(request: HttpRequest, seen: Seen, today: date) -> Section:
    can = may(request, "billing.change_quote")
    top = estimates.left_first(SHOWN)
    rows = [_to_finish_row(quote, today, can) for quote in top.rows]
    return _section("Quotes to finish", "Drafts that were begun more than a day ago.", "No draft was left.", top.total,
                    links.rows(Quote, "left"), rows)  # fmt: skip


def _to_finish_row(quote: Any, today: date, can: bool) -> Row:
    action = ("Finish", links.change(quote)) if can else None
    begun = _day(quote.created_at)
    return Row(quote.contact, quote.customer_name, str(quote), links.change(quote), dollars(quote.counted),
               f"begun {_ago(begun, today)}", (today - begun).days > 3, action)  # fmt: skip


def _day(at: datetime) -> date:
    return timezone.localdate(at)


def _ago(day: date, today: date) -> str:
    days = (today - day).days
    if days <= 0:
        return "today"
    return "yesterday" if days == 1 else f"{days:,} days ago"


def _until(day: date, today: date) -> str:
    days = (day - today).days
    return "today" if days <= 0 else f"in {days} day{pluralize(days)}"


COLUMNS: tuple[tuple[tuple[Callable[..., Section], tuple[str, ...]], ...], ...] = (
    (
        (_waiting, ("billing.view_quote",)),
        (_unbilled, ("billing.view_job", "billing.view_quote", "billing.view_invoice")),
        (_to_write, ("billing.view_appointment", "contacts.view_contact")),
        (_to_finish, ("billing.view_quote",)),
    ),
    ((_owed, ("billing.view_invoice",)), (_open, ("billing.view_quote",))),
)
