"""The e-mail at the end of the day: what the office still has to follow up."""

from django.conf import settings
from django.core.mail import send_mail
from django.template.defaultfilters import pluralize
from django.utils import timezone

from billing import follow_up_texts, follow_ups
from billing.models import FollowUpDigest
from billing.office_mail import END

SHOWN = 30


def send() -> bool:
    """Mails `OFFICE_EMAILS` what is open today, once a day. False, and no e-mail, if it went out already, nobody is to be
    told or nothing is open. Not inside a transaction: it talks to a mail server.

    Raises OSError if the mail server is away: the day is open for the next try. Whoever is killed in between leaves the
    list.
    """
    number = follow_ups.today().count()
    if not number or not settings.OFFICE_EMAILS:
        return False
    digest, is_new = FollowUpDigest.objects.get_or_create(day=timezone.localdate())
    if not is_new:
        return False
    try:
        send_mail(f"CRM: {number:,} follow-up{pluralize(number)} open", _text(number), None, settings.OFFICE_EMAILS)
    except OSError:  # smtplib's errors are OSErrors
        digest.delete()
        raise
    return True


def _text(number: int) -> str:
    rows = follow_ups.read(follow_ups.most_urgent_first(follow_ups.today())[:SHOWN])
    lines = [f"- {follow_up_texts.sentence(follow_up)}" for follow_up in rows]
    if number > len(rows):
        lines.append(f"- and {number - len(rows):,} more")
    listed = "\n".join(lines)
    how = "Open Work > Follow-ups in the CRM to mark them as done or to postpone them."
    return f"The most urgent first:\n\n{listed}\n\n{how}{END}"
