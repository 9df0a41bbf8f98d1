"""Intuit's sign-in (OAuth 2.0), over HTTP: one function for each of its addresses.

Asked directly, not through intuit-oauth: its client has no time limits, and asks for the discovery document each time.
"""

from typing import Any
from urllib.parse import urlencode

import requests
import simplejson
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from quickbooks_integration import addresses, errors, sessions
from quickbooks_integration.calls import recorded
from quickbooks_integration.models import ApiCall

SCOPE = "com.intuit.quickbooks.accounting"
LONGEST = 30.0
Tokens = dict[str, Any]


def authorization_url(state: str) -> str:
    """Intuit's page on which the person chooses the company and agrees."""
    question = {
        "client_id": settings.QUICKBOOKS_CLIENT_ID,
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": settings.QUICKBOOKS_REDIRECT_URI,
        "state": state,
    }
    return f"{addresses.current().authorize}?{urlencode(question)}"


@sensitive_variables()
def exchange(code: str) -> Tokens:
    """The code of a finished sign-in for a pair of tokens. Raises QuickBooksError."""
    return _ask_for_tokens(
        None,
        {"grant_type": "authorization_code", "code": code, "redirect_uri": settings.QUICKBOOKS_REDIRECT_URI},
    )


@sensitive_variables()
def refresh(company_id: str, refresh_token: str) -> Tokens:
    """A new pair for a refresh token, which may be dead from then on. Raises QuickBooksError; login: it is dead."""
    return _ask_for_tokens(company_id, {"grant_type": "refresh_token", "refresh_token": refresh_token})


@sensitive_variables()
def revoke(company_id: str, refresh_token: str) -> None:
    """Ends the connection at Intuit, both tokens. Raises QuickBooksError."""
    with recorded(company_id, "POST", addresses.current().revoke) as call:
        _ask(call, addresses.current().revoke, json={"token": refresh_token})


@sensitive_variables()
def _ask_for_tokens(company_id: str | None, form: dict[str, str]) -> Tokens:
    url = addresses.current().token
    # Intuit: only then does the answer say when the connection ends for good (five years).
    wish = {"x-include-refresh-token-hard-expires-in": "true"}
    with recorded(company_id, "POST", url) as call:
        response = _ask(call, url, data=form, headers=wish)
        return _read_tokens(response, call.intuit_tid)


@sensitive_variables()
def _ask(call: ApiCall, url: str, *, headers: dict[str, str] | None = None, **body: Any) -> requests.Response:
    response = sessions.send(
        "POST",
        url,
        headers={"Accept": "application/json", **(headers or {})},
        auth=(settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET),
        longest=LONGEST,
        **body,
    )
    call.status = response.status_code
    call.intuit_tid = response.headers.get("intuit_tid", "")[:100]
    if response.status_code != 200:
        raise errors.classify_sign_in(response.status_code, response.content, call.intuit_tid)
    return response


@sensitive_variables()
def _read_tokens(response: requests.Response, intuit_tid: str) -> Tokens:
    try:
        tokens = simplejson.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise errors.not_understood(response.status_code, intuit_tid) from error
    if not _is_complete(tokens):
        raise errors.not_understood(response.status_code, intuit_tid)
    return tokens


def _is_complete(tokens: Any) -> bool:
    return (
        isinstance(tokens, dict)
        and all(tokens.get(name) and isinstance(tokens[name], str) for name in ("access_token", "refresh_token"))
        and all(type(tokens.get(name)) is int for name in ("expires_in", "x_refresh_token_expires_in"))
    )
