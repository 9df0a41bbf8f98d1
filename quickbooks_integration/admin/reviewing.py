"""The page that asks about one pair after the other, and the choices when QuickBooks may have somebody already."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contacts import conversations
from contacts.admin import merge_pages
from contacts.admin.keys import is_key
from contacts.matching.kinds import LABELS, Kind
from contacts.merging import choosing
from contacts.models import Activity, Contact
from quickbooks_integration import reconciling
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling import Settled, comparing, evidence, reporting, together
from quickbooks_integration.reconciling.deciding import Changed, shown
from quickbooks_integration.service import QuickBooksService

PAGE = "admin:quickbooks_integration_matchcandidate_review"
TEMPLATES = "quickbooks_integration/review"
PARTS = ("contact__phones", "contact__emails", "contact__addresses")


@dataclass(frozen=True)
class Counted:
    """So many open questions of one kind."""

    kind: Kind
    label: str
    number: int


class ReviewPages:
    """Views of MatchCandidate's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def review_view(self, request: HttpRequest) -> HttpResponse:
        _require_decider(request)
        if request.method == "POST":
            return self._decide(request)
        try:
            candidate = _chosen(request) or reconciling.next_for(request.user, _kind(request))
        except Settled as settled:
            messages.info(request, f"{settled} Here is the next pair.")
            return HttpResponseRedirect(_queue(request))
        if candidate is None:
            return self._page(request, "empty", "Review matches", _nothing_left(request))
        return self._page(request, "pair", "Are these two the same?", _question(candidate, request))

    def _decide(self, request: HttpRequest) -> HttpResponse:
        act = ACTIONS.get(request.POST.get("action", ""))
        if act is None:
            messages.error(request, "This button is not known here. Nothing was changed.")
            return HttpResponseRedirect(_queue(request))
        try:
            return HttpResponseRedirect(act(request))
        except Changed as changed:
            messages.warning(request, str(changed))
            return HttpResponseRedirect(_queue(request, pair=request.POST["candidate"]))
        except Settled as settled:
            messages.warning(request, str(settled))
        return HttpResponseRedirect(_queue(request))

    @method_decorator(require_http_methods(["GET", "POST"]))
    def create_customer_view(self, request: HttpRequest, contact_id: int) -> HttpResponse:
        """Makes a QuickBooks customer of a contact; asks when QuickBooks may have this person already.

        POST: candidate (the question it came from), name and looked (the person's answer), customer (link to that one
        instead), next (the page to go on with).
        """
        _require_decider(request)
        contact = get_object_or_404(Contact, pk=contact_id)
        onward = _next_page(request)
        if request.method == "GET":  # the address was reloaded or kept; a look never creates anything
            return HttpResponseRedirect(onward)
        try:
            if request.POST.get("customer"):
                _link_to_found(request, contact)
                return HttpResponseRedirect(onward)
            answer = _create(request, contact)
        except (Settled, QuickBooksError) as error:
            messages.error(request, str(error))
            return HttpResponseRedirect(onward)
        if answer["result"] in ("exists", "name_taken"):
            return self._page(
                request, "choices", f"{contact} in QuickBooks", _choices(request, contact, answer, onward)
            )
        _tell_created(request, answer)
        return HttpResponseRedirect(onward)

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> TemplateResponse:
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request, f"{TEMPLATES}/{template}.html", {**everywhere, "title": title, "opts": self.opts, **context}
        )


def _require_decider(request: HttpRequest) -> None:
    if not request.user.has_perm("quickbooks_integration.decide_matches"):
        raise PermissionDenied


def _kind(request: HttpRequest) -> str:
    """The kind of questions that this person goes through; "" for all of them."""
    asked = request.POST.get("kind", "") or request.GET.get("kind", "")
    return asked if asked in set(Kind) else ""


def _queue(request: HttpRequest, **more: Any) -> str:
    """The page of questions, of the kind that this person goes through."""
    query = {"kind": _kind(request), **more}
    wanted = {name: value for name, value in query.items() if value}
    return f"{reverse(PAGE)}?{urlencode(wanted)}" if wanted else reverse(PAGE)


# --- What the page shows -----------------------------------------------------------------------


