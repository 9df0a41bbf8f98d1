"""Addresses of the lists behind the numbers."""

from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse

from billing.models import CreditMemo, Invoice, Payment
from billing.takings import Span

DAYS: dict[type[Model], str] = {Invoice: "invoice_date", Payment: "payment_date", CreditMemo: "credit_date"}


def rows(model: type[Model], figure: str, span: Span | None = None) -> str:
    """The list of exactly the rows of this number; span: only those dated in these days."""
    asked: dict[str, Any] = {"rows": figure}
    if span is not None:
        asked |= {f"{DAYS[model]}_from": span.first.isoformat(), f"{DAYS[model]}_to": span.last.isoformat()}
    return f"{reverse(f'admin:billing_{model._meta.model_name}_changelist')}?{urlencode(asked)}"


def cash_in(span: Span) -> str:
    """The list of what came in on these days."""
    asked = {"first": span.first.isoformat(), "last": span.last.isoformat()}
    return f"{reverse('admin:billing_payment_cash_in')}?{urlencode(asked)}"


def change(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
