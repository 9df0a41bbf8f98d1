"""What the web process does about silences: it shows on each page what was found last, and looks itself when nobody else
does, after the page has gone out."""

import logging
import threading
from typing import Any

from django.core.signals import request_finished
from django.db import DatabaseError, connection
from django.utils import timezone

from attackacrack.health import alarm, signs
from attackacrack.models import Sign

log = logging.getLogger(__name__)

_this_thread = threading.local()


def found_last() -> list[dict[str, str]]:
    """What the last look found, causes first: [{"title", "text"}]. One query; nothing of it needs Redis. When that look
    was too long ago, one of all the pages that are being opened takes it on itself to look after its answer."""
    sign = Sign.objects.filter(kind=Sign.Kind.CHECK).first()
    too_old = timezone.now() - alarm.LOOKED_AT_LEAST_EVERY
    if sign is not None and sign.at < too_old and signs.claim_check(too_old):
        _this_thread.looks_after_answer = True
    silences = (sign.about or {}).get("silences", []) if sign else []
    return [{"title": title, "text": text} for title, text in silences]


def begin() -> None:
    """When a web server starts; in a thread, because it has to start without an answer of the database too."""
    threading.Thread(target=_begin, name="watch begins", daemon=True).start()


def _begin() -> None:
    try:
        signs.begin_watch()
    except DatabaseError as error:
        log.warning("The watch over the background work could not begin: %s", error)
    finally:
        connection.close()


def connect() -> None:
    request_finished.connect(_look_if_claimed, dispatch_uid="look for silences")


def _look_if_claimed(**signal: Any) -> None:
    """The answer is with the person by now, so a slow mail server keeps nobody waiting."""
    if not getattr(_this_thread, "looks_after_answer", False):
        return
    _this_thread.looks_after_answer = False
    try:
        alarm.look()
    except Exception:  # no page fails because of the watch
        log.exception("A page could not look for silences.")
