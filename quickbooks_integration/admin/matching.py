"""The list of pairs, and the door to the page that asks about them one by one."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeNumericFilter
from unfold.decorators import action, display

from contacts.admin.exporting import ExportsRows
from contacts.admin.read_only import ReadOnly
from contacts.matching.kinds import LABELS
from quickbooks_integration import reconciling
from quickbooks_integration.admin.answering import TogetherPage
from quickbooks_integration.admin.links import contact_link
from quickbooks_integration.admin.reviewing import ReviewPages
from quickbooks_integration.models import MatchCandidate
from quickbooks_integration.models.matches import QUEUE_ORDER
from quickbooks_integration.reconciling import Tally, together
from quickbooks_integration.reconciling.comparing import dollars


@admin.register(MatchCandidate)
class MatchCandidateAdmin(ReadOnly, ReviewPages, TogetherPage, ExportsRows):
    list_display = ("customer", "ours", "state_badge", "score", "balance", "why", "review_link")
    buttons = ("review_link",)
    list_display_links = None
    list_filter = (("state", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), ("score", RangeNumericFilter))
    list_filter_submit = True
    list_per_page = 50
    search_fields = ("sync__customer__display_name", "contact__first_name", "contact__last_name", "contact__company")
    search_help_text = "Name of the customer or of the contact"
    ordering = QUEUE_ORDER
    actions = ("link_all", "refuse_all", "skip_all")
    actions_list = ("review",)

    class Media:
        css = {"all": ("quickbooks_integration/review.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[MatchCandidate]:
        related = super().get_queryset(request).select_related("sync__customer", "contact")
        return related.prefetch_related("contact__phones", "contact__emails")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Opens with what is to decide; the filter shows the rest."""
        if not request.GET and self.has_view_permission(request):
            return HttpResponseRedirect(f"{request.path}?state__exact={MatchCandidate.State.OPEN}")
        return super().changelist_view(request, extra_context)

    def get_urls(self) -> list[URLPattern]:
        return [
            path("review/", self.admin_site.admin_view(self.review_view), name=f"{REVIEW}_review"),
            path("review/together/", self.admin_site.admin_view(self.together_view), name=f"{REVIEW}_together"),
            path(
                "review/create-in-quickbooks/<int:contact_id>/",
                self.admin_site.admin_view(self.create_customer_view),
                name=f"{REVIEW}_create_customer",
            ),
            *super().get_urls(),
        ]

    @display(description="In QuickBooks", ordering="sync__customer__display_name")
    def customer(self, candidate: MatchCandidate) -> SafeString:
        page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[candidate.sync_id])
        return format_html('<a class="underline" href="{}">{}</a>', page, candidate.sync.customer)

    @display(description="In the CRM", ordering="contact__last_name")
    def ours(self, candidate: MatchCandidate) -> SafeString | str:
        return contact_link(candidate.contact)

    @display(
        description="State",
        ordering="state",
        label={"open": "info", "linked": "success", "refused": "danger", "closed": "default"},
    )
    def state_badge(self, candidate: MatchCandidate) -> tuple[str, str]:
        return candidate.state, candidate.get_state_display()

    @display(description="Balance", ordering="sync__customer__balance_with_jobs")
    def balance(self, candidate: MatchCandidate) -> str:
        return dollars(candidate.sync.customer.balance_with_jobs)

    @display(description="Reasons")
    def why(self, candidate: MatchCandidate) -> SafeString:
        lines = (("✓" if reason["agrees"] else "?", reason["text"]) for reason in candidate.reasons)
        return format_html('<div class="review-why">{}</div>', format_html_join("", "<div>{} {}</div>", lines))

    @display(description="Review")
    def review_link(self, candidate: MatchCandidate) -> SafeString | str:
        if candidate.state != MatchCandidate.State.OPEN:
            return ""
        page = reverse(f"admin:{REVIEW}_review")
        return format_html('<a class="underline" href="{}?pair={}">Decide</a>', page, candidate.pk)

    @action(description="Review one by one", icon="join_inner", permissions=["decide"])
    def review(self, request: HttpRequest) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse(f"admin:{REVIEW}_review"))

    @admin.action(description="Link", permissions=["decide"])
    def link_all(self, request: HttpRequest, queryset: QuerySet[MatchCandidate]) -> None:
        if within_limit(request, queryset):
            tell(request, together.link_picked(queryset, request.user), "linked")

    @admin.action(description="Not the same", permissions=["decide"])
    def refuse_all(self, request: HttpRequest, queryset: QuerySet[MatchCandidate]) -> None:
        if within_limit(request, queryset):
            tell(request, reconciling.each(reconciling.refuse, queryset, request.user), "marked as not the same")

    @admin.action(description="Skip", permissions=["decide"])
    def skip_all(self, request: HttpRequest, queryset: QuerySet[MatchCandidate]) -> None:
        if within_limit(request, queryset):
            tell(request, reconciling.each(reconciling.skip, queryset, request.user), "put to the end of the queue")

    def has_decide_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("quickbooks_integration.decide_matches")


REVIEW = "quickbooks_integration_matchcandidate"
SENTENCES_SHOWN = 5
ASKED_AS = {**LABELS, "": "Not sorted yet"}
PAIRS_AT_ONCE = 500


def within_limit(request: HttpRequest, queryset: QuerySet[MatchCandidate]) -> bool:
    """Whether a request can do it in its time; says so if not."""
    if queryset.count() <= PAIRS_AT_ONCE:
        return True
    messages.warning(request, f"At most {PAIRS_AT_ONCE} pairs at once. Nothing was changed: pick fewer and repeat.")
    return False


def tell(request: HttpRequest, tally: Tally, done: str) -> None:
    """How a bulk action went: "18 linked, 2 left", and why those two."""
    gone = _gone(request, tally)
    number = tally.number_left + gone
    left = f", {number} left as they were" if number else ""
    messages.add_message(request, messages.WARNING if number else messages.SUCCESS, f"{tally.done} {done}{left}.")
    if gone:
        messages.info(request, "Somebody decided meanwhile, so that these are no longer in this list.")
    if tally.one_by_one:
        messages.info(request, _one_by_one(tally, tally.done + number))
    for sentence in tally.left[:SENTENCES_SHOWN]:
        messages.info(request, sentence)


def _one_by_one(tally: Tally, picked: int) -> str:
    """Names the kinds that are never linked by the dozen."""
    number = sum(tally.one_by_one.values())
    kinds = ", ".join(
        f"{label} {tally.one_by_one[kind]}" for kind, label in ASKED_AS.items() if kind in tally.one_by_one
    )
    was, need = ("was", "it needs a look by itself") if number == 1 else ("were", "they need a look one by one")
    return f"{number} of {picked} {was} not linked: {need} ({kinds}). Press Decide beside each."


def _gone(request: HttpRequest, tally: Tally) -> int:
    """Ticked rows that the list's filter no longer holds."""
    if request.POST.get("select_across") == "1":
        return 0
    ticked = len(request.POST.getlist(ACTION_CHECKBOX_NAME))
    return max(0, ticked - tally.done - tally.number_left)
