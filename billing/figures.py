"""The numbers of the pages Today and Business by name, each with its rows: the page counts them, a list shows the same."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.functional import lazy

from billing import aging, approval_alerts, estimates, money_waiting, takings, unbilled
from billing.models import Appointment, CreditMemo, Invoice, Job, Payment, Product, Quote
from billing.reports import conversion, sales
from billing.takings import Span


@dataclass(frozen=True)
class Figure:
    """`narrow`: from all rows of the model those behind the number, each with `counted`, its dollars, if it has any.
    label: words, read when they are shown."""

    label: Any
    narrow: Callable[[QuerySet[Any]], QuerySet[Any]]
    is_money: bool = True


FIGURES: dict[type[Model], dict[str, Figure]] = {
    Quote: {
        "waiting": Figure("Approved, not scheduled", money_waiting.waiting),
        "waiting-older": Figure("Approved long ago, not scheduled", money_waiting.older),
        "unhandled": Figure("Approved, nobody has taken care of it", approval_alerts.unhandled),
        "open": Figure("Open estimates", estimates.open_ones),
        "left": Figure("Quotes to finish", estimates.left),
        **{
            name: Figure(f"Pipeline: {label.lower()}", partial(estimates.at_step, name=name))
            for name, label in estimates.STEPS.items()
        },
    },
    Invoice: {
        "owed": Figure("Outstanding", aging.owed),
        **{
            name: Figure(f"Outstanding: {label.lower()}", partial(aging.in_bucket, name=name))
            for name, (label, _, _) in aging.BUCKETS.items()
        },
        "invoiced": Figure("Invoiced", takings.invoiced),
        "on-the-spot": Figure("Paid on the spot", takings.on_the_spot),
        "jobs": Figure("Jobs billed", takings.final),
        "no-product": Figure("Lines without a product", partial(sales.with_product, product=None)),
        "beside-lines": Figure("Tax, less discounts", sales.beside_lines),
    },
    Payment: {"received": Figure("Payments received", takings.received)},
    CreditMemo: {
        "credited": Figure("Credits and refunds", takings.credited),
        "paid-back": Figure("Paid back", takings.paid_back),
    },
    Job: {"unbilled": Figure("Done, not invoiced", unbilled.unbilled)},
    Appointment: {"unquoted": Figure("Quotes to write", estimates.to_write, is_money=False)},
}
PRODUCT = re.compile(r"product-(\d{1,18})")
CATEGORY = re.compile(r"category-([^\x00]{0,255})")
WENT_OUT = re.compile(r"out-(\d{4}-\d\d-\d\d)-(\d{4}-\d\d-\d\d)-([a-z]*)-([a-z]*)")


def named(model: type[Model], name: str) -> Figure | None:
    """Also the numbers of which there are many: of one product or category, of the quotes of one month. No query."""
    found = FIGURES[model].get(name)
    if found is None and model is Invoice and (product := PRODUCT.fullmatch(name)):
        return _of_product(int(product[1]))
    if found is None and model is Invoice and (group := CATEGORY.fullmatch(name)):
        label = f"Lines of the category {group[1]}" if group[1] else "Lines of products without a category"
        return Figure(label, partial(sales.of_category, category=group[1]))
    if found is None and model is Quote and (asked := WENT_OUT.fullmatch(name)):
        return _of_those_that_went_out(*asked.groups())
    return found


def product(pk: int | None) -> str:
    """The name of the number of one product; None: of lines without one."""
    return "no-product" if pk is None else f"product-{pk}"


def category(name: str) -> str:
    """The name of the number of one category with those below it; "" for products without one."""
    return f"category-{name}"


def went_out(span: Span, size: str = "", outcome: str = "") -> str:
    """The name of the number of quotes that went out then, of this size, with this outcome; whatever where it is ""."""
    return f"out-{span.first}-{span.last}-{size}-{outcome}"


def _of_product(pk: int) -> Figure:
    return Figure(lazy(_product_in_words, str)(pk), partial(sales.with_product, product=pk))


def _product_in_words(pk: int) -> str:
    name = Product.objects.filter(pk=pk).values_list("name", flat=True).first()
    return f"Lines of {name}" if name else "Lines of a product that is gone"


def _of_those_that_went_out(first: str, last: str, size: str, outcome: str) -> Figure | None:
    try:
        span = Span(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:  # written like a date, and none
        return None
    if (size and size not in conversion.SIZES) or (outcome and outcome not in conversion.OUTCOMES):
        return None
    said = [f"Quotes that went out {span.first:%b %-d, %Y} to {span.last:%b %-d, %Y}"]
    said += [conversion.SIZES[size][0]] if size else []
    said += [conversion.OUTCOMES[outcome].lower()] if outcome else []
    return Figure(", ".join(said), partial(conversion.went_out, span=span, size=size, outcome=outcome))
