"""Connecting a QuickBooks company, and taking the connection away again."""

import logging
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from quickbooks_integration import addresses, coverage, oauth, pauses
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.fields import UnreadableToken
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync, SignInReminder
from quickbooks_integration.service import PAGE_PATIENCE, QuickBooksService

logger = logging.getLogger(__name__)
# Longer than beat's period, so that a token never runs out between two rounds.
REFRESH_AHEAD = timedelta(minutes=25)
STILL_LISTED = (
    "The CRM has forgotten the sign-in, but could not tell QuickBooks. To end it there too, sign in to QuickBooks, open "
    "Apps and disconnect this CRM."
)


def refuse_other_company(company_id: str) -> None:
    """QuickBooksError(refused) if the CRM already belongs to another company: their rows would mix."""
    others = QuickBooksAuth.objects.exclude(company_id=company_id)
    linked = QuickBooksSync.objects.exclude(company_id=company_id)
    other = others.in_use().first() or others.filter(company_id__in=linked.values("company_id")).first()
    if other is None:
        return
    raise QuickBooksError(
        Kind.REFUSED,
        f"You chose another company, but this CRM belongs to {other}. Nothing was changed. Choose Connect again and "
        f"pick {other} on QuickBooks' page."
        + ("" if linked.exists() else f" To change to the other company, disconnect {other} first."),
    )


@sensitive_variables()
def store(company_id: str, tokens: dict[str, Any], by: User | None) -> QuickBooksAuth:
    """Keeps the tokens of a finished sign-in, and commits at once: they cannot be had a second time.

    Rows and history of a company that was connected before stay. Raises QuickBooksError(refused) for another company.
    """
    try:
        with transaction.atomic(durable=True):
            refuse_other_company(company_id)
            auth = _row(company_id)
            auth.keep(tokens)
            auth.environment = addresses.environment()
            auth.connected_at, auth.connected_by = timezone.now(), by
            auth.save()
            pauses.forget(company_id)
            SignInReminder.objects.filter(company=company_id).delete()
            coverage.forget(auth)  # the books may have been restored from a copy meanwhile
    except IntegrityError:  # another company was connected in this very moment
        refuse_other_company(company_id)
        raise
    return auth


def _row(company_id: str) -> QuickBooksAuth:
    """The company's row, locked; its old tokens are not read, so a lost key does not stop a reconnect."""
    rows = QuickBooksAuth.objects.select_for_update(no_key=True)
    return rows.filter(company_id=company_id).first() or QuickBooksAuth(company_id=company_id)


def read_name(auth: QuickBooksAuth) -> str:
    """Asks QuickBooks for the company's name and keeps it. Raises QuickBooksError. Not inside a transaction."""
    info = QuickBooksService(auth, patience=PAGE_PATIENCE, for_person=True).company_info()
    auth.company_name = str(info.get("CompanyName") or "")[:200]
    auth.save(update_fields=["company_name", "updated_at"])
    return auth.company_name


@sensitive_variables()
def disconnect(auth: QuickBooksAuth) -> str:
    """Forgets the tokens, then ends the connection at Intuit. Links, runs and history stay.

    Returns "" or a sentence about what is left to do by hand. Not inside a transaction.
    """
    refresh_token = _forget(auth)
    if not refresh_token:
        return STILL_LISTED
    try:
        oauth.revoke(auth.company_id, refresh_token)
    except QuickBooksError as error:
        # An unknown token means that it has ended there already.
        return "" if error.status == 400 else STILL_LISTED
    return ""


@sensitive_variables()
def _forget(auth: QuickBooksAuth) -> str:
    """Under the lock of a refresh, so that no pair comes in after this. The refresh token, or "" if unreadable."""
    with transaction.atomic(durable=True):
        stored = QuickBooksAuth.objects.select_for_update(no_key=True).get(pk=auth.pk)
        try:
            refresh_token = stored.refresh_token
        except UnreadableToken:
            refresh_token = ""
        stored.forget_tokens()
        stored.state, stored.error_message = QuickBooksAuth.State.DISCONNECTED, ""
        stored.save()
    return refresh_token


def keep_fresh() -> bool:
    """Renews the sign-in if it would run out before the next round; whether it did. Not inside a transaction.

    Trouble is logged, not raised: the next round tries again, and a dead sign-in shows on the connection page.
    """
    auth = QuickBooksAuth.objects.filter(state=QuickBooksAuth.State.CONNECTED).first()
    if auth is None or not auth.expires_within(REFRESH_AHEAD):
        return False
    try:
        return QuickBooksService.current().refresh_access_token()
    except QuickBooksError as error:
        logger.warning("The QuickBooks sign-in was not renewed: %s", error.with_reference)
        return False


def reencrypt() -> int:
    """Locks every stored token with the first of FERNET_KEYS; how many connections. Raises UnreadableToken."""
    with transaction.atomic():
        stored = list(QuickBooksAuth.objects.with_tokens().select_for_update(no_key=True))
        for auth in stored:
            auth.save(update_fields=["access_token", "refresh_token"])
    return len(stored)
