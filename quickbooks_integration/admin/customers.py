"""QuickBooks' customers as they are there, read-only: whose they are, what they owe, what QuickBooks says."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action, display

from contacts.admin.exporting import ExportsRows
from contacts.admin.read_only import ReadOnly
from contacts.matching import normalise
from contacts.matching.exact import readable_phone
from quickbooks_integration import addresses, reconciling
from quickbooks_integration.admin.differing import DifferingPage
from quickbooks_integration.admin.linking import PAGE as LINK_PAGE
from quickbooks_integration.admin.linking import LinkPage
from quickbooks_integration.admin.links import attach_contacts, contact_link, contact_of
from quickbooks_integration.admin.matching import tell
from quickbooks_integration.admin.merged import MergedPage
from quickbooks_integration.admin.progressing import ProgressPage
from quickbooks_integration.admin.same_customers import SameCustomersPage
from quickbooks_integration.connection_page import moment
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.reconciling import progress
from quickbooks_integration.reconciling.comparing import dollars

# A page that makes more contacts than this at once keeps a person waiting.
CONTACTS_AT_ONCE = 500


class LinkedFilter(DropdownFilter):
    title = "contact"
    parameter_name = "linked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("yes", "Linked to a contact"),
            ("review", "Waits for review"),
            ("nobody", "Fits no contact"),
            ("no", "Not linked"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksCustomer]) -> QuerySet[QuickBooksCustomer]:
        asked = Exists(MatchCandidate.objects.filter(sync=OuterRef("pk"), state=MatchCandidate.State.OPEN))
        conditions = {
            "yes": Q(sync__local_id__isnull=False),
            "review": Q(asked, sync__local_id=None),
            "nobody": Q(~asked, sync__local_id=None, vanished_at=None),
            "no": Q(sync__local_id=None),
        }
        return queryset.filter(conditions[self.value()]) if self.value() in conditions else queryset


class PartFilter(DropdownFilter):
    """The rows behind a number of the page Matching."""

    title = "matching"
    parameter_name = "part"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (name, f"To decide: {label}" if name in progress.WAITING else label)
            for name, label in progress.PARTS.items()
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksCustomer]) -> QuerySet[QuickBooksCustomer]:
        if self.value() not in progress.PARTS:
            return queryset
        counted = queryset.filter(sync__company__in=QuickBooksAuth.objects.in_use())
        return progress.with_part(counted).filter(part=self.value())


class KindFilter(DropdownFilter):
    title = "kind"
    parameter_name = "kind"
    CONDITIONS = {
        "active": ("Active", Q(active=True, vanished_at=None)),
        "inactive": ("Inactive", Q(active=False)),
        "job": ("Job of another customer", ~Q(parent_id="")),
        "owing": ("Owes money", Q(balance_with_jobs__gt=0)),
        "vanished": ("No longer in QuickBooks", Q(vanished_at__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, label) for kind, (label, _) in self.CONDITIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksCustomer]) -> QuerySet[QuickBooksCustomer]:
        found = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(found[1]) if found else queryset


@admin.register(QuickBooksCustomer)
class QuickBooksCustomerAdmin(
    LinkPage, DifferingPage, SameCustomersPage, MergedPage, ProgressPage, ReadOnly, ExportsRows
):
    list_display = ("display_name", "contact", "balance_shown", "state", "job_of", "phones")
    list_filter = (LinkedFilter, PartFilter, KindFilter)
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ("sync",)
    ordering = ("display_name",)
    # Switches the search field on; get_search_results decides what is searched.
    search_fields = ("display_name",)
    search_help_text = "Name, company, phone in any format, or e-mail"
    actions = ("create_contacts",)
    actions_detail = ("link_by_hand",)
    fields = (
        ("display_name", "contact"), ("state_text", "job_of"), ("own_balance", "balance_shown"), "phones", "emails",
        ("created_there", "changed_there"), "page", "pairs", "document",
    )  # fmt: skip
    readonly_fields = (
        "created_there", "changed_there", "page", "contact", "state_text", "job_of", "own_balance", "balance_shown", "phones", "emails", "pairs", "document",
    )  # fmt: skip

    class Media:
        css = {"all": ("quickbooks_integration/review.css",)}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.merged_view)
        return [
            path("merged/", view, name="quickbooks_integration_quickbookscustomer_merged"),
            path(
                "same/",
                self.admin_site.admin_view(self.same_view),
                name="quickbooks_integration_quickbookscustomer_same",
            ),
            path(
                "differing/",
                self.admin_site.admin_view(self.differing_view),
                name="quickbooks_integration_quickbookscustomer_differing",
            ),
            path(
                "<int:sync_id>/link/",
                self.admin_site.admin_view(self.link_view),
                name="quickbooks_integration_quickbookscustomer_link",
            ),
            path(
                "matching/",
                self.admin_site.admin_view(self.progress_view),
                name="quickbooks_integration_quickbookscustomer_matching",
            ),
            *super().get_urls(),
        ]

    def attach(self, rows: Iterable[QuickBooksCustomer]) -> None:
        attach_contacts(rows, lambda customer: customer.sync)
        _attach_parents(rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[QuickBooksCustomer], search_term: str
    ) -> tuple[QuerySet[QuickBooksCustomer], bool]:
        phone, email = normalise.phone(search_term), normalise.email(search_term)
        if phone:
            return queryset.filter(phone_keys__contains=[phone.key]), False
        if email:
            return queryset.filter(email_keys__contains=[email]), False
        for word in search_term.split():
            queryset = queryset.filter(Q(display_name__icontains=word) | Q(company_name__icontains=word))
        return queryset, False

    @display(description="Contact")
    def contact(self, customer: QuickBooksCustomer) -> SafeString | str:
        return contact_link(contact_of(customer.sync))

    @display(description="Balance with jobs", ordering="balance_with_jobs")
    def balance_shown(self, customer: QuickBooksCustomer) -> str:
        return dollars(customer.balance_with_jobs)

    @display(description="Balance of its own")
    def own_balance(self, customer: QuickBooksCustomer) -> str:
        return dollars(customer.balance)

    @display(description="State", label={"active": "success", "inactive": "default", "gone": "danger"})
    def state(self, customer: QuickBooksCustomer) -> tuple[str, str]:
        if customer.vanished_at:
            return "gone", "No longer in QuickBooks"
        return ("active", "Active") if customer.active else ("inactive", "Inactive")

    @display(description="State")
    def state_text(self, customer: QuickBooksCustomer) -> str:
        return self.state(customer)[1]

    @display(description="Job of")
    def job_of(self, customer: QuickBooksCustomer) -> SafeString | str:
        if not hasattr(customer, "read_parent"):
            _attach_parents([customer])
        parent = customer.read_parent
        if parent is None:
            return ""
        page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[parent.pk])
        return format_html('<a class="underline" href="{}">{}</a>', page, parent)

    @display(description="Phones")
    def phones(self, customer: QuickBooksCustomer) -> str:
        return ", ".join(map(readable_phone, customer.phone_keys))

    @display(description="E-mails")
    def emails(self, customer: QuickBooksCustomer) -> str:
        return ", ".join(customer.email_keys)

    @display(description="Created in QuickBooks")
    def created_there(self, customer: QuickBooksCustomer) -> str:
        return moment(customer.remote_created_at) if customer.remote_created_at else "not known"

    @display(description="Last changed in QuickBooks")
    def changed_there(self, customer: QuickBooksCustomer) -> str:
        return moment(customer.remote_updated_at) if customer.remote_updated_at else "not known"

    @display(description="In QuickBooks")
    def page(self, customer: QuickBooksCustomer) -> SafeString | str:
        page = addresses.page_of(customer.sync.company, "customer", customer.sync.entity_id)
        link = '<a class="underline" href="{}" target="_blank" rel="noopener">Open in QuickBooks</a>'
        return format_html(link, page) if page else ""

    @display(description="Possible matches")
    def pairs(self, customer: QuickBooksCustomer) -> SafeString | str:
        candidates = customer.sync.candidates.select_related("contact").prefetch_related(
            "contact__phones", "contact__emails"
        )[:20]
        lines = format_html_join(
            "",
            "<li>{}: {}</li>",
            ((contact_link(candidate.contact), candidate.get_state_display()) for candidate in candidates),
        )
        return format_html("<ul>{}</ul>", lines) if lines else "none"

    @display(description="What QuickBooks says")
    def document(self, customer: QuickBooksCustomer) -> SafeString:
        return format_html(
            "<details><summary>Everything, under QuickBooks' own names</summary>{}</details>", _readable(customer.raw)
        )

    @admin.action(description="Create contacts", permissions=["decide"])
    def create_contacts(self, request: HttpRequest, queryset: QuerySet[QuickBooksCustomer]) -> None:
        """For customers that nobody fits: each becomes a contact with all that QuickBooks knows."""
        chosen = queryset.select_related("sync").order_by("pk")[: CONTACTS_AT_ONCE + 1]
        links = [customer.sync for customer in chosen]
        tally = reconciling.each(reconciling.create_contact, links[:CONTACTS_AT_ONCE], request.user)
        tell(request, tally, f"contact{'' if tally.done == 1 else 's'} created")
        if len(links) > CONTACTS_AT_ONCE:
            messages.info(request, f"At most {CONTACTS_AT_ONCE} at a time: please choose it again for the rest.")

    @action(description="Link to a contact", icon="link", permissions=["decide"], url_path="link-by-hand")
    def link_by_hand(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse(LINK_PAGE, args=[object_id]))

    def has_decide_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("quickbooks_integration.decide_matches")


def _attach_parents(customers: Iterable[QuickBooksCustomer]) -> None:
    """Reads the parents of a page of jobs at once."""
    wanted = {customer.parent_id for customer in customers} - {""}
    parents = QuickBooksCustomer.objects.filter(sync__entity_type="customer", sync__entity_id__in=wanted)
    found = {(parent.sync.company_id, parent.sync.entity_id): parent for parent in parents.select_related("sync")}
    for customer in customers:
        customer.read_parent = found.get((customer.sync.company_id, customer.parent_id))  # type: ignore[attr-defined]


def _readable(value: Any) -> SafeString:
    """A document as nested lists of names and values."""
    if isinstance(value, dict):
        lines = format_html_join(
            "", "<dt>{}</dt><dd>{}</dd>", ((key, _readable(entry)) for key, entry in value.items())
        )
        return format_html('<dl class="quickbooks-document">{}</dl>', lines)
    if isinstance(value, list):
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_readable(entry),) for entry in value)))
    if isinstance(value, bool):
        return mark_safe("yes" if value else "no")
    return format_html("{}", "" if value is None else value)
