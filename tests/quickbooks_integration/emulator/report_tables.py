"""Asks for reports and reads them like a person."""

from typing import Any

from .client import Client


def report(api: Client, name: str, **parameters: str) -> dict[str, Any]:
    answer = api.get(f"reports/{name}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def titles(found: dict[str, Any]) -> list[str]:
    return [column["ColTitle"] for column in found["Columns"]["Column"]]


def table(rows: dict[str, Any], depth: int = 0) -> list[tuple[Any, ...]]:
    """Every line that a person would see: depth, name, amounts."""
    lines: list[tuple[Any, ...]] = []
    for row in rows.get("Row", []):
        heads = [row["ColData"]] if "ColData" in row else [row["Header"]["ColData"]] if "Header" in row else []
        for head in heads:
            lines.append((depth, *(cell["value"] for cell in head)))
        lines += table(row.get("Rows", {}), depth + 1)
        if "Summary" in row:
            lines.append((depth, *(cell["value"] for cell in row["Summary"]["ColData"])))
    return lines
