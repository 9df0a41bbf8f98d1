"""How long our own pages take: counted in the process, written to the database now and then, after an answer."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.signals import request_finished
from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from attackacrack.outcomes.histograms import bound_of

log = logging.getLogger(__name__)

WRITES_EVERY = 30.0  # seconds; a process that is killed loses as much
_counts: Counter[tuple[date, int]] = Counter()
_lock = threading.Lock()
_this = threading.local()  # is_page: whether the thread is at a page, and no answer that must do without the database
_written_at = time.monotonic()


class PageTimesMiddleware:
    """Around all that makes a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        # What an open page asks for by itself is no page.
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and request.path.startswith(reverse("admin:index")):
            count((time.perf_counter() - started) * 1000)
            _this.is_page = True
        return response


def count(milliseconds: float) -> None:
    with _lock:
        _counts[timezone.localdate(), bound_of(milliseconds)] += 1


def connect() -> None:
    request_finished.connect(_write_if_due, dispatch_uid="write down how long pages took")


def _write_if_due(**signal: Any) -> None:
    """The answer is with the person by now. Never inside somebody's transaction."""
    global _written_at
    is_page, _this.is_page = getattr(_this, "is_page", False), False
    if not is_page or time.monotonic() - _written_at < WRITES_EVERY or connection.in_atomic_block:
        return
    _written_at = time.monotonic()
    try:
        write()
    except Error as error:
        log.warning("How long pages took could not be written down: %s", error)


def write() -> None:
    """Adds what was counted here to the day's counts; what cannot be written stays for the next time."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    try:
        _add(taken)
    except Error:
        with _lock:
            _counts.update(taken)
        raise


def _add(taken: dict[tuple[date, int], int]) -> None:
    """In one order, so that two processes never wait for each other in a circle."""
    with transaction.atomic(), connection.cursor() as cursor:
        for (day, bound), number in sorted(taken.items()):
            cursor.execute(
                "INSERT INTO attackacrack_pagetime (day, bound, number) VALUES (%s, %s, %s)"
                " ON CONFLICT (day, bound) DO UPDATE SET number = attackacrack_pagetime.number + excluded.number",
                [day, bound, number],
            )
