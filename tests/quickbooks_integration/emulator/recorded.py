"""Comparing answers with recorded ones, and what recurs in those."""

from datetime import UTC, datetime
from typing import Any

FROZEN = datetime(2026, 5, 5, 9, 8, 55, tzinfo=UTC)
MOMENT = "2026-05-05T02:08:55-07:00"
DOLLAR = {"value": "USD", "name": "United States Dollar"}
STAMPS = {"domain": "QBO", "sparse": False}
TIMES = {"CreateTime": MOMENT, "LastUpdatedTime": MOMENT}
AMY = {"value": "1", "name": "Amy's Bird Sanctuary"}


def same(made: Any, expected: Any, place: str = "") -> None:
    """Equal in values and, at every depth, in the order of keys."""
    if isinstance(expected, dict):
        assert list(made) == list(expected), place
        for key, value in expected.items():
            same(made[key], value, f"{place}.{key}")
    elif isinstance(expected, list):
        assert len(made) == len(expected), place
        for number, value in enumerate(expected):
            same(made[number], value, f"{place}[{number}]")
    else:
        assert made == expected, place
