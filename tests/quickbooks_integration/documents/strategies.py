"""Random documents of a contractor and of a bookkeeper."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

D = Decimal
TAX_CODES = ["", "", "None", "Massachusetts", "New York", "Quebec", "Tiny", "Three"]
_letters = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")
_edges = ["a", "Crack at the sill", " blanks at the ends \t", "two\nlines", "two \r\n lines\r\n", "né ✓ 漢字 🧱", "\u2028x\u00a0"]
_short = st.one_of(st.sampled_from(_edges), st.text(_letters, max_size=12))


def texts(longest: int) -> st.SearchStrategy[str]:
    """Also exactly as long as QuickBooks allows."""
    full = st.sampled_from(["x", "né ", "漢\n"]).map(lambda seed: (seed * longest)[: longest - 1] + ".")
    return st.one_of(_short, _short, _short, _short, full)


def hundredths(least: str, most: str, step: str = "0.01") -> st.SearchStrategy[Decimal]:
    """Decimals with a fixed number of places, as integers times the step: quick, and they shrink well."""
    size = D(step)
    return st.integers(int(D(least) / size), int(D(most) / size)).map(lambda number: number * size)


quantities = st.one_of(st.just(D(1)), st.just(D("0.5")), hundredths("0.01", "40"), hundredths("0", "2"))
prices = st.one_of(hundredths("0", "2000"), hundredths("0", "1"), st.just(D("0.00")))


@st.composite
def our_lines(draw: Any, products: int) -> list[dict[str, Any]]:
    """products: how many there are to choose from. The first line is worth the most, so that most sums are possible."""
    count = draw(st.integers(1, 12))
    lines = []
    for number in range(count):
        sign = draw(st.sampled_from([1, 1, 1, 1, 1, 1, -1])) if number else 1
        lines.append(
            {
                "quantity": draw(quantities) * (sign if number % 2 else 1),
                "unit_price": (draw(prices) * (1 if number % 2 else sign)).quantize(D("0.01")),
                "taxable": draw(st.booleans()),
                "product": draw(st.one_of(st.none(), st.integers(0, products - 1))),
                "description": draw(texts(4000)),
            }
        )
    lines[0] |= {"quantity": D("1.00"), "unit_price": lines[0]["unit_price"] + draw(hundredths("0", "3000"))}
    return lines


discounts = st.one_of(
    st.just({}),
    hundredths("0", "100", "0.0001").map(lambda percent: {"discount_percent": percent}),
    st.sampled_from(["0", "5", "10", "12.5", "33.3333", "100"]).map(lambda percent: {"discount_percent": D(percent)}),
    hundredths("0", "400").map(lambda amount: {"discount_amount": amount}),
)


@st.composite
def our_documents(draw: Any, products: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["estimate", "invoice"]))
    due = draw(st.sampled_from([None, "2026-06-30"]))
    return {
        "entity_type": kind,
        "lines": draw(our_lines(products)),
        "tax_code": draw(st.sampled_from(TAX_CODES)),
        "tax_after_discount": draw(st.booleans()),
        "message": draw(texts(1000)),
        "notes": draw(texts(3900)),
        "due_date": due,
        **draw(discounts),
    }
