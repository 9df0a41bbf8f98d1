"""Conversations in the admin: who waits for an answer, and what was said, beside what the contact owes and what comes next."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from contacts import conversations, search, timeline
from contacts.admin.contacts import NOTHING, balance_cell, may_see_money
from contacts.admin.exporting import ExportsRows
from contacts.admin.keys import is_key
from contacts.models import Activity, Contact, Conversation, OpenPhoneReading
from contacts.openphone.errors import SENTENCES, Kind
from contacts.paging import Place

CHANGE = "contacts.change_conversation"
PAGE = "admin:contacts_conversation_change"
ON_A_PAGE = 100
BESIDE = 5  # other things of the contact: quotes, invoices, visits
LONGEST = 80


class WhoseFilter(DropdownFilter):
    title = "who it is"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = [("customer", "Customers"), ("nobody", "Not known")]
        return [*found, ("owes", "Owes money")] if may_see_money(request) else found

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation]:
        if self.value() == "customer":
            return queryset.filter(IS_CUSTOMER)
        if self.value() == "nobody":
            return queryset.filter(contact=None)
        owes = self.value() == "owes" and may_see_money(request)
        return queryset.filter(contact__outstanding_balance__gt=0) if owes else queryset


IS_CUSTOMER = Q(contact__customer_type=Contact.CustomerType.CUSTOMER) | Q(contact__quickbooks_customer_id__isnull=False)


class WaitsFilter(DropdownFilter):
    title = "answer"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Unanswered")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation]:
        return queryset.filter(waits_since__isnull=False) if self.value() == "yes" else queryset


@admin.register(Conversation)
class ConversationAdmin(ExportsRows):
    """OpenPhone writes the rows; here they are looked at, and a person says whose a shared number is."""

    list_display = ("who", "shown_number", "last_said", "shown_activity", "shown_waiting", "balance")
    list_filter = (WhoseFilter, WaitsFilter)
    list_filter_submit = True
    list_per_page = 50
    list_before_template = "contacts/openphone_reading.html"
    show_full_result_count = False
    ordering = ("-last_activity_at", "-id")
    # Switches the search field on; get_search_results decides what is searched.
    search_fields = ("other_number",)
    search_help_text = "Number in any format, or the contact's name"

    class Media:
        css = {"all": ("contacts/contacts.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # no form: whose it is goes through a verb

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        reading = {"has_key": bool(settings.OPENPHONE_API_KEY), "reading": OpenPhoneReading.objects.first()}
        return super().changelist_view(request, {**reading, "no_key": SENTENCES[Kind.NO_KEY], **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        newest = Activity.objects.filter(conversation=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
        contacts = Contact.objects.prefetch_related("phones", "emails")  # what a nameless one is called by
        rows = super().get_queryset(request).annotate(newest=Subquery(newest))
        return rows.select_related("line").prefetch_related(Prefetch("contact", contacts))

    def attach(self, rows: Any) -> None:
        """The last thing that was said, for all rows of a page in one query."""
        newest = Activity.objects.in_bulk([row.newest for row in rows])
        for row in rows:
            row.last = newest.get(row.newest)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        return search.conversations(queryset, search_term), False

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return columns if may_see_money(request) else [column for column in columns if column != "balance"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Nobody finds out who owes by asking the list's address for it."""
        names_money = bool(Contact.MONEY & set(lookup.split("__")))
        return super().lookup_allowed(lookup, value, request) and (may_see_money(request) or not names_money)

    @display(description="With")
    def who(self, conversation: Conversation) -> str:
        return str(conversation.contact) if conversation.contact else conversation.readable_number

    @display(description="Number", ordering="other_number")
    def shown_number(self, conversation: Conversation) -> SafeString:
        return format_html('<span class="whitespace-nowrap">{}</span>', conversation.readable_number)

    @display(description="Last said")
    def last_said(self, conversation: Conversation) -> str:
        last = conversation.last
        said = Truncator(last.words).chars(LONGEST) if last else ""
        ours = "Us: " if last and last.direction == Activity.Direction.OUTGOING else ""
        return f"{ours}{said or last.what}" if last else "-"

    @display(description="Last activity", ordering="last_activity_at")
    def shown_activity(self, conversation: Conversation) -> SafeString:
        return _moment(conversation.last_activity_at)

    @display(description="Unanswered since", ordering="waits_since")
    def shown_waiting(self, conversation: Conversation) -> SafeString | str:
        return _moment(conversation.waits_since) if conversation.waits_since else NOTHING

    @display(description="Balance", ordering="contact__outstanding_balance")
    def balance(self, conversation: Conversation) -> SafeString | str:
        return balance_cell(conversation.contact.outstanding_balance) if conversation.contact else NOTHING

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The thread. POST `contact`: whose it is. ?older=: from where on it goes back."""
        found = self.get_object(request, object_id)
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        if found is None:
            raise Http404
        if request.method == "POST":
            return _give(request, found)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Conversation with {self.who(found)}",
            "opts": self.opts,
            "conversation": found,
            **_thread(found, Place.read(request.GET.get("older", ""))),
            **_owner(request, found),
        }
        return TemplateResponse(request, "contacts/conversation.html", context)


def _thread(conversation: Conversation, before: Place | None) -> dict[str, Any]:
    """One page of it, the oldest first, as it was said."""
    rows = conversation.activities.order_by("-at", "-pk")
    if before is not None:
        rows = rows.filter(Q(at__lt=before.at) | Q(at=before.at, pk__lt=before.key))
    shown = list(rows[: ON_A_PAGE + 1])
    older = ""
    if len(shown) > ON_A_PAGE:
        last = shown[ON_A_PAGE - 1]
        older = f"?{urlencode({'older': str(Place(last.at, 0, last.pk))})}"
    return {"said": shown[:ON_A_PAGE][::-1], "older": older, "is_later": before is not None}


def _owner(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Whose it is with how that contact stands, or who it may be."""
    may = request.user.has_perm  # type: ignore[union-attr]
    sees_contacts = may("contacts.view_contact")
    context: dict[str, Any] = {"sees_contacts": sees_contacts, "may_give": may(CHANGE) and sees_contacts}
    if sees_contacts:
        has_it = conversations.owners(conversation)
        context["others"] = [one for one in has_it if one.pk != conversation.contact_id]
    if conversation.contact and sees_contacts:
        standing = timeline.standing(conversation.contact, may)
        beside = timeline.page(conversation.contact, may, number=BESIDE, without=timeline.SAID)
        context |= {"facts": standing.facts, "steps": standing.steps, "timeline": beside.entries}
    return context


def _give(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    if not request.user.has_perms((CHANGE, "contacts.view_contact")):  # type: ignore[union-attr]
        raise PermissionDenied
    key = request.POST.get("contact", "")
    contact = conversations.give(conversation, int(key)) if is_key(key) else None
    if contact is None:
        messages.error(request, "This contact does not have the number any more. Nothing was changed.")
    else:
        messages.success(request, f"This is a conversation with {contact} now.")
    return HttpResponseRedirect(reverse(PAGE, args=[conversation.pk]))


def _moment(at: Any) -> SafeString:
    shown = date_format(timezone.localtime(at), "M j, Y, g:i A")
    return format_html('<span class="whitespace-nowrap">{}</span>', shown)
