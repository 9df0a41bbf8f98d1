"""Rows that a row belongs to, for those who may only look: without a link to a page that would refuse them."""

from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest


class NamesAlone(admin.options.BaseModelAdmin):
    """Stands before the theme's class, of a page or of rows in one. Needs `fields` or `fieldsets`: those of a form would be
    asked for in a circle."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": [self._line(request, line) for line in options["fields"]]})
            for title, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = [field for field in flatten_fieldsets(self.get_fieldsets(request, obj)) if callable(field)]
        return [*super().get_readonly_fields(request, obj), *shown]

    def _line(self, request: HttpRequest, line: Any) -> Any:
        """One field, or several side by side."""
        if isinstance(line, list | tuple):
            return [self._line(request, name) for name in line]
        field = next((field for field in self.model._meta.concrete_fields if field.name == line), None)
        is_open = not isinstance(field, models.ForeignKey) or self._may_open(request, field.related_model)
        return line if is_open else _name_of(field)

    def _may_open(self, request: HttpRequest, model: type[models.Model]) -> bool:
        page = self.admin_site._registry.get(model)
        return page is None or page.has_view_permission(request)


@cache
def _name_of(field: models.ForeignKey) -> Any:
    """The same function each time: the admin compares fields of several calls."""

    @admin.display(description=field.verbose_name)
    def name(row: models.Model) -> str:
        return str(getattr(row, field.name) or "-")

    name.__name__ = field.name
    return name
