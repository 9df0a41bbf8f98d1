from typing import Any

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from contacts.models.people import ContactQuerySet


class LinkedFilter(DropdownFilter):
    title = "QuickBooks"
    parameter_name = "linked"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Linked to QuickBooks"), ("no", "Not linked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = {"yes": False, "no": True}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(quickbooks_customer_id__isnull=wanted)


class BoughtFilter(DropdownFilter):
    title = "sales"
    parameter_name = "bought"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Has bought something")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(total_sales__gt=0) if self.value() == "yes" else queryset


class MissingFilter(DropdownFilter):
    title = "what is missing"
    parameter_name = "missing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("name", "No name"), ("email", "No e-mail")]

    def queryset(self, request: HttpRequest, queryset: ContactQuerySet) -> ContactQuerySet:
        if self.value() == "name":
            return queryset.nameless()
        return queryset.without_email() if self.value() == "email" else queryset


class OwesFilter(DropdownFilter):
    title = "balance"
    parameter_name = "owes"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Owes money"), ("credit", "Has a credit")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        # "Not zero" as well, so that the partial index is used.
        owing = queryset.exclude(outstanding_balance=0)
        if self.value() == "yes":
            return owing.filter(outstanding_balance__gt=0)
        return owing.filter(outstanding_balance__lt=0) if self.value() == "credit" else queryset
