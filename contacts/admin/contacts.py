"""Contacts in the admin: the list, the search, the form."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from contacts import changes, exporting, search
from contacts.admin.changes import TellsChanges
from contacts.admin.duplicate_pages import ShowsDuplicates
from contacts.admin.exporting import csv_answer
from contacts.admin.filters import BoughtFilter, LinkedFilter, MissingFilter, OwesFilter
from contacts.admin.keys import is_key
from contacts.admin.merging import MergingAdmin, MergingFormSet, MergingInline
from contacts.admin.timeline_pages import ShowsTimeline
from contacts.matching import normalise
from contacts.merging import caring
from contacts.models import CURRENT, Contact, ContactAddress, ContactEmail, ContactPhone, PropertyContact
from contacts.signals import contact_changed

# On a phone the style sheet leaves out the lines of a card that say nothing.
NOTHING = mark_safe('<span class="contact-nothing">-</span>')


class KeyedFormSet(MergingFormSet):
    """Rows that are found by a key: the same one twice is an error at the row, not a crash of the database."""

    typed = ""
    message = ""

    def identity(self, text: str) -> Any:
        raise NotImplementedError

    def clean(self) -> None:
        super().clean()
        listed = {form.instance.pk for form in self.initial_forms}
        others = self.model.objects.filter(**{self.fk.name: self.instance}) if self.instance.pk else ()
        taken = {self.identity(getattr(row, self.typed)) for row in others if row.pk not in listed} - {None}
        for form in self.forms:
            text = (getattr(form, "cleaned_data", None) or {}).get(self.typed)
            identity = None if not text or self._should_delete_form(form) else self.identity(text)
            if identity in taken:
                form.add_error(self.typed, self.message)
            elif identity is not None:
                taken.add(identity)


class PhoneFormSet(KeyedFormSet):
    typed = "number"
    message = "The contact has this number already."

    def identity(self, text: str) -> normalise.Phone | None:
        return normalise.phone(text)


class EmailFormSet(KeyedFormSet):
    typed = "address"
    message = "The contact has this e-mail already."

    def identity(self, text: str) -> str | None:
        return normalise.email(text) or None


class PhoneInline(MergingInline):
    model = ContactPhone
    formset = PhoneFormSet
    fields = ("number", "label")
    hide_title = True


class EmailInline(MergingInline):
    model = ContactEmail
    formset = EmailFormSet
    fields = ("address",)
    hide_title = True


class AddressInline(MergingInline):
    model = ContactAddress
    fields = ("kind", "street", "city", "state", "zip_code")
    hide_title = True
    tab = True
    max_num = len(ContactAddress.Kind)


class PropertyRoleInline(MergingInline):
    model = PropertyContact
    fields = ("property", "role", "is_primary")
    autocomplete_fields = ("property",)
    hide_title = True
    tab = True
    verbose_name = "property"
    verbose_name_plural = "properties"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PropertyContact]:
        return super().get_queryset(request).select_related("property")


MONEY = "Money"  # the tab


@admin.register(Contact)
class ContactAdmin(TellsChanges, ShowsTimeline, ShowsDuplicates, MergingAdmin):
    list_display = (
        "shown_name",
        "shown_phone",
        "shown_email",
        "shown_company",
        "city",
        "shown_type",
        "balance",
    )
    list_display_links = ("shown_name",)
    list_filter = (
        ("customer_type", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        LinkedFilter,
        MissingFilter,
        OwesFilter,
        BoughtFilter,
    )
    list_filter_submit = True
    list_per_page = 50
    ordering = ("-created_at", "-id")
    # Switches the search field on; get_search_results decides what is searched.
    search_fields = ("first_name",)
    search_help_text = "Name, company, phone in any format, e-mail, street or id"
    actions = ("export_csv", "merge_contacts")
    actions_list = ("import_contacts",)
    inlines = (PhoneInline, EmailInline, AddressInline, PropertyRoleInline)
    readonly_fields = (
        "source",
        "quickbooks_customer_id",
        "owed",
        "sales",
        "last_payment",
        "average_days_to_pay",
        "created_at",
        "updated_at",
    )
    fieldsets = (
        (None, {"fields": (("first_name", "last_name"), ("company", "customer_type"), "do_not_contact")}),
        (
            "Follow-ups",
            {"classes": ("tab",), "fields": (("reviewed_on", "unhappy_since"), "no_follow_ups_because")},
        ),
        ("Notes", {"classes": ("tab",), "fields": ("notes",)}),
        (
            MONEY,
            {
                "classes": ("tab",),
                "fields": (
                    ("owed", "sales"),
                    ("last_payment", "average_days_to_pay"),
                    ("payment_terms", "credit_limit"),
                    ("tax_exempt", "quickbooks_customer_id"),
                ),
            },
        ),
        (
            "Origin",
            {"classes": ("tab",), "fields": (("source", "external_id"), ("created_at", "updated_at"))},
        ),
    )

    class Media:
        css = {"all": ("contacts/contacts.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        queryset = super().get_queryset(request)
        page = request.resolver_match.url_name if request.resolver_match else ""
        if page == "contacts_contact_changelist":
            return queryset.filter(**CURRENT).prefetch_related("phones", "emails", "addresses")
        return queryset.filter(**CURRENT) if page == "autocomplete" else queryset

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        """Whoever saves locks in the order of everybody: a customer's map row, which learns of it, before the contact."""
        if request.method == "POST" and is_key(object_id):
            caring.lock_links([int(object_id)])
        return super().get_object(request, object_id, from_field)

    def get_fieldsets(self, request: HttpRequest, obj: Contact | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if may_see_money(request) else [part for part in fieldsets if part[0] != MONEY]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Nobody finds out who owes by asking the list's address for it."""
        return super().lookup_allowed(lookup, value, request) and (
            may_see_money(request) or lookup.partition("__")[0] not in Contact.MONEY
        )

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return columns if may_see_money(request) else [column for column in columns if column != "balance"]

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = super().get_list_filter(request)
        return filters if may_see_money(request) else [one for one in filters if one not in (OwesFilter, BoughtFilter)]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Once, when phones, e-mails and addresses are stored too."""
        super().save_related(request, form, formsets, change)
        if change and not form.changed_data and any(rows.has_changed() for rows in formsets):
            Contact.objects.filter(pk=form.instance.pk).touch()
        if not change or form.changed_data or any(rows.has_changed() for rows in formsets):
            contact_changed.send(sender=Contact, contact=form.instance, origin="office")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        return search.contacts(queryset, search_term), False

    @display(description="Name", ordering="last_name")
    def shown_name(self, contact: Contact) -> str:
        return contact.name or "(no name)"

    @display(description="Company", ordering="company")
    def shown_company(self, contact: Contact) -> SafeString | str:
        return contact.company or NOTHING

    @display(description="Phone")
    def shown_phone(self, contact: Contact) -> SafeString | str:
        return _nowrap(contact.phone)

    @display(description="E-mail")
    def shown_email(self, contact: Contact) -> SafeString | str:
        """May break before its @, so that a long one does not push other columns out of sight."""
        name, at, host = contact.email.rpartition("@")
        return format_html("{}<wbr>{}{}", name, at, host) if contact.email else NOTHING

    @display(description="City")
    def city(self, contact: Contact) -> SafeString | str:
        return next((address.city for address in contact.addresses.all() if address.city), NOTHING)

    @display(
        description="Type",
        ordering="customer_type",
        label={"Customer": "success", "Prospect": "info", "Vendor": "warning"},
    )
    def shown_type(self, contact: Contact) -> str | None:
        return contact.get_customer_type_display()

    @display(description="Balance", ordering="outstanding_balance")
    def balance(self, contact: Contact) -> SafeString:
        return balance_cell(contact.outstanding_balance)

    @display(description="Owes")
    def owed(self, contact: Contact) -> str:
        return _money(contact.outstanding_balance)

    @display(description="Last payment")
    def last_payment(self, contact: Contact) -> str:
        """QuickBooks knows the day only."""
        paid = contact.last_payment_date
        return f"{timezone.localdate(paid):%b %d, %Y}" if paid else "-"

    @display(description="Sales in all")
    def sales(self, contact: Contact) -> str:
        return _money(contact.total_sales)

    @action(description="Import contacts", icon="upload_file", permissions=["import"])
    def import_contacts(self, request: HttpRequest) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:contacts_contactimport_add"))

    @admin.action(description="Export as CSV", permissions=["export"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Contact]) -> StreamingHttpResponse:
        """In the columns of the import, so that it can be imported again."""
        return csv_answer(
            "contacts", exporting.lines(queryset.prefetch_related(None), with_money=may_see_money(request))
        )

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contacts.add_contactimport") and self.has_add_permission(request)


def may_see_money(request: HttpRequest) -> bool:
    """What a contact owes and bought is what its invoices say."""
    return request.user.has_perm(changes.SEES_MONEY)  # type: ignore[union-attr]


def _nowrap(text: str) -> SafeString:
    return format_html('<span class="whitespace-nowrap">{}</span>', text) if text else NOTHING


def balance_cell(dollars: Decimal) -> SafeString:
    """Right-aligned; a zero is quiet."""
    return format_html(
        '<span class="{} block text-right tabular-nums whitespace-nowrap">{}</span>',
        "" if dollars else "contact-nothing text-font-subtle-light dark:text-font-subtle-dark",
        _money(dollars),
    )


def _money(dollars: Decimal) -> str:
    return f"{'-' if dollars < 0 else ''}${abs(dollars):,.2f}"
