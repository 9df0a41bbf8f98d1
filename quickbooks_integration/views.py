"""The two doors of the sign-in: out to Intuit, and back. Every end is the connection page and a sentence."""

import logging
import re
import secrets
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from quickbooks_integration import connecting
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.service import WRONG_STATE, QuickBooksService

logger = logging.getLogger(__name__)
View = Callable[[HttpRequest], HttpResponseBase]
STATE = "quickbooks_sign_in_state"
CONNECT = "quickbooks_integration.connect_quickbooks"

NO_CLIENT = (
    "QuickBooks cannot be connected yet: QUICKBOOKS_CLIENT_ID and QUICKBOOKS_CLIENT_SECRET are not set. Please ask "
    "whoever looks after the CRM to set both."
)
NOT_YOURS = "You are not allowed to connect QuickBooks. Please ask an administrator of the CRM."
OTHER_BROWSER = (
    "This sign-in was not started in this browser, or was used already. Nothing was changed: please start again with "
    "Connect."
)
DENIED = "You did not give access on QuickBooks' page, so nothing was changed. Choose Connect to try again."
NO_COMPANY = (
    "QuickBooks did not say which company was chosen, so nothing was changed. Choose Connect again and pick a company."
)


def for_connectors(view: View) -> View:
    """Only for staff who may connect; others end on a page that they may see, with the reason."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_active and request.user.is_staff and request.user.has_perm(CONNECT):
            return view(request)
        return _back(request, messages.ERROR, NOT_YOURS)

    return never_cache(guarded)


def _back(request: HttpRequest, level: int, sentence: str) -> HttpResponseBase:
    messages.add_message(request, level, sentence)
    if not request.user.is_authenticated or request.user.has_perm("quickbooks_integration.view_quickbooksauth"):
        return redirect("admin:quickbooks_integration_quickbooksauth_changelist")
    return redirect("admin:index")


@require_http_methods(["GET", "POST"])
@for_connectors
def connect(request: HttpRequest) -> HttpResponseBase:
    """Sends the browser to Intuit's consent page."""
    if not (settings.QUICKBOOKS_CLIENT_ID.strip() and settings.QUICKBOOKS_CLIENT_SECRET.strip()):
        return _back(request, messages.ERROR, NO_CLIENT)
    state = secrets.token_urlsafe(32)
    try:
        url = QuickBooksService().get_authorization_url(state)
    except QuickBooksError as error:
        return _back(request, messages.ERROR, str(error))
    request.session[STATE] = state
    return redirect(url)


@require_GET
@for_connectors
@sensitive_variables()
def callback(request: HttpRequest) -> HttpResponseBase:
    """Takes the browser back from Intuit, checks that it is the one that went, and stores what it brought."""
    issued = request.session.pop(STATE, "")
    state = request.GET.get("state", "")
    if not issued or not constant_time_compare(issued, state):
        return _back(request, messages.ERROR, OTHER_BROWSER)
    if "error" in request.GET:
        return _back(request, messages.WARNING, _refusal(request.GET["error"]))
    company_id = request.GET.get("realmId", "")
    if not re.fullmatch(r"[0-9]{1,50}", company_id):
        return _back(request, messages.ERROR, NO_COMPANY)
    try:
        return _finish(request, company_id, state)
    except QuickBooksError as error:
        return _back(request, messages.ERROR, str(error))


def _refusal(error: str) -> str:
    if error == "access_denied":
        return DENIED
    logger.warning("Intuit's consent page answered %r", error[:100])
    return (
        "QuickBooks did not start the sign-in, so nothing was changed. The app's settings at Intuit may not fit: please "
        "tell whoever looks after the CRM."
    )


@sensitive_variables()
def _finish(request: HttpRequest, company_id: str, state: str) -> HttpResponseBase:
    code = request.GET.get("code", "")
    if not code:
        return _back(request, messages.ERROR, WRONG_STATE)
    connecting.refuse_other_company(company_id)  # before the code is spent
    tokens = QuickBooksService().exchange_code_for_tokens(code, state)
    auth = connecting.store(company_id, tokens, by=request.user)
    try:
        name = connecting.read_name(auth)
    except QuickBooksError as error:
        return _back(request, messages.WARNING, f"QuickBooks is connected, but its first answer failed. {error}")
    return _back(request, messages.SUCCESS, f"Connected to {name}. Choose Sync now to bring its customers in.")
