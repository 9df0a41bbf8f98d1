"""What a browser would send of a page of the admin."""

from typing import Any

from django.test import Client
from django.urls import reverse


def filled(client: Client, row: Any) -> tuple[str, dict[str, Any]]:
    """The address of the row's page, and its form with all inlines as they stand."""
    address = reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
    return address, fields_of(client.get(address).context)


def fields_of(context: Any) -> dict[str, Any]:
    """Of a page as it was answered, also one with errors."""
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    sent: dict[str, Any] = {}
    for form in forms:
        for bound in form:
            sent |= _parts(bound, bound.html_name, bound.value())
            if bound.field.show_hidden_initial:
                sent |= _parts(bound, bound.html_initial_name, form.get_initial_for_field(bound.field, bound.name))
    return sent


def _parts(bound: Any, name: str, value: Any) -> dict[str, Any]:
    """A date and a time are two inputs."""
    widget = bound.field.widget
    if hasattr(widget, "decompress") and not isinstance(value, list | tuple):
        value = widget.decompress(value)
    if isinstance(value, list | tuple):
        return {f"{name}_{place}": part for place, part in enumerate(value) if part is not None}
    return {} if value is None or value is False else {name: value}
