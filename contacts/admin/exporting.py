"""Every list can be taken away as CSV: the ticked rows, or all that a search or filter found, in the columns on screen."""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from contacts import exporting

CHUNK_ROWS = 1_000
NAME = "export_csv"
_LINE_ENDS = re.compile(r"</(?:div|li|p)>|<br ?/?>")
_DOLLARS = re.compile(r"-?\$[\d,]+\.\d\d")


class ExportsRows(ModelAdmin):
    """In front of an admin class that has a list. What a role does not see on the list is not in the file either."""

    # Beside the right to see the list: without it names and telephone numbers leave the CRM by the thousand.
    export_permission = "contacts.export_contact"
    # Columns that are only buttons: there is nothing to press in a file.
    buttons: tuple[str, ...] = ()

    def attach(self, rows: Iterable[Any]) -> None:
        """Gives rows what their columns say beyond themselves, in a number of queries that does not grow with them."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        self.attach(changelist.result_list)
        return changelist

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(self.export_permission)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_actions(request)
        if self.has_export_permission(request) and IS_POPUP_VAR not in request.GET:
            found.setdefault(NAME, self.get_action(NAME))
        return found

    @admin.action(description="Export as CSV", permissions=["export"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        columns = [name for name in self.get_list_display(request) if name not in self.buttons]
        return csv_answer(str(self.opts.verbose_name_plural), self._lines(columns, queryset))

    def _lines(self, columns: Sequence[Any], queryset: QuerySet[Any]) -> Iterator[str]:
        heads = [capfirst(str(label_for_field(name, self.model, model_admin=self))) for name in columns]
        return exporting.table(heads, ([self._cell(name, row) for name in columns] for row in self._rows(queryset)))

    def _rows(self, queryset: QuerySet[Any]) -> Iterator[Any]:
        for some in batched(queryset.iterator(chunk_size=CHUNK_ROWS), CHUNK_ROWS):
            self.attach(some)
            yield from some

    def _cell(self, name: Any, row: Any) -> str:
        field, attribute, value = lookup_field(name, row, self)
        if getattr(attribute, "label", None) and isinstance(value, (list, tuple)):
            value = value[-1]  # (key of the colour, words)
        if getattr(field, "remote_field", None) and value is not None:
            value = getattr(row, field.name)
        elif getattr(field, "flatchoices", None):
            value = display_for_field(value, field, "")
        return in_words(value)


def may_take_away(request: HttpRequest) -> bool:
    """Whether a page that is a list of its own offers itself as CSV."""
    return bool(request.user.has_perm(ExportsRows.export_permission))


def is_csv_asked(request: HttpRequest) -> bool:
    """Whether the address of such a page asks for the file (csv=1). Raises PermissionDenied for who may not have it."""
    is_asked = "csv" in request.GET
    if is_asked and not may_take_away(request):
        raise PermissionDenied
    return is_asked


def batched(rows: Iterator[Any], number: int) -> Iterator[list[Any]]:
    while some := list(islice(rows, number)):
        yield some


def csv_answer(name: str, lines: Iterator[str]) -> StreamingHttpResponse:
    """name: of what is in it; the file is called so, with today's date."""
    file = f"{name} {timezone.localdate():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


def in_words(value: Any) -> str:
    """What the list shows, without its markup. Dollars, days and moments as a spreadsheet can reckon with them."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "yes", False: "no"}[value]
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return " ".join(filter(None, map(in_words, value)))
    parts = map(html.unescape, map(strip_tags, _LINE_ENDS.split(value))) if hasattr(value, "__html__") else [str(value)]
    text = "; ".join(filter(None, (" ".join(part.split()) for part in parts)))
    if _DOLLARS.fullmatch(text):
        return text.replace("$", "").replace(",", "")
    return "" if text == "-" else text
