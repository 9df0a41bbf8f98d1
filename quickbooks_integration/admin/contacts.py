"""What QuickBooks adds to the contact's page: its customers, what differs, and what waits for a decision."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from contacts.admin.contacts import ContactAdmin
from contacts.models import Contact
from quickbooks_integration import addresses, conflict_pages, enriching, reconciling, standing
from quickbooks_integration.admin.pushing import PushPages
from quickbooks_integration.conflicts import listing
from quickbooks_integration.conflicts.listing import Question
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import Settled, comparing, differing, settling, undoing
from quickbooks_integration.reconciling.differing import Line
from quickbooks_integration.standing import Standing, State
from quickbooks_integration.sync import outbox, pushing

PAIRS_SHOWN, JOBS_SHOWN = 20, 50
SYNC = "quickbooks_integration.sync_quickbooks"


@dataclass(frozen=True)
class LinkedCustomer:
    """One customer of the contact. page: where QuickBooks shows it. linking: how it came to be its customer.
    differences: only fields that QuickBooks fills with something else; questions: those that both sides changed."""

    customer: QuickBooksCustomer
    balance: str
    page: str
    linking: MatchDecision | None
    differences: list[Line]
    questions: list[Question]
    is_primary: bool
    standing: Standing
    can_retry: bool


@dataclass(frozen=True)
class Panel:
    linked: list[LinkedCustomer]
    jobs: list[QuickBooksCustomer]
    more_jobs: int
    questions: list[MatchCandidate]
    can_decide: bool
    may_answer: bool  # a question about what both sides changed
    connected: bool
    can_push: bool
    # Somebody pushed the contact, which is no customer yet.
    creation: Standing | None
    creation_id: int | None


def panel(contact: Contact, request: HttpRequest) -> Panel:
    questions = MatchCandidate.objects.filter(contact=contact, state=MatchCandidate.State.OPEN)
    auth = QuickBooksAuth.objects.in_use().first()
    made = standing.rows_of(("customer",)).filter(local_id=contact.pk, entity_id="").first()
    customers, jobs = comparing.customers_and_jobs(contact)
    return Panel(
        linked=[_linked(contact, customer) for customer in customers],
        jobs=jobs[:JOBS_SHOWN],
        more_jobs=len(jobs[JOBS_SHOWN:]),
        questions=list(questions.select_related("sync__customer")[:PAIRS_SHOWN]),
        can_decide=_can_decide(request),
        may_answer=conflict_pages.may_decide(request.user, "customer"),
        connected=auth is not None,
        can_push=request.user.has_perm(SYNC),
        creation=standing.of(made) if made else None,
        creation_id=made.pk if made else None,
    )


def _linked(contact: Contact, customer: QuickBooksCustomer) -> LinkedCustomer:
    card = listing.of_row(customer.sync)
    return LinkedCustomer(
        customer,
        comparing.dollars(customer.balance_with_jobs),
        addresses.page_of(customer.sync.company, "customer", customer.sync.entity_id),
        undoing.linking_decision(customer.sync),
        differing.lines(contact, customer),
        card.questions if card else [],
        is_primary=customer.sync.entity_id == contact.quickbooks_customer_id,
        standing=standing.of(customer.sync),
        can_retry=standing.state_of(customer.sync) in (State.NEEDS_YOU, State.WAITS, State.ON_ITS_WAY),
    )


def _can_decide(request: HttpRequest) -> bool:
    return request.user.has_perm("quickbooks_integration.decide_matches")


admin.site.unregister(Contact)


@admin.register(Contact)
class ContactWithQuickBooksAdmin(PushPages, ContactAdmin):
    entity_types = ("customer",)
    actions = (*ContactAdmin.actions, "push_to_quickbooks")
    change_form_outer_before_template = "quickbooks_integration/review/contact_panel.html"

    class Media:
        css = {
            "all": (
                "quickbooks_integration/review.css",
                "quickbooks_integration/documents.css",
                "quickbooks_integration/conflicts.css",
            )
        }

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.quickbooks_view)
        return [
            path("<int:contact_id>/quickbooks/", view, name="contacts_contact_quickbooks"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Contact | None = None, **options: Any
    ) -> HttpResponse:
        if obj is not None and request.user.has_perm("quickbooks_integration.view_quickbookscustomer"):
            context["quickbooks"] = panel(obj, request)
        # What the class behind this one shows in the same place comes before the panel.
        context["quickbooks_also"] = ContactAdmin.change_form_outer_before_template
        return super().render_change_form(request, context, *args, obj=obj, **options)

    @method_decorator(require_POST)
    def quickbooks_view(self, request: HttpRequest, contact_id: int) -> HttpResponse:
        """The panel's buttons: take (a field that differs), unlink (a customer), retry and read (its row)."""
        contact = get_object_or_404(Contact, pk=contact_id)
        is_push = request.POST.get("action") in ("retry", "read")
        allowed = request.user.has_perm(SYNC) if is_push else _can_decide(request)
        if not (allowed and self.has_change_permission(request, contact)):
            raise PermissionDenied
        chosen = request.POST.get("sync", "")
        sync = get_object_or_404(
            QuickBooksSync.objects.select_related("customer"),
            pk=chosen if chosen.isdecimal() else 0,
            entity_type="customer",
            local_id=contact.pk,
        )
        try:
            self._act(request, sync, request.POST.get("field", ""))
        except Settled as settled:
            messages.warning(request, str(settled))
        return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[contact.pk]))

    def _act(self, request: HttpRequest, sync: QuickBooksSync, field: str) -> None:
        label = enriching.LABELS.get(field, "The field")
        action = request.POST.get("action")
        if action == "retry":
            outbox.retry(sync.pk)
            messages.success(request, "On its way to QuickBooks. This page shows in a few seconds what became of it.")
        elif action == "read":
            pushing.read_again(sync.pk)
            messages.success(request, "QuickBooks is asked. What changed there is here in a few seconds.")
        elif action == "take":
            settling.take_theirs(sync, field, request.user, request.POST.get("seen", ""))
            messages.success(request, f"{label} is now as in QuickBooks.")
        elif action == "unlink":
            stays = reconciling.unlink(sync, request.user)
            messages.success(request, " ".join([f"{sync.customer} is no longer linked.", *stays]))
