"""Keys of rows as addresses and forms bring them."""

from typing import Any


def is_key(asked: Any) -> bool:
    """Whether it can be the key of a row: figures only, and no more than a database's number has."""
    text = str(asked)
    return text.isascii() and text.isdecimal() and len(text) < 19
