"""Headers, columns and rows in the form of the service: every cell is text, "" where there is nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from quickbooks_integration.emulator.clock import with_seconds
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.shapes import home_currency
from quickbooks_integration.emulator.reports.periods import Column

Cells = list[Decimal | None]


def header(company: Company, name: str, options: Mapping[str, str], **values: object) -> Document:
    """What is None or "" is left out."""
    shown = {key: value.isoformat() if isinstance(value, date) else value for key, value in values.items()}
    return {
        "Time": with_seconds(company.clock.now()),
        "ReportName": name,
        **{key: value for key, value in shown.items() if value not in (None, "")},
        "Currency": home_currency(company)["value"],
        "Option": [{"Name": key, "Value": value} for key, value in options.items()],
    }


def column(title: str, kind: str, key: str = "", **more: str) -> Document:
    data = [{"Name": name, "Value": value} for name, value in (*more.items(), ("ColKey", key)) if value]
    return {"ColTitle": title, "ColType": kind, **({"MetaData": data} if data else {})}


def money_columns(first: str, divided: Sequence[Column]) -> Document:
    """The column of names, one per period, the total."""
    found = [column("", first, first.lower())]
    for part in divided:
        found.append(
            column(part.title, "Money", part.title, StartDate=part.first.isoformat(), EndDate=part.last.isoformat())
        )
    return {"Column": [*found, column("Total", "Money", "total")]}


def cell(amount: Decimal | None) -> Document:
    return {"value": "" if amount is None else f"{amount:.2f}"}


def cells(name: str, amounts: Iterable[Decimal | None], id: str = "") -> list[Document]:
    return [{"value": name, **({"id": id} if id else {})}, *map(cell, amounts)]


def summary(name: str, amounts: Cells, group: str = "") -> Document:
    """A section that is only a total."""
    row: Document = {"Summary": {"ColData": cells(name, amounts)}, "type": "Section"}
    return {**row, "group": group} if group else row


def section(name: str, rows: list[Document], amounts: Cells, group: str) -> Document:
    row: Document = {"Header": {"ColData": cells(name, [None] * len(amounts))}}
    if rows:
        row["Rows"] = {"Row": rows}
    return {**row, **summary(f"Total {name}", amounts, group)}


def add(one: Cells, other: Iterable[Decimal | None], sign: int = 1) -> Cells:
    """Column by column; nothing and nothing is nothing."""
    return [
        left if right is None else (left or Decimal(0)) + sign * right for left, right in zip(one, other, strict=True)
    ]


@dataclass
class Leaf:
    """An account or a customer on its way into the rows."""

    id: str
    name: str
    parent: str = ""
    own: Cells | None = None
    children: list["Leaf"] = field(default_factory=list)


@dataclass
class Tree:
    """Rows of parents with their parts, in the order of names; what has no amount and no part is left out."""

    width: int
    own_when_empty: Decimal | None = None  # seen: aging shows 0.00 as a parent's own total, others nothing
    leaves: dict[str, Leaf] = field(default_factory=dict)

    def add(self, id: str, place: int, amount: Decimal) -> None:
        """Add to one column and to the total, which is the last."""
        leaf = self.leaves[id]
        own = leaf.own = leaf.own or [None] * self.width
        for index in {place, self.width - 1}:
            own[index] = (own[index] or Decimal(0)) + amount

    def rows(self) -> tuple[list[Document], Cells]:
        """The rows and their sum."""
        roots: list[Leaf] = []
        for leaf in self.leaves.values():
            parent = self.leaves.get(leaf.parent)
            (parent.children if parent else roots).append(leaf)
        return self._level(roots)

    def _level(self, leaves: list[Leaf]) -> tuple[list[Document], Cells]:
        rows: list[Document] = []
        total: Cells = [None] * self.width
        for leaf in sorted(leaves, key=lambda leaf: (leaf.name.casefold(), leaf.id)):
            row, sum_of_row = self._row(leaf)
            if row:
                rows.append(row)
                total = add(total, sum_of_row)
        return rows, total

    def _row(self, leaf: Leaf) -> tuple[Document | None, Cells]:
        nothing: Cells = [None] * self.width
        own = leaf.own or nothing
        parts, sum_of_parts = self._level(leaf.children)
        if not parts:
            return ({"ColData": cells(leaf.name, own, leaf.id), "type": "Data"} if leaf.own else None), own
        total = add(own, sum_of_parts)
        head = leaf.own or [*nothing[:-1], self.own_when_empty]
        return {
            "Header": {"ColData": cells(leaf.name, head, leaf.id)},
            "Rows": {"Row": parts},
            **summary(f"Total {leaf.name}", total),
        }, total


def report(head: Document, columns: Document, rows: list[Document]) -> Document:
    return {"Header": head, "Columns": columns, "Rows": {"Row": rows} if rows else {}}
