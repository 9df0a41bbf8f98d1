"""What OpenPhone tells, as it may be stored and logged."""

import re
from typing import Any

from contacts.card_numbers import masked

WORDS = ("text", "body", "transcript")  # what people wrote or said
# One from abroad may have the figures of a card.
NUMBER = re.compile(r"\+[1-9]\d{1,14}")


def clean(value: Any, name: str = "") -> Any:
    """JSON without card numbers, but for ids, places in lists and telephone numbers, and without what PostgreSQL cannot hold:
    the NUL character, half an emoji. name: of the value."""
    if isinstance(value, dict):
        return {str(clean(key, "id")): clean(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [clean(one, name) for one in value]
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "").encode("utf-8", "replace").decode()
    is_number = name not in WORDS and NUMBER.fullmatch(value)
    return value if is_number or name.lower().endswith(("id", "cursor")) else masked(value)
