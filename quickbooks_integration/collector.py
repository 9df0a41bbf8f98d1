"""Python's search for cycles among objects, switched off where it finds none and costs much."""

import gc
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Verb = TypeVar("Verb", bound=Callable[..., Any])


def without_collector(verb: Verb) -> Verb:
    """For a verb that makes thousands of plain objects and drops them again: they hold no cycles, and looking for some in
    the middle takes a third of the time."""

    @wraps(verb)
    def quickly(*args: Any, **options: Any) -> Any:
        was_on = gc.isenabled()
        gc.disable()
        try:
            return verb(*args, **options)
        finally:
            if was_on:
                gc.enable()

    return quickly  # type: ignore[return-value]
