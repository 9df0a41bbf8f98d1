"""A text column that is ciphertext in the database."""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class UnreadableToken(Exception):
    """The key that encrypted this value is not among FERNET_KEYS."""


@cache
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FERNET_KEYS is empty. Without a key no QuickBooks token can be kept.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("FERNET_KEYS holds something that is no Fernet key.") from error


def cipher() -> MultiFernet:
    """The first of FERNET_KEYS encrypts, all of them decrypt: that is how a key is replaced without a break."""
    return _cipher(tuple(settings.FERNET_KEYS))


def _encrypted(value: Any) -> bytes:
    if not isinstance(value, str):  # bytes, say: their text form would be stored and no error seen
        raise TypeError(f"An encrypted field holds text, not {type(value).__name__}.")
    return cipher().encrypt(value.encode())


class EncryptedTextField(models.BinaryField):
    """Text outside, Fernet ciphertext in a bytea column. It cannot be looked up; a lost key is an error, never a value."""

    description = "Text, encrypted at rest"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def get_default(self) -> str:
        return ""  # BinaryField's own is b"", which is no text

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        # bulk_update and F() hand over expressions; encrypting their text would destroy the column.
        if value is None or hasattr(value, "as_sql"):
            return value
        return super().get_db_prep_save(_encrypted(value), connection)

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if isinstance(value, str):  # a plain value inside an expression, as bulk_update's When(then=Value(...))
            value = _encrypted(value)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        if value is None:
            return None
        try:
            return cipher().decrypt(bytes(value)).decode()
        except InvalidToken as error:
            raise UnreadableToken(
                "A stored QuickBooks token cannot be decrypted: its key is missing from FERNET_KEYS. "
                "Put the old key back, or reconnect QuickBooks."
            ) from error

    def to_python(self, value: Any) -> Any:
        return value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted and cannot be looked up.")

    def value_to_string(self, obj: models.Model) -> str:
        return ""  # fixtures and dumps never carry tokens
