"""One request finds out whether QuickBooks works again, while all other background work waits."""

import logging
from datetime import timedelta

from quickbooks_integration import pauses
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.service import QuickBooksService

log = logging.getLogger(__name__)
# Seconds that the try may take, and after which whoever claimed it counts as dead.
PATIENCE, CLAIM = 20.0, timedelta(minutes=2)


def may_ask(auth: QuickBooksAuth) -> bool:
    """Whether background work may ask this company anything now. When an outage has lasted as long as its pause, the one
    caller who comes first tries, and all the others wait for what he finds. Not inside a transaction."""
    pause = pauses.of(auth.company_id)
    if pause.limited_for:
        return False
    if not pause.is_out:
        return True
    return pauses.claim_try(auth.company_id, CLAIM) and _works_again(auth)


def _works_again(auth: QuickBooksAuth) -> bool:
    """The company's name, which is never the fault of one document. As a person's: it goes in spite of the outage."""
    try:
        QuickBooksService(auth, PATIENCE, for_person=True).company_info()
    except QuickBooksError as error:
        log.info("QuickBooks does not work yet: %s", error.with_reference)
        pauses.note_failed_try(auth.company_id)
        return False
    log.info("QuickBooks works again.")
    return True
