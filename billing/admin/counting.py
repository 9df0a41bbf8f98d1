"""Lists as the rows behind a number of Today or Business: the same rows, what of each counts, and their sum."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from billing import totals
from billing.admin.showing import amount_cell, dollars
from billing.figures import FIGURES, Figure, named

CHOSEN = "rows"


class FigureFilter(DropdownFilter):
    title = "number on the first page"
    parameter_name = CHOSEN

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, figure.label) for name, figure in FIGURES[model_admin.model].items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        figure = named(queryset.model, self.value() or "")
        return figure.narrow(queryset) if figure else queryset


class CountsRows(ModelAdmin):
    """In front of the admin class whose list has a FigureFilter."""

    list_before_template = "billing/counted.html"

    def get_list_display(self, request: HttpRequest) -> Any:
        columns, figure = super().get_list_display(request), self._figure(request)
        return [*columns, "shown_counted"] if figure is not None and figure.is_money else columns

    def get_paginator(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any) -> Any:
        """The rows are counted once, together with their sum: which they are takes long to find out."""
        paginator = super().get_paginator(request, queryset, *args, **options)
        if self._figure(request) is not None:
            paginator.total = totals.total(queryset)
            paginator.count = paginator.total.number
        return paginator

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        figure = self._figure(request)
        if figure is not None:
            total = changelist.paginator.total
            money = f", {dollars(total.dollars)}" if figure.is_money else ""
            changelist.counted = f"{figure.label}: {total.number:,} row{pluralize(total.number)}{money}"
        return changelist

    def _figure(self, request: HttpRequest) -> Figure | None:
        return named(self.model, request.GET.get(CHOSEN, ""))

    @display(description="Counted", ordering="counted")
    def shown_counted(self, row: Any) -> Any:
        return amount_cell(row.counted)
