"""A customer said yes: the office is told at once, on the first page until it is handled and by e-mail."""

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.dispatch import receiver
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.utils.formats import date_format

from billing import money_waiting
from billing.models import ApprovalAlert, FollowUp, Quote
from billing.money import dollars
from billing.office_mail import END
from billing.signals import quote_changed

# A yes of longer ago is no news: it was there before it was told, or came with QuickBooks' history.
# A week, because the bookkeeper may enter on Monday what a customer said on Friday.
NEWS = timedelta(days=7)
AT_ONCE = 30
# Longer than a mail server may take; whoever takes it up after that finds a sender that died.
SENDS_WITHIN = timedelta(minutes=5)
TRIES_AGAIN = timedelta(minutes=2)


@receiver(quote_changed)
def note(quote: Quote, **signal: Any) -> None:
    """In the transaction of the change, under the quote's lock: so each yes is noted once, and none is lost."""
    if quote.status == Quote.Status.DRAFT:  # no yes leads back to it
        return
    rows = ApprovalAlert.objects.filter(quote=quote)
    if quote.status not in (Quote.Status.APPROVED, Quote.Status.INVOICED):
        rows.filter(ended_at=None).update(ended_at=timezone.now())
        return
    said_at = quote.approved_at or quote.accepted_at
    is_news = said_at is not None and said_at > timezone.now() - NEWS
    if quote.status != Quote.Status.APPROVED or not is_news:
        return
    anew = {
        "raised_at": timezone.now(), "by_mail": is_wanted(), "taken_until": None, "sent_at": None, "ended_at": None,
    }  # fmt: skip
    if rows.exclude(ended_at=None).update(**anew):
        _ask_again(quote, timezone.localdate(said_at))
    else:
        ApprovalAlert.objects.bulk_create([ApprovalAlert(quote=quote, **anew)], ignore_conflicts=True)


def _ask_again(quote: Quote, day: date) -> None:
    """The follow-up counts from the day, so it is there already if the yes before was of the same one. Whoever handled it
    handled that yes."""
    mine = FollowUp.objects.filter(quote=quote, kind=FollowUp.Kind.SCHEDULE, began_on=day, closed_reason="")
    mine.update(done_at=None, done_by=None, postponed_to=None, postponed_by=None, postponed_at=None)


def is_wanted() -> bool:
    """By e-mail; the first page asks for no address."""
    return settings.APPROVAL_ALERTS and bool(settings.OFFICE_EMAILS)


def is_big(quote: Quote) -> bool:
    """Over the amount from which the owner wants to know at once."""
    return quote.total_amount > settings.APPROVAL_ALERT_OVER


def unhandled(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Of these the quotes whose yes is told on the first page: nobody has scheduled or invoiced them, taken the yes back, or said
    at their follow-up that it is done or to come back later. `counted`: the quote's total."""
    told = quotes.filter(approval_alert__ended_at=None, approval_alert__raised_at__isnull=False)
    mine = FollowUp.objects.filter(quote=OuterRef("pk"), kind=FollowUp.Kind.SCHEDULE)
    told_at = OuterRef("approval_alert__raised_at")
    is_done = Q(done_at__gte=told_at, closed_reason="")
    is_for_later = Q(postponed_at__gte=told_at, postponed_to__gt=timezone.localdate())
    return money_waiting.waiting(told).filter(~Exists(mine.filter(is_done | is_for_later)))


def send() -> int:
    """Mails what waits, all in one e-mail; how many quotes were told. Not inside a transaction: it talks to a mail server.

    Raises OSError if the mail server is away: the next look tries again. Whoever is killed while he sends may have sent,
    so that one e-mail can come twice, never not at all.
    """
    until = timezone.now() + SENDS_WITHIN
    alerts = _take(until) if is_wanted() else []
    if not alerts:
        return 0
    # A yes that was taken back and given anew meanwhile is not this one.
    mine = ApprovalAlert.objects.filter(pk__in=[alert.pk for alert in alerts], taken_until=until)
    try:
        send_mail(_subject(alerts), _text(alerts), None, settings.OFFICE_EMAILS)
    except OSError:  # smtplib's errors are OSErrors
        mine.update(taken_until=timezone.now() + TRIES_AGAIN)
        raise
    mine.update(sent_at=timezone.now(), taken_until=None)
    return len(alerts)


def waiting() -> QuerySet[ApprovalAlert]:
    now = timezone.now()
    free = Q(taken_until__isnull=True) | Q(taken_until__lt=now)
    return ApprovalAlert.objects.filter(free, by_mail=True, sent_at=None, ended_at=None).order_by("raised_at", "pk")


@transaction.atomic
def _take(until: datetime) -> list[ApprovalAlert]:
    """Those that nobody else sends at this moment; they are ours until the time is over."""
    rows = waiting().select_for_update(of=("self",), skip_locked=True).select_related("quote__contact")
    found = list(rows.prefetch_related("quote__contact__phones", "quote__contact__emails")[:AT_ONCE])
    ApprovalAlert.objects.filter(pk__in=[alert.pk for alert in found]).update(taken_until=until)
    return found


def _subject(alerts: list[ApprovalAlert]) -> str:
    big = [alert.quote for alert in alerts if is_big(alert.quote)]
    mark = f"CRM, over {dollars(settings.APPROVAL_ALERT_OVER)}" if big else "CRM"
    if len(alerts) > 1:
        return f"{mark}: {len(alerts)} quotes approved"
    quote = alerts[0].quote
    return f"{mark}: {' '.join(quote.customer.split())} approved {quote}"


def _text(alerts: list[ApprovalAlert]) -> str:
    waits = set(
        money_waiting.waiting(Quote.objects.filter(pk__in=[alert.pk for alert in alerts])).values_list("pk", flat=True)
    )
    largest_first = sorted(alerts, key=lambda alert: alert.quote.total_amount, reverse=True)
    lines = [f"- {_sentence(alert.quote, alert.pk in waits)}" for alert in largest_first]
    listed = "\n".join(lines)
    number = len(alerts)
    how = "Open Work > Quotes in the CRM" if number > 1 else f"Open {alerts[0].quote} under Work > Quotes in the CRM"
    return f"Quote{pluralize(number)} approved:\n\n{listed}\n\n{how}, and choose Schedule.{END}"


def _sentence(quote: Quote, waits: bool) -> str:
    said_at = quote.approved_at or quote.accepted_at
    day = f" on {date_format(timezone.localtime(said_at), 'M j')}" if said_at else ""
    by = f" ({quote.accepted_by} said yes)" if quote.accepted_by else ""
    next_step = "No repair is scheduled: call and set the date." if waits else "It is scheduled or invoiced already."
    return f"{quote.customer} approved {quote} of {dollars(quote.total_amount)}{day}{by}. {next_step}"
