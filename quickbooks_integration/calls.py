"""The record of what was asked of QuickBooks: one row a request, never a body, a token or a name."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from quickbooks_integration import metering
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import ApiCall

logger = logging.getLogger(__name__)

_last_tid: ContextVar[str] = ContextVar("last_tid", default="")


def last_tid() -> str:
    """Intuit's trace of the answer that this thread got last; "" if it got none."""
    return _last_tid.get()


@contextmanager
def recorded(company_id: str | None, method: str, url: str) -> Iterator[ApiCall]:
    """Times the block and stores one row for it, also when it raises. The block fills `status` and `intuit_tid`."""
    call = ApiCall(company_id=company_id, at=timezone.now(), method=method, path=urlsplit(url).path[:200])
    started = time.perf_counter()
    try:
        yield call
    except QuickBooksError as error:
        call.error_kind, call.error_code = error.kind, error.code
        raise
    finally:
        call.milliseconds = round((time.perf_counter() - started) * 1000)
        _last_tid.set(call.intuit_tid)
        _keep(call)
        _log(call)


def _keep(call: ApiCall) -> None:
    """With the meter in one commit. Third parties say that Intuit counts only what it answers."""
    with transaction.atomic():
        call.save()
        if call.company_id and call.status == 200 and metering.is_metered(call.method, call.path):
            metering.note(call.company_id)


def _log(call: ApiCall) -> None:
    logger.info(
        "%s %s status=%s ms=%d intuit_tid=%s error=%s code=%s",
        call.method,
        call.path,
        call.status,
        call.milliseconds,
        call.intuit_tid,
        call.error_kind,
        call.error_code,
        extra={
            "company": call.company_id,
            "status": call.status,
            "ms": call.milliseconds,
            "intuit_tid": call.intuit_tid,
        },
    )
