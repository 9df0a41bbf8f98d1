"""A card of the page: a chart, and below it a table with the same numbers, each with the way to its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from attackacrack.first_page.charts import Chart
from attackacrack.first_page.money import Cell
from billing.money import dollars


@dataclass(frozen=True)
class Row:
    label: str
    cells: Sequence[Cell]
    page: str = ""
    meaning: str = ""
    is_sum: bool = False


@dataclass(frozen=True)
class Years:
    """What a calendar month brought in each of some years, the bars beside each other. width: of each, as SVG reads it."""

    label: str
    text: str
    width: str
    bars: Sequence["YearBar"]


@dataclass(frozen=True)
class YearBar:
    """As SVG reads it, in a box of 100 by 100; tone: which of the years."""

    x: str
    y: str
    height: str
    tone: int


@dataclass(frozen=True)
class Card:
    """columns: the heads above the cells. choices: label, address and whether it is the one shown."""

    title: str
    meaning: str
    first: str
    columns: Sequence[str]
    rows: Sequence[Row]
    chart: Chart | None = None
    seasons: Sequence[Years] = ()
    legend: Sequence[tuple[int, str]] = ()
    choices: Sequence[tuple[str, str, bool]] = field(default=())
    nothing: str = ""


def cells(columns: Sequence[str], *found: tuple[str, str] | tuple[str, str, str]) -> list[Cell]:
    """Of each: text and page, and what stands below it. The columns' names are for where there is no room for heads."""
    made = []
    for when, one in zip(columns, found, strict=True):
        below = one[2] if len(one) == 3 else ""
        made.append(Cell(one[0], one[1], below, when))
    return made


def money(amount: Decimal | None) -> str:
    return "-" if amount is None else dollars(amount)


def percent(rate: Decimal | None) -> str:
    return "-" if rate is None else f"{rate:.1f} %"
