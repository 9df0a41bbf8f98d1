"""Forms that merge: what landed in the database while a form was open is never overwritten by saving it.

Each field carries its value as rendered in a hidden input. Only what the person changed is written; where the person
and somebody else changed the same field, the field gets an error that shows both.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from contacts.admin.exporting import ExportsRows
from contacts.models import Contact


class ChosenSelect(AutocompleteSelect):
    """Shows the chosen row, where the form has it, without asking for it again."""

    chosen: models.Model | None = None

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        if self.chosen is None or list(map(str, value)) != [str(self.chosen.pk)]:
            return super().optgroups(name, value, attrs)
        empty = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        label = self.choices.field.label_from_instance(self.chosen)
        return [(None, [*empty, self.create_option(name, self.chosen.pk, label, True, len(empty))], 0)]


class MergingForm(forms.ModelForm):
    """Writes only the fields that the person changed, and refuses those that somebody else changed too."""

    vanished = False  # the row was deleted while the form was open

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            rendered = self.add_initial_prefix(name) in self.data if self.is_bound else bool(self.instance.pk)
            field.show_hidden_initial = rendered and not isinstance(field, forms.FileField)
            select = _inner(field.widget)
            if isinstance(select, ChosenSelect):
                select.chosen = self.instance._state.fields_cache.get(name)

    def full_clean(self) -> None:
        super().full_clean()
        if self.vanished:
            self._errors = forms.utils.ErrorDict()
            self.cleaned_data = {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in self.changed_data:
            if name in cleaned and name in self.initial and self.fields[name].show_hidden_initial:
                self._refuse_if_both_changed(name, cleaned[name])
        return self.cleaned_data

    def _refuse_if_both_changed(self, name: str, ours: Any) -> None:
        theirs = self._comparable(name, self.initial[name])
        if theirs in (self._comparable(name, self._rendered(name)), self._comparable(name, ours)):
            return
        shown = self._for_people(name, self.initial[name])
        self.add_error(
            name,
            f"QuickBooks or a colleague changed this to {shown} while you were editing. "
            "Save again to keep what you typed, or change it back to theirs first.",
        )
        # The next save has seen their value: then the person's decision counts.
        self.data = self.data.copy()
        self.data[self.add_initial_prefix(name)] = self._as_text(name, self.initial[name])

    def changed_by_person(self) -> list[str]:
        """The rendered fields that were changed; a row's own id and parent are none of them."""
        return [name for name in self.changed_data if self.fields[name].show_hidden_initial]

    def changed_by_others(self) -> list[str]:
        """The fields whose stored value is another than the rendered one."""
        return [
            name
            for name, field in self.fields.items()
            if field.show_hidden_initial
            and name in self.initial
            and self._comparable(name, self.initial[name]) != self._comparable(name, self._rendered(name))
        ]

    def _rendered(self, name: str) -> str:
        return self.data.get(self.add_initial_prefix(name), "")

    def _comparable(self, name: str, value: Any) -> Any:
        """Rendered, stored and cleaned values in one form: browsers change line ends, fields strip blanks."""
        text = self._as_text(name, value).replace("\r\n", "\n").strip()
        try:
            return self.fields[name].to_python(text) or None
        except ValidationError:
            return text

    def _as_text(self, name: str, value: Any) -> str:
        prepared = self.fields[name].prepare_value(value)
        return "" if prepared is None else str(prepared)

    def _for_people(self, name: str, value: Any) -> str:
        field = self.fields[name]
        if isinstance(field, forms.BooleanField):
            return "“yes”" if value else "“no”"
        if isinstance(field, forms.ModelChoiceField):
            return f"“{field.queryset.filter(pk=value).first() or 'nothing'}”"
        text = self._as_text(name, value)
        choices = dict(getattr(field, "choices", ()))
        return f"“{choices.get(value, text)}”" if text else "nothing (it is empty now)"

    def _post_clean(self) -> None:
        if not self.instance.pk:
            return super()._post_clean()
        # A field that the person left alone keeps what the database has, not what the page showed.
        before = self.cleaned_data
        self.cleaned_data = {name: value for name, value in before.items() if name in self.changed_data}
        touched = set(self.cleaned_data)
        super()._post_clean()
        refused = touched - set(self.cleaned_data)
        self.cleaned_data = {name: value for name, value in before.items() if name not in refused}
        return None

    def save(self, commit: bool = True) -> models.Model:
        if not commit or not self.instance.pk or self.errors:
            return super().save(commit)
        save_changed(self.instance, self)
        self._save_m2m()
        return self.instance


