"""Who decided what about which customer and contact, and the page on which that is taken back."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from contacts import colleagues
from contacts.admin.exporting import ExportsRows
from contacts.admin.keys import is_key
from contacts.admin.read_only import ReadOnly
from quickbooks_integration.admin.links import contact_link
from quickbooks_integration.connection_page import moment
from quickbooks_integration.models import MatchDecision
from quickbooks_integration.reconciling import undoing

LIST = "admin:quickbooks_integration_matchdecision_changelist"
PAGE = "admin:quickbooks_integration_matchdecision_undo"
UNDONE_AT_ONCE = 50  # so that a press answers within some seconds
SENTENCES_SHOWN = 10


class StandsFilter(DropdownFilter):
    title = "state"
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Stands"), ("no", "Undone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MatchDecision]) -> QuerySet[MatchDecision]:
        return queryset.filter(undone_at__isnull=self.value() == "yes") if self.value() in ("yes", "no") else queryset


class WhoFilter(DropdownFilter):
    title = "decided by"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        staff = get_user_model().objects.filter(is_staff=True).order_by("username")
        return [("machine", "The CRM itself"), *((str(person.pk), colleagues.name_of(person)) for person in staff)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MatchDecision]) -> QuerySet[MatchDecision]:
        who = self.value() or ""
        if who == "machine":
            return queryset.filter(decided_by=None)
        return queryset.filter(decided_by=who) if is_key(who) else queryset


@admin.register(MatchDecision)
class MatchDecisionAdmin(ReadOnly, ExportsRows):
    list_display = ("when", "what", "customer", "ours", "who", "why", "undone", "undo_link")
    list_display_links = None
    buttons = ("undo_link",)
    list_filter = (
        ("action", ChoicesDropdownFilter),
        StandsFilter,
        WhoFilter,
        ("decided_at", RangeDateTimeFilter),
    )
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    ordering = ("-id",)
    search_fields = ("sync__customer__display_name", "contact__first_name", "contact__last_name", "contact__company")
    search_help_text = "Name of the customer or of the contact"
    actions = ("undo_all",)
    fields = ("when", "what", "customer", "ours", "who", "why", "undone", "undo_link")
    readonly_fields = fields

    class Media:
        css = {"all": ("quickbooks_integration/review.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatchDecision]:
        related = super().get_queryset(request).select_related("sync__customer", "contact", "decided_by", "undone_by")
        rows = related.prefetch_related("contact__phones", "contact__emails")
        return rows.defer("before", "sync__customer__raw", "sync__base", "sync__base_ours", "sync__request_body")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.undo_view)
        name = "quickbooks_integration_matchdecision_undo"
        return [path("undo/", view, name=name), *super().get_urls()]

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def undo_view(self, request: HttpRequest) -> HttpResponse:
        """decision: once for each that is to be taken back, at most 50. GET tells what that would do, POST does it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = _chosen(request)
        if not found:
            messages.info(request, "There is nothing to undo: none of these stands any more.")
            return HttpResponseRedirect(reverse(LIST))
        if request.method == "POST":
            _tell(request, undoing.undo_each(found, request.user))
            return HttpResponseRedirect(reverse(LIST))
        context = {
            "decisions": found,
            "foreseen": undoing.foresee(found, request.user),
            "opts": self.opts,
        }
        everywhere = self.admin_site.each_context(request)
        title = "Undo this decision?" if len(found) == 1 else f"Undo these {len(found)} decisions?"
        return TemplateResponse(
            request, "quickbooks_integration/review/undo.html", {**everywhere, "title": title, **context}
        )

    @admin.action(description="Undo", permissions=["view"])
    def undo_all(self, request: HttpRequest, queryset: QuerySet[MatchDecision]) -> HttpResponse:
        """Shows first what that would do."""
        standing = queryset.filter(undone_at=None).order_by("-id").values_list("pk", flat=True)
        chosen = list(standing[: UNDONE_AT_ONCE + 1])
        if len(chosen) > UNDONE_AT_ONCE:
            messages.info(request, f"At most {UNDONE_AT_ONCE} at a time, the last ones first. Repeat it for the rest.")
        query = urlencode([("decision", pk) for pk in chosen[:UNDONE_AT_ONCE]])
        return HttpResponseRedirect(f"{reverse(PAGE)}?{query}")

    @display(description="When", ordering="id")
    def when(self, decided: MatchDecision) -> str:
        return moment(decided.decided_at)

    @display(description="Decision", ordering="action")
    def what(self, decided: MatchDecision) -> str:
        return decided.get_action_display()

    @display(description="In QuickBooks", ordering="sync__customer__display_name")
    def customer(self, decided: MatchDecision) -> SafeString:
        page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[decided.sync_id])
        return format_html('<a class="underline" href="{}">{}</a>', page, decided.sync.customer)

    @display(description="In the CRM", ordering="contact__last_name")
    def ours(self, decided: MatchDecision) -> SafeString | str:
        return contact_link(decided.contact) if decided.contact else "deleted since"

    @display(description="Who", ordering="decided_by__username")
    def who(self, decided: MatchDecision) -> str:
        return _named(decided.decided_by)

    @display(description="Why")
    def why(self, decided: MatchDecision) -> SafeString:
        lines = (("✓" if reason["agrees"] else "?", reason["text"]) for reason in decided.reasons)
        return format_html('<div class="review-why">{}</div>', format_html_join("", "<div>{} {}</div>", lines))

    @display(description="Undone", ordering="undone_at")
    def undone(self, decided: MatchDecision) -> str:
        return f"{moment(decided.undone_at)}, {_named(decided.undone_by)}" if decided.undone_at else ""

    @display(description="Undo")
    def undo_link(self, decided: MatchDecision) -> SafeString | str:
        if decided.undone_at:
            return ""
        page = f"{reverse(PAGE)}?decision={decided.pk}"
        return format_html('<a class="underline" href="{}">Undo</a>', page)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("quickbooks_integration.decide_matches")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


def _named(person: AbstractBaseUser | None) -> str:
    return colleagues.name_of(person) if person else "the CRM itself"


def _chosen(request: HttpRequest) -> list[MatchDecision]:
    asked = (request.POST if request.method == "POST" else request.GET).getlist("decision")
    numbers = [number for number in asked if is_key(number)][:UNDONE_AT_ONCE]
    rows = MatchDecision.objects.select_related("sync__customer", "contact", "decided_by")
    rows = rows.prefetch_related("contact__phones", "contact__emails")
    return list(rows.filter(pk__in=numbers, undone_at=None).order_by("-id"))


def _tell(request: HttpRequest, taken: undoing.TakenBack) -> None:
    left = f" {len(taken.left)} left as they were." if taken.left else ""
    undone = f"{taken.done} decision{'' if taken.done == 1 else 's'} undone."
    messages.add_message(request, messages.WARNING if taken.left else messages.SUCCESS, f"{undone}{left}")
    for sentence in [*taken.left, *taken.stays][:SENTENCES_SHOWN]:
        messages.info(request, sentence)
