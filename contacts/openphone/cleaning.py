"""What OpenPhone tells, as it may be stored and logged."""

from typing import Any

from contacts.card_numbers import masked


def clean(value: Any, name: str = "") -> Any:
    """JSON without card numbers, in ids aside, and without what PostgreSQL cannot hold: the NUL character, half an emoji.
    name: of the value."""
    if isinstance(value, dict):
        return {str(clean(key, "id")): clean(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [clean(one, name) for one in value]
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "").encode("utf-8", "replace").decode()
    return value if name.lower().endswith("id") else masked(value)
