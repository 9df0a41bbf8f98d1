"""Random documents of a contractor and of a bookkeeper."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

D = Decimal
TAX_CODES = ["", "", "None", "Massachusetts", "New York", "Quebec", "Tiny", "Three"]
_letters = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")
_edges = [
    "a",
    "Crack at the sill",
    " blanks at the ends \t",
    "two\nlines",
    "two \r\n lines\r\n",
    "né ✓ 漢字 🧱",
    "\u2028x\u00a0",
]
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


# --- As a bookkeeper writes them in QuickBooks ---------------------------------------------------

ITEMS = ["1", "3", "4", "15", "16", "18"]  # 18 is no product of ours
five_decimals = st.one_of(hundredths("0", "40", "0.00001"), hundredths("0.01", "40"), st.integers(0, 20).map(D))
EDITS = [
    "message", "no message", "notes", "price", "quantity", "description", "taxable", "product", "no product", "remove",
    "add", "reorder", "discount", "tax code",
]  # fmt: skip


def maybe(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A dictionary with some of these keys."""
    return st.fixed_dictionaries({}, optional=options)


def reference(*ids: str) -> st.SearchStrategy[dict[str, str]]:
    return st.sampled_from(ids).map(lambda id: {"value": id})


@st.composite
def item_lines(draw: Any) -> dict[str, Any]:
    """Intuit: quantity and price may be missing; where both are there they make the amount, less its own discount."""
    quantity, price = draw(five_decimals), draw(five_decimals) * draw(st.sampled_from([1, 1, 10, 50]))
    amount = (quantity * price).quantize(D("0.01"), "ROUND_HALF_UP")
    shown = draw(st.sampled_from([("Qty", "UnitPrice")] * 4 + [("Qty",), ("UnitPrice",), ()]))
    numbers = {name: value for name, value in (("Qty", quantity), ("UnitPrice", price)) if name in shown}
    if len(shown) == 2 and amount > 1 and draw(st.integers(0, 5)) == 0:
        numbers["DiscountAmt"] = D("0.75")
        amount -= D("0.75")
    detail = draw(
        maybe(
            ItemRef=reference(*ITEMS),
            ClassRef=reference("CLASS 0", "CLASS 1"),
            TaxCodeRef=reference("TAX", "NON"),
            ServiceDate=st.just("2026-04-01"),
        )
    )
    described = draw(maybe(Description=texts(4000)))
    return {**described, "Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail | numbers}


@st.composite
def other_lines(draw: Any) -> dict[str, Any]:
    kind = draw(st.sampled_from(["text", "group", "subtotal"]))
    described = draw(maybe(Description=_short))
    if kind == "text":
        detail = draw(maybe(ServiceDate=st.just("2026-04-02")))
        return {**described, "DetailType": "DescriptionOnly", "DescriptionLineDetail": detail}
    if kind == "subtotal":
        return {"Amount": draw(prices), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    detail = {"GroupItemRef": {"value": "BUNDLE"}, "Quantity": draw(st.integers(1, 7))}
    return {**described, "DetailType": "GroupLineDetail", "GroupLineDetail": detail}


@st.composite
def discount_lines(draw: Any) -> list[dict[str, Any]]:
    kind = draw(st.sampled_from(["", "", "percent", "precise", "dollars"]))
    if not kind:
        return []
    more = draw(maybe(ClassRef=reference("CLASS 0")))
    line = draw(maybe(Description=st.just("Neighbour's discount"))) | {"DetailType": "DiscountLineDetail"}
    if kind == "dollars":
        return [line | {"Amount": draw(hundredths("0", "20")), "DiscountLineDetail": {"PercentBased": False} | more}]
    percent = draw(hundredths("0", "100", "0.0001" if kind == "percent" else "0.00001"))
    return [line | {"DiscountLineDetail": {"PercentBased": True, "DiscountPercent": percent} | more}]


@st.composite
def their_documents(draw: Any) -> dict[str, Any]:
    first = draw(item_lines())
    rest = draw(st.lists(st.one_of(item_lines(), item_lines(), other_lines()), max_size=6))
    code = draw(st.sampled_from(TAX_CODES))
    fields = draw(
        maybe(
            CustomerMemo=texts(1000).map(lambda memo: {"value": memo}),
            PrivateNote=texts(3900),
            CustomField=st.just([{"DefinitionId": "1", "StringValue": "Crew 7", "Type": "StringType"}]),
            ClassRef=reference("CLASS 1"),
            SalesTermRef=reference("1", "3"),
            ShipDate=st.just("2026-05-20"),
            ApplyTaxAfterDiscount=st.booleans(),
        )
    )
    return {
        "entity_type": draw(st.sampled_from(["estimate", "invoice"])),
        "tax_code": code,
        # Seen: a subtotal of charges that no line shows.
        "hidden": draw(st.sampled_from([D(0)] * 9 + [D("75.00")])),
        "fields": fields | {"Line": [first, *rest, *draw(discount_lines())]},
    }


edits = st.fixed_dictionaries(
    {"name": st.sampled_from(EDITS), "place": st.integers(0, 6), "number": hundredths("0.01", "60"), "text": _short}
)
