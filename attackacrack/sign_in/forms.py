"""Allauth's forms, with the labels that the office reads."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm


class SignInForm(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Username or e-mail"
        self.fields["login"].widget.attrs |= {"autofocus": True, "autocomplete": "username"}


class NewPasswordForm(ChangePasswordForm):
    def clean_oldpassword(self) -> str:
        """A wrong one counts as a wrong sign-in does, so that an open screen is no place to guess at."""
        typed: str = self.cleaned_data["oldpassword"]
        adapter = get_adapter()
        if not adapter.reauthenticate(self.user, typed):
            raise adapter.validation_error("enter_current_password")
        return typed
