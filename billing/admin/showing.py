"""How money and people look in lists, and rows that are looked at, not edited."""

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from unfold.admin import TabularInline

from billing import money
from contacts import search
from contacts.admin.read_only import ReadOnly
from contacts.models import Contact

PEOPLE = ("contact__phones", "contact__emails")  # what a nameless contact is called by


def dollars(amount: Decimal | None) -> str:
    return "-" if amount is None else money.dollars(amount)


def amount_cell(amount: Decimal | None) -> SafeString:
    return format_html('<span class="block text-right tabular-nums whitespace-nowrap">{}</span>', dollars(amount))


def name_alone(shown: SafeString) -> SafeString:
    """Without the link to a colleague's own page, which only an administrator may open. `shown` is escaped HTML."""
    return mark_safe(strip_tags(shown))


class LookedAt(ReadOnly, TabularInline):
    """Rows that QuickBooks or a verb writes."""

    extra = 0
    can_delete = False
    hide_title = True


def for_customer(queryset: QuerySet[Any], text: str, numbers: tuple[str, ...]) -> QuerySet[Any]:
    """The documents with this number, or of the customers that these words apply to."""
    words = search.terms(text)
    if not words:
        return queryset
    found = Q(customer_name__icontains=text.strip()) | Q(
        contact__in=search.contacts(Contact.objects.current(), text).values("pk")
    )
    term = words[0].lstrip("#")
    for column in numbers if len(words) == 1 else ():
        is_integer = queryset.model._meta.get_field(column).get_internal_type() == "PositiveIntegerField"
        if not is_integer or (term.isascii() and term.isdecimal() and len(term) < 10):
            found |= Q(**{column: term})
    return queryset.filter(found)