def _chosen(request: HttpRequest) -> MatchCandidate | None:
    """The pair that a link asks for; if a merge took it away, another one of the customer that the link names."""
    number, customer = request.GET.get("pair", ""), request.GET.get("customer", "")
    if not is_key(number):
        return None
    candidate = MatchCandidate.objects.filter(pk=number).first()
    if candidate is None and is_key(customer):
        candidate = MatchCandidate.objects.filter(sync=customer, state=MatchCandidate.State.OPEN).first()
    if candidate is None:
        raise Settled("This pair is no longer a question.")
    return reconciling.claim(candidate, request.user)


def _question(candidate: MatchCandidate, request: HttpRequest) -> dict[str, Any]:
    candidate = (
        MatchCandidate.objects.select_related("sync__customer", "contact").prefetch_related(*PARTS).get(pk=candidate.pk)
    )
    comparison = comparing.compare(candidate)
    return {
        "candidate": candidate,
        "seen": shown(candidate),
        "customer": candidate.sync.customer,
        "contact": candidate.contact,
        "comparison": comparison,
        "merges": _merges(candidate, comparison, request),
        "said": _said(candidate, request),
        "waterfall": evidence.waterfall(candidate),
        **_kinds(request),
        **_last(request),
    }


def _said(candidate: MatchCandidate, request: HttpRequest) -> list[tuple[str, list[Activity]]]:
    """What was said last with each side: QuickBooks' by its numbers, whoever they belong to here."""
    if not request.user.has_perm("contacts.view_conversation"):
        return []
    ours = [phone.key for phone in candidate.contact.phones.all() if phone.key]
    of_ours = Q(contact=candidate.contact) | Q(contact=None, other_number__in=ours)
    of_theirs = Q(other_number__in=candidate.sync.customer.phone_keys)
    return [("CRM", conversations.recent(of_ours)), ("QuickBooks", conversations.recent(of_theirs))]


def _merges(
    candidate: MatchCandidate, comparison: comparing.Comparison, request: HttpRequest
) -> list[tuple[Contact, str]]:
    """Other contacts that the customer could be, and the page that makes one of both and comes back here."""
    if not request.user.has_perms(("contacts.merge_contact", "contacts.change_contact")):
        return []
    back = _queue(request, pair=candidate.pk, customer=candidate.sync_id)
    found = []
    for other in (asked.contact for asked in comparison.of_customer):
        keep = choosing.preferred_of(candidate.contact, other)
        lost = other if keep == candidate.contact else candidate.contact
        found.append((other, merge_pages.address_of(keep.pk, lost.pk, back=back)))
    return found


def _last(request: HttpRequest) -> dict[str, Any]:
    """What Undo would take back, and to how many others the same could be done."""
    last = reconciling.last_decision(request.user)
    answer = together.like(last, request.user) if last else None
    return {"last": last, "alike": answer.number() if answer else 0}


def _kinds(request: HttpRequest) -> dict[str, Any]:
    """How many questions there are of each kind, and which kind is shown."""
    shown, counted = _kind(request), reconciling.counts_by_kind()
    kinds = [Counted(kind, label, counted.get(kind, 0)) for kind, label in LABELS.items()]
    return {
        "kind": shown,
        "kind_label": LABELS[Kind(shown)] if shown else "",
        "kinds": [one for one in kinds if one.number or one.kind == shown],
        "remaining": counted.get(shown, 0) if shown else sum(counted.values()),
        "of_all_kinds": sum(counted.values()),
    }


def _nothing_left(request: HttpRequest) -> dict[str, Any]:
    company = QuickBooksAuth.objects.exclude(state=QuickBooksAuth.State.DISCONNECTED).first()
    return {
        "connected": company is not None,
        "counts": reporting.counts(company) if company else {},
        **_kinds(request),
        **_last(request),
    }


# --- What the buttons do -----------------------------------------------------------------------


def _link(request: HttpRequest) -> str:
    candidate = _candidate(request)
    reconciling.link(candidate, request.user, seen=request.POST.get("seen", ""))
    messages.success(request, f"Linked {candidate.sync.customer} to {candidate.contact}.")
    return _queue(request)


