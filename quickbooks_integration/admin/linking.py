"""The page on which a person looks for the contact that a customer is, whatever the machine proposes."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contacts import search
from contacts.admin.keys import is_key
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import QuickBooksCustomer
from quickbooks_integration.reconciling import Settled

PAGE = "admin:quickbooks_integration_quickbookscustomer_link"
CUSTOMER = "admin:quickbooks_integration_quickbookscustomer_change"
QUEUE = "admin:quickbooks_integration_matchcandidate_review"
MOST_SHOWN = 20


class LinkPage:
    """A view of QuickBooksCustomer's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def link_view(self, request: HttpRequest, sync_id: int) -> HttpResponse:
        """q: words to look for. from: "queue" when the person goes on with the questions. POST contact: links it."""
        if not request.user.has_perm("quickbooks_integration.decide_matches"):
            raise PermissionDenied
        customer = get_object_or_404(QuickBooksCustomer.objects.select_related("sync"), pk=sync_id)
        if request.method == "POST":
            return self._link(request, customer)
        text = request.GET.get("q", "").strip()
        found = _found(text) if text else []
        context = {
            "customer": customer,
            "q": text,
            "found": found[:MOST_SHOWN],
            "more": len(found) > MOST_SHOWN,
            "of_queue": request.GET.get("from") == "queue",
        }
        everywhere = self.admin_site.each_context(request)
        title = f"Whose is {customer}?"
        return TemplateResponse(
            request,
            "quickbooks_integration/review/link.html",
            {**everywhere, "title": title, "opts": self.opts, **context},
        )

    def _link(self, request: HttpRequest, customer: QuickBooksCustomer) -> HttpResponse:
        number, of_queue = request.POST.get("contact", ""), request.POST.get("from") == "queue"
        contact = Contact.objects.filter(pk=number).first() if is_key(number) else None
        try:
            if contact is None:
                raise Settled("This contact is not here any more. Nothing was changed.")
            reconciling.link_to(customer.sync, contact, request.user)
        except Settled as settled:
            messages.warning(request, str(settled))
            back = {"q": request.POST.get("q", "")} | ({"from": "queue"} if of_queue else {})
            return HttpResponseRedirect(f"{reverse(PAGE, args=[customer.pk])}?{urlencode(back)}")
        messages.success(request, f"Linked {customer} to {contact}. Decisions has the way back.")
        return HttpResponseRedirect(reverse(QUEUE) if of_queue else reverse(CUSTOMER, args=[customer.pk]))


def _found(text: str) -> list[tuple[Contact, list[QuickBooksCustomer]]]:
    """Contacts, each with the customers that it is already; one more than is shown. A fixed number of queries."""
    rows = search.contacts(Contact.objects.current(), text).prefetch_related("phones", "emails", "addresses")
    contacts: list[Contact] = list(rows.order_by("last_name", "first_name", "pk")[: MOST_SHOWN + 1])
    linked: dict[Any, list[QuickBooksCustomer]] = {contact.pk: [] for contact in contacts}
    customers = QuickBooksCustomer.objects.select_related("sync").defer("raw")
    for customer in customers.filter(sync__entity_type="customer", sync__local_id__in=linked, parent_id=""):
        linked[customer.sync.local_id].append(customer)
    return [(contact, linked[contact.pk]) for contact in contacts]
