"""The lines in a quote's form. Reading, checking and saving them takes the same few queries for one line or a hundred."""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest

from billing import sums
from billing.models import Product, QuoteItem
from billing.refusals import Refused
from contacts.admin.merging import MergingForm, MergingFormSet, MergingInline

COLUMNS = ("position", "product", "description", "quantity", "unit_price", "taxable", "line_total")


class KnownChoiceField(forms.ModelChoiceField):
    """Looks rows up among those that were read together; Django's own asks the database once per field."""

    known: dict[str, Any] = {}  # noqa: RUF012  (each form gets its own)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        key = str(value.pk if isinstance(value, Model) else value)
        if key not in self.known:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice", params={"value": key})
        return self.known[key]


class ProductSelect(AutocompleteSelect):
    """Shows the chosen product without asking for it again."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        known = self.choices.field.known
        chosen = [product for key in value if (product := known.get(str(key)))]
        empty = [self.create_option(name, "", "", False, 0)] if not self.is_required else []
        options = [self.create_option(name, row.pk, str(row), True, 0) for row in chosen]
        return [(None, [*empty, *options], 0)]


class QuoteItemForm(MergingForm):
    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() | {"product"}  # the field has looked it up already

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        product = cleaned.get("product")
        if product is not None and "product" in self.changed_data and not product.active:
            self.add_error("product", f"{product} is not sold any more. Choose another product.")
        return cleaned


class QuoteItemFormSet(MergingFormSet):
    @cached_property
    def _products(self) -> dict[str, Product]:
        sent = {str(value) for key, value in self.data.items() if key.endswith("-product")} if self.is_bound else set()
        wanted = {int(key) for key in sent if key.isascii() and key.isdecimal() and len(key) < 19}
        wanted |= {line.product_id for line in self.get_queryset() if line.product_id}
        return {str(pk): product for pk, product in Product.objects.in_bulk(wanted).items()}

    @cached_property
    def _lines(self) -> dict[str, QuoteItem]:
        return {str(line.pk): line for line in self.get_queryset()}

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["product"].known = self._products
        old = form.fields["id"]
        form.fields["id"] = KnownChoiceField(
            old.queryset, initial=old.initial, required=False, widget=forms.HiddenInput
        )
        form.fields["id"].known = self._lines

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        lines = [form.instance for form in kept if not self._should_delete_form(form)]
        shown = {form.instance.pk for form in self.forms}
        lines += [line for line in self.get_queryset() if line.pk not in shown]  # a colleague's, added meanwhile
        try:
            if not self.instance.is_odd:
                sums.refuse_impossible(sums.predicted(self.instance, lines))
        except Refused as reason:
            raise ValidationError(str(reason)) from reason

    def save(self, commit: bool = True) -> list[QuoteItem]:
        saved = super().save(commit=False)
        if commit:
            self._number_new()
            QuoteItem.objects.bulk_create(self.new_objects)
            QuoteItem.objects.bulk_update([line.set_total() for line, _ in self.changed_objects], COLUMNS)
            QuoteItem.objects.filter(pk__in=[line.pk for line in self.deleted_objects]).delete()
        return saved

    def _number_new(self) -> None:
        """Lines without a place go to the end, in the order in which they were typed."""
        last = max((form.instance.position for form in self.forms), default=0)
        for line in self.new_objects:
            line.set_total()
            if not line.position:
                last += 1
                line.position = last


class QuoteItemInline(MergingInline):
    model = QuoteItem
    form = QuoteItemForm
    formset = QuoteItemFormSet
    fields = ("position", "product", "description", "quantity", "unit_price", "taxable")
    autocomplete_fields = ("product",)
    ordering_field = "position"
    hide_ordering_field = True
    hide_title = True

    def get_extra(self, request: HttpRequest, obj: Any = None, **options: Any) -> int:
        return 0 if obj else 1

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **options: Any) -> Any:
        if db_field.name != "product":
            return super().formfield_for_foreignkey(db_field, request, **options)
        widget = ProductSelect(db_field, self.admin_site, attrs={"data-line-product": ""})
        return KnownChoiceField(Product.objects.all(), required=False, widget=widget)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "description":
            field.widget.attrs |= {"rows": 2}
        return field