def _refuse(request: HttpRequest) -> str:
    candidate = _candidate(request)
    reconciling.refuse(candidate, request.user, seen=request.POST.get("seen", ""))
    messages.success(request, f"{candidate.sync.customer} and {candidate.contact} are not the same.")
    return _queue(request)


def _create_contact(request: HttpRequest) -> str:
    candidate = _candidate(request)
    decision = reconciling.create_contact(candidate.sync, request.user)
    messages.success(request, f"{decision.contact} is a new contact, linked to the QuickBooks customer.")
    return _queue(request)


def _skip(request: HttpRequest) -> str:
    candidate = _candidate(request)
    reconciling.skip(candidate, request.user)
    messages.info(request, f"Skipped {candidate.sync.customer}. It comes again at the end.")
    return _queue(request)


def _undo(request: HttpRequest) -> str:
    number = request.POST.get("decision", "")
    rows = MatchDecision.objects.select_related("sync__customer", "contact")
    decided = rows.filter(pk=number).first() if number.isdecimal() else None
    if decided is None:
        raise Settled("There is nothing to undo.")
    said = f"Undone: {decided.get_action_display()}, {decided.sync.customer} and {decided.contact or 'no contact'}."
    stays = reconciling.undo(decided, request.user)
    messages.success(request, " ".join([said, *stays]))
    return _back_to(request, decided)


def _back_to(request: HttpRequest, decided: MatchDecision) -> str:
    """The pair that is a question again, so that it can be decided anew."""
    asked = MatchCandidate.objects.filter(sync=decided.sync_id, state=MatchCandidate.State.OPEN)
    pair = asked.filter(contact=decided.contact_id).first() or asked.first()
    return _queue(request, pair=pair.pk if pair else None)


ACTIONS = {
    "link": _link,
    "refuse": _refuse,
    "create_contact": _create_contact,
    "skip": _skip,
    "undo": _undo,
}


def _candidate(request: HttpRequest) -> MatchCandidate:
    number = request.POST.get("candidate", "")
    rows = MatchCandidate.objects.select_related("sync__customer", "contact").prefetch_related(*PARTS)
    candidate = rows.filter(pk=number).first() if number.isdecimal() else None
    if candidate is None:
        raise Settled(
            "This pair is no longer a question: a phone or an e-mail was changed meanwhile, or the contact was deleted. "
            "Nothing was changed."
        )
    return candidate


# --- A new customer in QuickBooks --------------------------------------------------------------


def _create(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    from quickbooks_integration.sync import QuickBooksSyncService

    service = QuickBooksSyncService(QuickBooksService.for_page())
    name, looked = request.POST.get("name", "").strip(), request.POST.get("looked") == "1"
    answer = service.create_customer_from_contact(contact, name=name, looked=looked, by=request.user)
    if answer["result"] == "created":
        _refuse_the_question(request)
    return answer


def _refuse_the_question(request: HttpRequest) -> None:
    """Whoever makes a new customer of the contact says that it is not the customer it was asked about."""
    number = request.POST.get("candidate", "")
    candidate = MatchCandidate.objects.filter(pk=number, state="open").first() if number.isdecimal() else None
    if candidate is not None:
        reconciling.each(reconciling.refuse, [candidate], request.user)


def _link_to_found(request: HttpRequest, contact: Contact) -> None:
    sync = QuickBooksSync.objects.filter(
        entity_type="customer", entity_id=request.POST["customer"], company=QuickBooksService.current().auth
    ).first()
    if sync is None:
        raise Settled("The CRM has not read this customer from QuickBooks yet. Sync first, then link the two.")
    reconciling.link_to(sync, contact, request.user)
    messages.success(request, f"Linked {sync.customer} to {contact}.")


def _choices(request: HttpRequest, contact: Contact, answer: dict[str, Any], onward: str) -> dict[str, Any]:
    return {
        "contact": contact,
        "answer": answer,
        "candidate": request.POST.get("candidate", ""),
        "onward": onward,
        "typed": request.POST.get("name", "") or contact.name,
    }


def _tell_created(request: HttpRequest, answer: dict[str, Any]) -> None:
    level = {"created": messages.SUCCESS, "already_linked": messages.INFO, "unknown": messages.WARNING}
    messages.add_message(request, level.get(answer["result"], messages.ERROR), answer["message"])


def _next_page(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return _queue(request)
