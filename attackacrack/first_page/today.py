"""The day's appointments, and how many of its repairs have their invoice; with the way to the week and the morning."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse

from attackacrack.first_page.work import SHOWN, may
from billing import morning, week


@dataclass(frozen=True)
class Today:
    """`invoices`: the words and the page of the morning's invoices; None for who may not see them, or without repairs."""

    text: str
    page: str
    visits: list[week.Visit]
    more: int
    invoices: tuple[str, str] | None


def look(request: HttpRequest, today: date) -> Today | None:
    """None where this person may not see appointments, or where there are none today."""
    visits = week.on(today) if may(request, "billing.view_appointment") else []
    if not visits:
        return None
    number = len(visits)
    return Today(
        f"{number:,} appointment{pluralize(number)}",
        reverse("admin:billing_appointment_week"),
        visits[:SHOWN],
        max(number - SHOWN, 0),
        _invoices(today) if may(request, "billing.view_invoice", "billing.view_quote") else None,
    )


def _invoices(today: date) -> tuple[str, str] | None:
    day = morning.look(today)
    number, ready = len(day.repairs), len(day.ready)
    if not number:
        return None
    said = f"{ready:,} of {number:,} invoice{pluralize(number)} ready"
    return said, reverse("admin:billing_appointment_morning")
