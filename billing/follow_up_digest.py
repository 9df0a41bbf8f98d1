"""The e-mail at the end of the day: what it brought, what tomorrow brings, what the office still has to follow up."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.template.defaultfilters import pluralize
from django.utils import timezone

from billing import day, follow_up_texts, follow_ups, week, working_time
from billing.models import FollowUpDigest
from billing.money import dollars
from billing.office_mail import END
from contacts import colleagues

SHOWN = 30


def send() -> bool:
    """Mails `OFFICE_EMAILS` what is open today, what the day brought and what tomorrow brings, once a day. False, and no
    e-mail, on a day on which the office is closed, or if it went out already, nobody is to be told or there is nothing to say. Not inside a transaction: it talks
    to a mail server.

    Raises OSError if the mail server is away: the day is open for the next try. Whoever is killed in between leaves the
    list.
    """
    if not working_time.is_working_day(timezone.localdate()):
        return False
    number, more = follow_ups.today().count(), _of_today() + _of_tomorrow()
    if not (number or more) or not settings.OFFICE_EMAILS:
        return False
    digest, is_new = FollowUpDigest.objects.get_or_create(day=timezone.localdate())
    if not is_new:
        return False
    subject = f"CRM: {number:,} follow-up{pluralize(number)} open" if number else "CRM: today and tomorrow"
    try:
        send_mail(subject, "\n\n".join([*more, *_open(number)]) + END, None, settings.OFFICE_EMAILS)
    except OSError:  # smtplib's errors are OSErrors
        digest.delete()
        raise
    return True


def _open(number: int) -> list[str]:
    if not number:
        return []
    rows = follow_ups.read(follow_ups.most_urgent_first(follow_ups.today())[:SHOWN])
    lines = [f"- {follow_up_texts.sentence(follow_up)}" for follow_up in rows]
    how = "Open Work > Follow-ups in the CRM to mark them as done or to postpone them."
    return [_listed("To follow up, the most urgent first:\n", lines, number), how]


def _of_today() -> list[str]:
    found = day.look(timezone.localdate(), SHOWN)
    lines = []
    if found.sent.number:
        lines.append(f"- {found.sent.number:,} quote{pluralize(found.sent.number)} sent, {dollars(found.sent.dollars)}")
    lines += [f"- Done: {job}, {job.property}" for job in found.done]
    return [_listed("Today:\n", lines, found.done_number + bool(found.sent.number))] if lines else []


def _of_tomorrow() -> list[str]:
    visits = week.on(timezone.localdate() + timedelta(days=1))
    lines = [f"- {_in_words(visit)}" for visit in visits[:SHOWN]]
    return [_listed("Tomorrow:\n", lines, len(visits))] if lines else []


def _in_words(visit: week.Visit) -> str:
    row = visit.appointment
    who = f"with {colleagues.name_of(row.technician)}" if row.technician else "nobody yet"
    return ", ".join(filter(None, [visit.start, f"{row.get_kind_display()} for {row.contact}", visit.where, who]))


def _listed(title: str, lines: list[str], number: int) -> str:
    more = [f"- and {number - len(lines):,} more"] if number > len(lines) else []
    return "\n".join([title, *lines, *more])
