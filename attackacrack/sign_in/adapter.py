"""Where allauth asks the project how its sign-in behaves."""

import logging
import smtplib
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse

from attackacrack.sign_in import step_up
from contacts import colleagues
from quickbooks_integration.fields import cipher

logger = logging.getLogger(__name__)

# Said by the page itself; a banner "Successfully signed in as olivia" on top of the first page tells nobody anything.
UNSAID = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}


# How else one can show that it is oneself.
WAYS = {
    "reauthenticate": "Type the password",
    "mfa_reauthenticate": "Type a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}


class Adapter(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        # The same for a name that nobody has and for one with another password.
        "username_password_mismatch": "That name and password do not belong together. Try again, or set a new password.",
        "email_password_mismatch": "That e-mail and password do not belong together. Try again, or set a new password.",
        "enter_current_password": "That is not your password. Type the one that you sign in with now.",
        "too_many_login_attempts": "Too many wrong tries. For five minutes even the right password is refused. Wait, "
        "then try again. If you forgot it, set a new one meanwhile.",
    }

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Wrong tries are counted for the account, by whichever of its names. Allauth's own key has the Host header in it:
        another spelling of the host would be another count."""
        told = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
        named = User.objects.filter(Q(username__iexact=told) | Q(email__iexact=told)).order_by("pk").first()
        return f"account {named.pk}" if named else f"name {told}"

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Allauth itself does not count the sign-in; it would ask for the password right after it."""
        return super().is_reauthentication_required(app=app, **more) and not step_up.is_confirmed(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": WAYS.get(way["id"], way["description"])} for way in ways]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("admin:index")

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tells the person of a change to the account, at the address that the office typed in. What was changed stays
        changed when the mail server does not take it. Not inside a transaction."""
        by = self.request.user
        told = {
            "user": user,
            "by": "" if by.pk in (user.pk, None) else colleagues.name_of(by),
            "reset_url": self.request.build_absolute_uri(reverse("account_reset_password")),
        }
        try:
            super().send_notification_mail(template_prefix, user, told | (context or {}), email or user.email)
        except (smtplib.SMTPException, OSError):
            logger.exception("%s was not told of %s: the mail server did not take it", user, template_prefix)

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *more: Any, **named: Any
    ) -> None:
        if message_template not in UNSAID:
            super().add_message(request, level, message_template, *more, **named)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keys of authenticator apps are encrypted as QuickBooks' tokens are (FERNET_KEYS): a copy of the database alone
    makes no codes. A key that is lost is an error at the sign-in, never a value; an administrator then takes the
    second factor away, and the person sets up a new one."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That code is not right, or it was used already. The app shows a new one every half minute: "
        "type the one that it shows now.",
    }

    def generate_authenticator_name(self, user: Any, type: str) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count()
        return f"Passkey {number + 1}" if number else "Passkey"

    def encrypt(self, text: str) -> str:
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher().decrypt(encrypted_text.encode()).decode()
