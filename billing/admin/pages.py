"""Pages of one step: a small form, what it will do, a button."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.validators import MinValueValidator
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from contacts.admin.keys import is_key

CENT = Decimal("0.01")


class PageForm(forms.Form):
    """`suggestions`: by field, what is offered while typing; anything else may be typed too."""

    suggestions: dict[str, list[str]] = {}  # noqa: RUF012  (each form sets its own)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.suggestions:
            self.fields[name].widget.attrs["list"] = f"{self.auto_id % name}-offered"

    @property
    def offered(self) -> dict[str, list[str]]:
        """The suggestions by the id that the input refers to."""
        return {f"{self.auto_id % name}-offered": words for name, words in self.suggestions.items()}

    def refuse(self, reason: Exception) -> None:
        self.add_error(None, str(reason))


def day_field(label: str, **options: Any) -> forms.DateField:
    """The browser's own date picker: the best one on a telephone."""
    widget = UnfoldAdminTextInputWidget(attrs={"type": "date"})
    widget.format_value = _iso  # type: ignore[method-assign]
    return forms.DateField(label=label, widget=widget, **options)


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def dollars_field(label: str, **options: Any) -> forms.DecimalField:
    widget = UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.DecimalField(
        label=label, max_digits=10, decimal_places=2, widget=widget, validators=[MinValueValidator(CENT)], **options
    )


def text_field(label: str, length: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=False, widget=UnfoldAdminTextInputWidget, **options)


def long_text_field(label: str, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), **options)


def yes_field(label: str, **options: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, widget=UnfoldBooleanWidget, **options)


def choice_field(label: str, rows: Any, **options: Any) -> forms.ModelChoiceField:
    return forms.ModelChoiceField(rows, label=label, widget=UnfoldAdminSelectWidget, **options)


def found(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """The row, with its customer; or the page that says there is none, or that one may not see it."""
    row = row_of(model_admin, object_id)
    if row is None:
        raise Http404
    if not model_admin.has_view_permission(request, row):
        raise PermissionDenied
    return row


def row_of(model_admin: ModelAdmin, object_id: str) -> Any:
    """The row, with its customer; None if that is no id, or none that is there. Never locked, unlike get_object's."""
    if not is_key(object_id):
        return None
    return model_admin.model._default_manager.select_related("contact").filter(pk=object_id).first()


def only(actions: list[Any], possible: dict[str, bool]) -> list[Any]:
    """Unfold's actions without those that `possible` says no to."""
    impossible = {name for name, yes in possible.items() if not yes}
    return [action for action in actions if action.method.__name__ not in impossible]


def shown(
    model_admin: ModelAdmin, request: HttpRequest, template: str, title: str, context: dict[str, Any]
) -> TemplateResponse:
    everywhere = model_admin.admin_site.each_context(request)
    more = {"title": title, "opts": model_admin.opts, **context}
    return TemplateResponse(request, f"billing/{template}.html", {**everywhere, **more})
