"""The switch by which a person keeps the CRM from writing to QuickBooks. Reading goes on, and what waits is not lost."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from contacts import colleagues
from quickbooks_integration import pauses
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import EmailSending, QuickBooksAuth, QuickBooksSync


def switch_on(auth: QuickBooksAuth, by: AbstractBaseUser) -> None:
    """From its commit on nothing new is written; what is on its way at this moment still arrives."""
    rows = QuickBooksAuth.objects.filter(pk=auth.pk, pull_only_since=None)
    rows.update(pull_only_since=timezone.now(), pull_only_by=by)


@transaction.atomic
def switch_off(auth: QuickBooksAuth) -> None:
    """What waits goes out from its commit on."""
    QuickBooksAuth.objects.filter(pk=auth.pk).update(pull_only_since=None, pull_only_by=None)
    let_go(auth)


def let_go(auth: QuickBooksAuth) -> None:
    """After one of the reasons for a pause is over; inside its transaction. Does nothing while there is another."""
    if pauses.is_pull_only(auth.company_id):
        return
    # What was refused at the door, because it was on its way when the switch was turned, does not wait for its next time.
    held = QuickBooksSync.objects.filter(company=auth, error_message=pauses.PULL_ONLY)
    held.update(next_try_at=None, error_message="")
    EmailSending.objects.filter(sync__company=auth, message=pauses.PULL_ONLY).update(next_try_at=None, message="")
    transaction.on_commit(_ring)


def _ring() -> None:
    from quickbooks_integration import tasks

    RINGER.ring(tasks.push_waiting.delay)


def in_words(auth: QuickBooksAuth) -> str:
    """Why, since when and by whom nothing is written; "" when it is."""
    return " ".join(filter(None, (_by_a_person(auth), _by_a_restore(auth))))


def _by_a_restore(auth: QuickBooksAuth) -> str:
    if auth.reads_first_since is None:
        return ""
    return (
        "The CRM was restored from a backup. It reads everything in QuickBooks before it writes there again, so that "
        "nothing is sent twice; that takes till the next night, or press Sync now. What is saved here waits and is not "
        "lost."
    )


def _by_a_person(auth: QuickBooksAuth) -> str:
    if auth.pull_only_since is None:
        return ""
    by = auth.pull_only_by
    who = f" {colleagues.name_of(by)} paused it." if by else ""
    since = date_format(timezone.localtime(auth.pull_only_since), "M j, g:i A")
    return f"Nothing has been written to QuickBooks since {since}.{who} What is saved here waits and is not lost."
