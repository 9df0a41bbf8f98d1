"""The list of what the bookkeeper can do, for the control API and the emulator's page."""

from collections.abc import Callable
from typing import Any, TypeVar

Verb = TypeVar("Verb", bound=Callable[..., Any])
VERBS: dict[str, str] = {}


def verb(function: Verb) -> Verb:
    """Make a method available to the control API, described by the first line of its docstring."""
    VERBS[function.__name__] = (function.__doc__ or "").strip().splitlines()[0]
    return function
