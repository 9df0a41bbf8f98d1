"""Houses in the admin, with the people at each."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from contacts import search
from contacts.admin.merging import MergingAdmin, MergingForm, MergingFormSet, MergingInline
from contacts.models import Property, PropertyContact


class ResidentForm(MergingForm):
    def _get_validation_exclusions(self) -> set[str]:
        # One primary contact is a rule of all rows together: the form set checks it, and moves the mark.
        return super()._get_validation_exclusions() | {"is_primary"}


class ResidentFormSet(MergingFormSet):
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if not self._should_delete_form(form) and not form.vanished]
        if sum(bool(self._is_primary(form)) for form in kept) > 1:
            raise ValidationError("Two people are marked as the primary contact. Choose one.")
        if any(self._is_primary(form) for form in kept):
            self._refuse_a_newer_primary()

    def _refuse_a_newer_primary(self) -> None:
        listed = [form.instance.pk for form in self.initial_forms]
        newer = self.model.objects.filter(property=self.instance, is_primary=True) if self.instance.pk else ()
        for role in newer:
            if role.pk not in listed:
                raise ValidationError(
                    f"{role.contact} was made the primary contact while you were editing. Nothing was saved. "
                    "Reload the page to see the people as they are now."
                )

    def _is_primary(self, form: MergingForm) -> bool:
        changed = "is_primary" in form.changed_data
        stored = form.instance.is_primary if form.instance.pk else False
        return (getattr(form, "cleaned_data", None) or {}).get("is_primary", False) if changed else stored

    def save(self, commit: bool = True) -> Any:
        # The old primary contact first: the database allows one at any moment.
        released = [form.instance.pk for form in self.initial_forms if not self._is_primary(form)]
        if commit:
            self.model.objects.filter(pk__in=released, is_primary=True).update(is_primary=False)
        return super().save(commit)


class ResidentInline(MergingInline):
    model = PropertyContact
    form = ResidentForm
    formset = ResidentFormSet
    fields = ("contact", "role", "is_primary")
    autocomplete_fields = ("contact",)
    hide_title = True
    verbose_name = "person"
    verbose_name_plural = "people"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PropertyContact]:
        return super().get_queryset(request).select_related("contact")


@admin.register(Property)
class PropertyAdmin(MergingAdmin):
    list_display = ("address", "city", "state", "zip_code", "property_type", "shown_people")
    list_per_page = 50
    # Switches the search field on; get_search_results decides what is searched.
    search_fields = ("address",)
    search_help_text = "Street, city, parcel number, or the name or phone of a person there"
    inlines = (ResidentInline,)
    fieldsets = (
        (None, {"fields": ("address", "city", ("state", "zip_code"))}),
        ("Details", {"fields": (("property_type", "parcel_number"), ("year_built", "square_feet"), "notes")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Property]:
        queryset = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "contacts_property_changelist":
            return queryset.prefetch_related("roles__contact__phones", "roles__contact__emails")
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Property], search_term: str
    ) -> tuple[QuerySet[Property], bool]:
        return search.properties(queryset, search_term), False

    @display(description="People")
    def shown_people(self, house: Property) -> str:
        return ", ".join(str(role.contact) for role in house.roles.all()) or "-"
