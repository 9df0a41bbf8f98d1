"""Tells the office in time that QuickBooks wants it to sign in again: on every page, and by e-mail, each day once.

Intuit ends a sign-in that was not renewed for about 100 days, and every one after five years.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.formats import date_format

from billing.office_mail import END
from quickbooks_integration.errors import RECONNECT
from quickbooks_integration.models import QuickBooksAuth, SignInReminder

log = logging.getLogger(__name__)
End = SignInReminder.End
# Days before the end on which the office is told.
STAGES = (1, 7, 14, 30)


@dataclass(frozen=True)
class Ending:
    """One end of the sign-in that is near, or has come. days: until then, begun ones included; 0 has come."""

    end: End
    at: datetime | None
    days: int

    @property
    def stage(self) -> int:
        """The reminder that is due by now."""
        return next((stage for stage in (0, *STAGES) if self.days <= stage), STAGES[-1])

    @property
    def sentence(self) -> str:
        if self.days == 0:
            return RECONNECT
        assert self.at is not None
        when = "within a day" if self.days == 1 else f"in {self.days} days, on {_day(self.at)}"
        why = (
            "Every sign-in ends after five years."
            if self.end == End.FIVE_YEARS
            else "It could not be renewed for a long time."
        )
        return f"QuickBooks' sign-in ends {when}, and the sync stops then. {why} Reconnecting takes a minute."


def ending(auth: QuickBooksAuth) -> Ending | None:
    """The next one, if it is within 30 days; no query."""
    if auth.state == QuickBooksAuth.State.NEEDS_RECONNECT:
        return Ending(End.NOW, None, 0)
    if auth.state != QuickBooksAuth.State.CONNECTED:
        return None
    # Near its end for good no renewal lasts longer either.
    is_for_good = auth.hard_expires_at is not None and auth.hard_expires_at <= auth.refresh_expires_at + timedelta(
        days=1
    )
    at = auth.reconnect_before
    found = Ending(End.FIVE_YEARS if is_for_good else End.UNUSED, at, days_until(at))
    if found.days == 0:
        return Ending(End.NOW, None, 0)
    return found if found.days <= STAGES[-1] else None


def remind() -> int:
    """Mails what is due and was not mailed yet. Returns how many e-mails went out. Not inside a transaction.

    The reminder is noted before it is sent, so a second beat or a restart sends none twice; whoever is killed in between
    leaves the page's banner, and the next stage.
    """
    auth = QuickBooksAuth.objects.in_use().first()
    if auth is None:
        return 0
    near = ending(auth)
    # Renewed or signed in again: from the beginning.
    SignInReminder.objects.filter(company=auth).exclude(end=near.end if near else "").delete()
    return int(near is not None and bool(settings.OFFICE_EMAILS) and _tell(auth, near))


def _tell(auth: QuickBooksAuth, ending: Ending) -> bool:
    reminder, is_new = SignInReminder.objects.get_or_create(company=auth, end=ending.end, days=ending.stage)
    if not is_new:
        return False
    try:
        send_mail(_subject(auth, ending), _text(ending), None, settings.OFFICE_EMAILS)
    except OSError as error:  # smtplib's errors are OSErrors
        reminder.delete()
        log.warning(
            "The office could not be told that the QuickBooks sign-in ends (%s); the next round tries again.", error
        )
        return False
    return True


def _subject(auth: QuickBooksAuth, ending: Ending) -> str:
    if ending.days == 0:
        return f"QuickBooks: {auth} needs you to sign in again"
    when = "within a day" if ending.days == 1 else f"in {ending.days} days"
    return f"QuickBooks: the sign-in of {auth} ends {when}"


def _text(ending: Ending) -> str:
    how = "" if ending.days == 0 else " Open QuickBooks > Connection in the CRM and choose Reconnect."
    return (
        f"{ending.sentence}{how}\n\nNothing is lost: what is written in the CRM waits, and goes to QuickBooks after the "
        f"sign-in.{END}"
    )


def days_until(at: datetime) -> int:
    """Begun days count as whole ones; 0 once it has passed."""
    return max(0, -((timezone.now() - at) // timedelta(days=1)))


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "M j, Y")
