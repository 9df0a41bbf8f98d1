"""The lines in the forms of quotes, invoices and templates.

Reading, checking and saving them takes the same few queries for one line or a hundred.
"""

from functools import cached_property
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model
from django.http import HttpRequest

from billing import invoices, sums
from billing.models import InvoiceItem, Product, QuoteItem, QuoteTemplate
from billing.refusals import Refused
from contacts.admin.keys import is_key
from contacts.admin.merging import MergingForm, MergingFormSet, MergingInline

TYPED = ("position", "product", "description", "quantity", "unit_price", "taxable")


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


class LineForm(MergingForm):
    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() | {"product"}  # the field has looked it up already

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        product = cleaned.get("product")
        if product is not None and "product" in self.changed_data and not product.active:
            self.add_error("product", f"{product} is not sold any more. Choose another product.")
        return cleaned


class LineFormSet(MergingFormSet):
    columns: tuple[str, ...] = TYPED

    @cached_property
    def _products(self) -> dict[str, Product]:
        sent = {str(value) for key, value in self.data.items() if key.endswith("-product")} if self.is_bound else set()
        wanted = {int(key) for key in sent if is_key(key)}
        wanted |= {line.product_id for line in self.get_queryset() if line.product_id}
        return {str(pk): product for pk, product in Product.objects.in_bulk(wanted).items()}

    @cached_property
    def _lines(self) -> dict[str, Any]:
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
            self.refuse(lines)
        except Refused as reason:
            raise ValidationError(str(reason)) from reason

    def refuse(self, lines: list[Any]) -> None:
        """Raises Refused if the document cannot have these lines; its own fields are as typed already."""

    def derive(self, line: Any) -> Any:
        """Sets what follows from the typed columns."""
        return line

    def save(self, commit: bool = True) -> list[Any]:
        saved = super().save(commit=False)
        if commit:
            self._number_new()
            self.model.objects.bulk_create(self.new_objects)
            self.model.objects.bulk_update([self.derive(line) for line, _ in self.changed_objects], self.columns)
            self.model.objects.filter(pk__in=[line.pk for line in self.deleted_objects]).delete()
        return saved

    def _number_new(self) -> None:
        """Lines without a place go to the end, in the order in which they were typed."""
        last = max((form.instance.position for form in self.forms), default=0)
        for line in self.new_objects:
            self.derive(line)
            if not line.position:
                last += 1
                line.position = last


class DocumentLineFormSet(LineFormSet):
    columns = (*TYPED, "line_total", "is_odd")

    def derive(self, line: Any) -> Any:
        return line.set_total()


class QuoteItemFormSet(DocumentLineFormSet):
    def refuse(self, lines: list[Any]) -> None:
        if not self.instance.is_odd:
            sums.refuse_impossible(sums.predicted(self.instance, lines))


class InvoiceItemFormSet(DocumentLineFormSet):
    def refuse(self, lines: list[Any]) -> None:
        if self.has_changed():
            invoices.refuse_edit(self.instance)
        invoices.refuse_lines(self.instance, lines)


class LineInline(MergingInline):
    form = LineForm
    fields = TYPED
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


class QuoteItemInline(LineInline):
    model = QuoteItem
    formset = QuoteItemFormSet
    template_before = "billing/line_tools.html"

    @cached_property
    def offered_templates(self) -> list[QuoteTemplate]:
        return list(QuoteTemplate.objects.filter(active=True))


class InvoiceItemInline(LineInline):
    model = InvoiceItem
    formset = InvoiceItemFormSet

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_editable)
