"""Keeps what webhooks told. In any order and as often as they come: conversations.keep takes the newest."""

import logging
from datetime import timedelta

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from contacts import conversations
from contacts.conversations import UnknownLine
from contacts.models import OpenPhoneEvent, PhoneLine
from contacts.openphone import parsing

logger = logging.getLogger(__name__)
State = OpenPhoneEvent.State
AT_ONCE = 500
MOST_TRIES = 12
PAUSE = timedelta(minutes=5)  # after which a pull has brought new lines of ours
KEPT_DAYS = 30  # OpenPhone repeats an event for 28 hours at most
NOT_KEPT = "Tells nothing that is kept here."
LINE_NOT_KNOWN = "It is of a group on one of our numbers that OpenPhone has not told us of."
BUSY = "The database was busy with the same conversation."
ODD = "It could not be stored. Whoever looks after the CRM finds the reason in the log."


def keep_waiting() -> int:
    """Returns how many were settled. Not inside a transaction: each is one of its own."""
    due = Q(next_try_at=None) | Q(next_try_at__lte=timezone.now())
    waiting = OpenPhoneEvent.objects.filter(due, state=State.WAITING).order_by("pk")
    return sum(_settle(pk) for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]))


def sweep() -> int:
    """Takes away what is old."""
    old = timezone.now() - timedelta(days=KEPT_DAYS)
    return OpenPhoneEvent.objects.filter(received_at__lt=old).exclude(state=State.WAITING).delete()[0]


def _settle(pk: int) -> bool:
    """False where another worker has it, or it has to wait."""
    with transaction.atomic():
        rows = OpenPhoneEvent.objects.select_for_update(skip_locked=True, no_key=True)
        event = rows.filter(pk=pk, state=State.WAITING).first()
        if event is None:
            return False
        try:
            with transaction.atomic():
                _finish(event, State.DONE, _keep(event))
        except UnknownLine:
            _postpone(event, LINE_NOT_KNOWN)
        except OperationalError:  # somebody locked the same in another order
            _postpone(event, BUSY)
        except Exception as error:  # one that is odd must not hold up all others
            # The kind alone: the database's errors quote what was said.
            logger.error("The event %s of OpenPhone could not be stored: %s", event.event_id, type(error).__name__)
            _finish(event, State.FAILED, ODD)
    return event.state != State.WAITING


def _keep(event: OpenPhoneEvent) -> str:
    """What became of it."""
    line = parsing.line_of(event.content)
    if line is not None and not PhoneLine.objects.filter(provider_id=line[0]).exists():
        conversations.keep_lines([(*line, "")])
    said = parsing.event(event.content, dict(PhoneLine.objects.values_list("provider_id", "number")))
    if said is None:
        return NOT_KEPT
    conversations.keep([said])
    return ""


def _postpone(event: OpenPhoneEvent, message: str) -> None:
    event.tries += 1
    if event.tries >= MOST_TRIES:
        _finish(event, State.FAILED, message)
        return
    event.next_try_at, event.message = timezone.now() + PAUSE, message
    event.save(update_fields=["tries", "next_try_at", "message"])


def _finish(event: OpenPhoneEvent, state: State, message: str) -> None:
    """What is kept elsewhere by now is not kept twice."""
    event.state, event.message = state, message
    if state == State.DONE:
        event.content = {}
    event.save(update_fields=["state", "message", "content", "tries"])
