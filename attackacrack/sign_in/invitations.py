"""How somebody gets into an account that the office made: by a link that sets the password, once, within three days."""

import smtplib

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.http import HttpRequest
from django.template.loader import render_to_string

from contacts import colleagues

SECONDS_A_DAY = 24 * 60 * 60


class NotSent(Exception):
    """str() is a sentence for the office."""


def link(user: User) -> str:
    """Sets the password of this account. Dead once it was used, after PASSWORD_RESET_TIMEOUT, and when the account's
    e-mail changes. Inside a request only: the address is that of the page."""
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return get_adapter().get_reset_password_from_key_url(f"{user_pk_to_url_str(user)}-{token}")


def send(request: HttpRequest, user: User) -> None:
    """Raises NotSent with the reason. Not inside a transaction: it talks to the mail server."""
    if not user.is_active:
        raise NotSent(f"{user} is not active, so no invitation was sent. Tick Active, save, and send it then.")
    if not user.email:
        raise NotSent(f"{user} has no e-mail, so no invitation was sent. Type it in, save, and send it then.")
    told = {
        "user": user,
        "by": colleagues.name_of(request.user),
        "link": link(user),
        "days": settings.PASSWORD_RESET_TIMEOUT // SECONDS_A_DAY,
    }
    try:
        send_mail(
            "Your account for the Attack-a-Crack CRM",
            render_to_string("attackacrack/invitation.txt", told),
            None,
            [user.email],
        )
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(
            f"The invitation for {user} was not sent: the mail server did not take it. Try again in a few minutes."
        ) from error
