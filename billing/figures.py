"""The numbers of the first page by name, each with its rows: the page counts them, a list shows the same ones."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db.models import Model, QuerySet

from billing import aging, estimates, money_waiting, takings, unbilled
from billing.models import Appointment, CreditMemo, Invoice, Job, Payment, Quote


@dataclass(frozen=True)
class Figure:
    """`narrow`: from all rows of the model those behind the number, each with `counted`, its dollars, if it has any."""

    label: str
    narrow: Callable[[QuerySet[Any]], QuerySet[Any]]
    is_money: bool = True


FIGURES: dict[type[Model], dict[str, Figure]] = {
    Quote: {
        "waiting": Figure("Approved, not scheduled", money_waiting.waiting),
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
    },
    Payment: {"received": Figure("Payments received", takings.received)},
    CreditMemo: {
        "credited": Figure("Credits and refunds", takings.credited),
        "paid-back": Figure("Paid back", takings.paid_back),
    },
    Job: {"unbilled": Figure("Done, not invoiced", unbilled.unbilled)},
    Appointment: {"unquoted": Figure("Quotes to write", estimates.to_write, is_money=False)},
}
