"""Nobody works with a password alone: who has no authenticator app and no passkey is sent to set one up, and a session
that began without one ends when there is one."""

from collections.abc import Callable, Iterable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from attackacrack.sign_in import sessions
from quickbooks_integration.fields import cipher

# Recovery codes come with one of these, and are no second factor of their own.
COUNTED = {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}
# Of an app and of recovery codes; a security key keeps its secret itself.
ENCRYPTED = ("secret", "seed")


def is_missing(request: HttpRequest) -> bool:
    """True for somebody who is signed in, has none, and needs one (SECOND_FACTOR_REQUIRED). One query."""
    needs_one = settings.SECOND_FACTOR_REQUIRED and request.user.is_authenticated
    return bool(needs_one and not COUNTED & set(_own(request).values()))


def _own(request: HttpRequest) -> dict[int, str]:
    """The types of what the person has, by key."""
    return dict(Authenticator.objects.filter(user=request.user.pk).values_list("pk", "type"))


def _is_given(request: HttpRequest, own: Iterable[int]) -> bool:
    """Whether this session gave one of them. Else somebody else may have begun it with the password alone."""
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" and record.get("id") in own for record in records)


def connect() -> None:
    authenticator_added.connect(_has_given, dispatch_uid="setting up a second factor is giving it")
    authenticator_reset.connect(_has_given, dispatch_uid="making new recovery codes is giving them")
    authenticator_removed.connect(_was_removed, dispatch_uid="whoever signed in by it is signed out")


def _has_given(request: HttpRequest, user: Any, authenticator: Authenticator, **signal: Any) -> None:
    record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


def _was_removed(request: HttpRequest, user: Any, authenticator: Authenticator, **signal: Any) -> None:
    if authenticator.type in COUNTED:  # recovery codes go together with the last of these
        sessions.end(user.pk, kept=request.session.session_key)
        if request.user.pk == user.pk:
            _stays_signed_in(request)


def _stays_signed_in(request: HttpRequest) -> None:
    """Here somebody gave what is gone now, and others of his are left: he is not sent away from his own page."""
    own = _own(request)
    left = [pk for pk, kind in sorted(own.items()) if kind in COUNTED]
    if left and not _is_given(request, own):
        record_authentication(request, request.user, "mfa", id=left[0], type=own[left[0]])


class SecondFactorMiddleware:
    """Stands after the one that knows who is signed in. Whoever is not signed in passes: the pages see to that."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SECOND_FACTOR_REQUIRED and request.user.is_authenticated:
            own = _own(request)
            if not COUNTED & set(own.values()):
                if not request.path.startswith(reverse("account_root")):
                    return redirect("mfa_index")
            elif not _is_given(request, own):
                logout(request)
                return redirect("account_login")
        return self.get_response(request)


@transaction.atomic
def reencrypt() -> int:
    """Locks what is stored with the first of FERNET_KEYS; how many. InvalidToken for a lost key: nothing is changed."""
    keys = 0
    for authenticator in Authenticator.objects.select_for_update().order_by("pk"):
        locked = {name: text for name, text in authenticator.data.items() if name in ENCRYPTED}
        for name, text in locked.items():
            authenticator.data[name] = cipher().rotate(text.encode()).decode()
        if locked:
            authenticator.save(update_fields=["data"])
        keys += len(locked)
    return keys
