"""Lists as OpenPhone answers them: which filters there are, in what order, and pages by cursor."""

import base64
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]
MOST, USUAL = 50, 10
# By list: filter, and the column that it compares. What is not here is refused.
FILTERS = {
    "/messages": {"phoneNumberId", "direction", "status", "userId", "from", "to", "createdAt[gt]", "createdAt[lt]"},
    "/calls": {"phoneNumberId", "direction", "status[in]", "createdAt[gte]", "createdAt[lte]", "include"},
    "/conversations": {
        "phoneNumberId[in]", "createdAt[gte]", "createdAt[lte]", "updatedAt[gte]", "updatedAt[lte]", "sort",
    },
    "/phone-numbers": set(),
}  # fmt: skip


class Refused(Exception):
    """str() says which parameter is wrong."""


def page(path: str, rows: Iterable[Json], asked: dict[str, str]) -> Json:
    """Raises Refused."""
    limit = _limit(asked.get("limit", str(USUAL)))
    wanted = {name: text for name, text in asked.items() if name not in ("limit", "after")}
    if unknown := set(wanted) - FILTERS[path]:
        raise Refused(f"{sorted(unknown)[0]} is not a filter of {path}")
    by = "updatedAt" if path == "/conversations" else "createdAt"
    found = [row for row in rows if all(_fits(row, name, text) for name, text in wanted.items())]
    found.sort(key=lambda row: (row[by], row["id"]), reverse=True)
    if after := asked.get("after"):
        place = _place(after)
        found = [row for row in found if [row[by], row["id"]] < place]
    shown = [_shown(path, row, asked) for row in found[:limit]]
    more = len(found) > limit
    return {"data": shown, "nextCursor": _cursor(found[limit - 1], by) if more else None}


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise Refused(f"limit has to be from 1 to {MOST}")
    return int(text)


def _fits(row: Json, name: str, text: str) -> bool:
    column, _, operator = name.partition("[")
    if column in ("include", "sort"):
        return True
    value = row[column]
    if operator in ("gt]", "gte]"):
        return bool(value > text or (operator == "gte]" and value == text))
    if operator in ("lt]", "lte]"):
        return bool(value < text or (operator == "lte]" and value == text))
    wanted = text.split(",") if operator else [text]
    return any(one in wanted for one in value) if isinstance(value, list) else value in wanted


def _shown(path: str, row: Json, asked: dict[str, str]) -> Json:
    """Voicemails come with calls where they are asked for."""
    if path == "/calls" and "voicemail" not in asked.get("include", "").split(","):
        return {name: value for name, value in row.items() if name != "voicemail"}
    return dict(row)


def _cursor(row: Json, by: str) -> str:
    return base64.urlsafe_b64encode(f"{row[by]} {row['id']}".encode()).decode()


def _place(cursor: str) -> list[str]:
    try:
        at, key = base64.urlsafe_b64decode(cursor).decode().split(" ")
    except ValueError:
        raise Refused("after is no cursor of ours") from None
    return [at, key]