def save_changed(instance: models.Model, form: forms.ModelForm) -> None:
    """Writes the columns that the person changed and nothing else."""
    columns = {field.name for field in instance._meta.concrete_fields}
    changed = columns.intersection(form.changed_data)
    if changed:
        instance.save(update_fields=changed | columns.intersection({"updated_at"}))


def _inner(widget: forms.Widget) -> forms.Widget:
    """Without the buttons around a choice."""
    return getattr(widget, "widget", widget)


class MergingFormSet(PaginationInlineFormSet):
    """Rows that appeared meanwhile stay; a deleted or changed one is named before anything is lost."""

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            if field.label:  # the title of a column names no field to a screen reader
                _inner(field.widget).attrs.setdefault("aria-label", str(field.label))

    def _construct_form(self, i: int, **kwargs: Any) -> forms.ModelForm:
        form = super()._construct_form(i, **kwargs)
        form.vanished = self.is_bound and i < self.initial_form_count() and form.instance.pk is None
        return form

    def clean(self) -> None:
        super().clean()
        name = self.model._meta.verbose_name
        for form in self.initial_forms:
            deleting = self._should_delete_form(form)
            if form.vanished and form.changed_by_person() and not deleting:
                raise ValidationError(
                    f"Somebody else deleted the {name} in a row that you changed while you were editing. "
                    "Nothing was saved. Reload the page and add it again if it is still needed."
                )
            if deleting and not form.vanished and form.changed_by_others():
                raise ValidationError(
                    f"The {name} that you want to delete was changed to “{form.instance}” by QuickBooks or a "
                    "colleague while you were editing. Nothing was saved. Reload the page to see it as it is now."
                )


class MergingInline(TabularInline):
    """Locks its rows while a form is being saved, so that nothing slips in between check and write. Opening it costs the same
    for many rows as for one."""

    form = MergingForm
    formset = MergingFormSet
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        queryset = super().get_queryset(request)
        for name in self._chosen:
            queryset = queryset.select_related(name)
            if self.model._meta.get_field(name).related_model is Contact:  # what a nameless one is called by
                queryset = queryset.prefetch_related(f"{name}__phones", f"{name}__emails")
        return queryset.select_for_update(of=("self",)) if request.method == "POST" else queryset

    @property
    def _chosen(self) -> list[str]:
        """Fields with an autocomplete of ours."""
        return [name for name in self.autocomplete_fields if name != "product"]

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **options: Any) -> Any:
        if db_field.name in self._chosen:
            options.setdefault("widget", ChosenSelect(db_field, self.admin_site))
            return super().formfield_for_foreignkey(db_field, request, **options)
        field = super().formfield_for_foreignkey(db_field, request, **options)
        is_whole = db_field.name not in self.autocomplete_fields and not db_field.get_limit_choices_to()
        if isinstance(field, forms.ModelChoiceField) and is_whole:
            field.choices = list(field.choices)  # once, and not for each row
        return field


class _SavesChangedFields(admin.ModelAdmin):
    """Stands behind unfold's ModelAdmin in the order of classes, whose save_model runs its buttons after ours."""

    def save_model(self, request: HttpRequest, obj: models.Model, form: forms.ModelForm, change: bool) -> None:
        if change:
            save_changed(obj, form)
        else:
            super().save_model(request, obj, form, change)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        found = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST":
            return self.model._default_manager.select_for_update().filter(pk=found.pk).first()
        return found


class MergingAdmin(ExportsRows, _SavesChangedFields):
    form = MergingForm
    warn_unsaved_form = True
    show_full_result_count = False  # what is found is counted; all rows would be counted beside it
