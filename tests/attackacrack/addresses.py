"""Every address of the project, from the URL conf, so that a new one is in each walk and in `make bench` by itself."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.apps import apps
from django.urls import get_resolver


def routes() -> list[str]:
    """All but the sign-in's own pages."""
    return [route for route in _routes(get_resolver().url_patterns) if not route.startswith("accounts/")]


def _routes(patterns: Iterable[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        yield from _routes(pattern.url_patterns, route) if hasattr(pattern, "url_patterns") else [route]


def first_row(model: Any) -> Any:
    return model._default_manager.first()


def first_planted(model: Any) -> Any:
    """By key: a row that is planted later does not come before it."""
    return model._default_manager.order_by("pk").first()


def address(route: str, row_of: Callable[[Any], Any] = first_row) -> str:
    """With the key of a row of the route's model; 1 if it has none."""
    named = re.match(r"admin/([a-z_]+)/([a-z]+)/.*<", route)
    row = row_of(apps.get_model(named[1], named[2])) if named else None
    return "/" + re.sub(r"<[^>]+>", str(row.pk) if row else "1", route)
