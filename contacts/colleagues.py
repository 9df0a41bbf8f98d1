"""People who use the CRM, as the pages call them."""

from django.contrib.auth.models import AbstractBaseUser


def name_of(person: AbstractBaseUser) -> str:
    """The full name, else the name that the person signs in with."""
    return person.get_full_name() or person.get_username()  # type: ignore[attr-defined]
