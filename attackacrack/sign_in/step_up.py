"""What is hard to take back asks who one is, unless that was asked within the last quarter of an hour."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

ASKED_FOR = {
    "account_change_password",
    "quickbooks_connect",
    "admin:quickbooks_integration_quickbooksauth_disconnect",
    "admin:contacts_contact_merge",
    "admin:contacts_contact_merge_undo",
}
# All that is about people and what they may do.
ASKED_FOR_BELOW = ("admin:auth_",)
NOT_DONE = "Nothing was changed yet: it was a while since you signed in. Confirm that it is you, then press it again."


def is_confirmed(request: HttpRequest) -> bool:
    """A password, a code or a passkey was given in this session within ACCOUNT_REAUTHENTICATION_TIMEOUT; signing in
    counts, too."""
    given = get_authentication_records(request, request.user)
    return bool(given) and time.time() - given[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT


class StepUpMiddleware:
    """What was sent is not kept for later: it may hold passwords. The person comes back to the page and sends again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        name = request.resolver_match.view_name
        is_asked_for = name in ASKED_FOR or name.startswith(ASKED_FOR_BELOW)
        if not is_asked_for or not request.user.is_authenticated or is_confirmed(request):
            return None
        ways = get_adapter().get_reauthentication_methods(request.user)
        if not ways:
            raise PermissionDenied("This person has neither a password nor a second factor.")
        if request.method != "GET":
            messages.warning(request, NOT_DONE)
        return redirect(f"{ways[0]['url']}?{urlencode({'next': _page(request)})}")


def _page(request: HttpRequest) -> str:
    """Where to go on: the page that was asked for, or the one that something was sent from."""
    if request.method == "GET":
        return request.get_full_path()
    came_from = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure()):
        return reverse("admin:index")
    page = urlsplit(came_from)
    try:
        resolve(page.path)
    except Resolver404:
        return reverse("admin:index")
    return f"{page.path}?{page.query}" if page.query else page.path
