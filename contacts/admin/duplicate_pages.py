"""The page "Possible duplicates": groups of contacts that may be one person, each with the way to merge them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from contacts import dismissals, duplicates
from contacts.admin.keys import is_key
from contacts.admin.merge_pages import MergesContacts
from contacts.merging import wanting
from contacts.models import Contact, DismissedDuplicate

PAGE = "admin:contacts_contact_duplicates"
DISMISSED = "admin:contacts_contact_dismissed"
GROUPS_PER_PAGE, PAIRS_PER_PAGE, DONE_SHOWN = 25, 50, 20


class ShowsDuplicates(MergesContacts):
    """Adds the page to the admin of contacts."""

    def get_urls(self) -> list[URLPattern]:
        wrapped = self.admin_site.admin_view
        return [
            path("duplicates/", wrapped(self.duplicates_view), name="contacts_contact_duplicates"),
            path("duplicates/dismissed/", wrapped(self.dismissed_view), name="contacts_contact_dismissed"),
            *super().get_urls(),
        ]

    def duplicates_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_merge_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return _withdraw(request) if "withdraw" in request.POST else _dismiss(request)
        found = duplicates.search()
        page = Paginator(found.groups, GROUPS_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Possible duplicates",
            "opts": self.opts,
            "page": page,
            "is_cut": found.is_cut,
            "waiting": wanting.waiting(),
            "done_lately": wanting.done_lately()[:DONE_SHOWN],
            "groups": duplicates.shown(list(page.object_list)),
        }
        return TemplateResponse(request, "contacts/duplicates.html", context)

    def dismissed_view(self, request: HttpRequest) -> HttpResponse:
        """Pairs of which somebody said that they are not the same. POST pair: asks about it again."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return _ask_again(request)
        rows = dismissals.to_be_listed(DismissedDuplicate)
        page = Paginator(rows, PAIRS_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Not the same",
            "opts": self.opts,
            "page": page,
            "standing": dismissals.standing(DismissedDuplicate).count(),
            "pairs": dismissals.with_both(page.object_list, Contact.objects.prefetch_related("phones", "emails")),
        }
        return TemplateResponse(request, "contacts/dismissed.html", context)


def _withdraw(request: HttpRequest) -> HttpResponse:
    """withdraw: both keys of a wished merge, 12-57."""
    one, _, other = request.POST["withdraw"].partition("-")
    if is_key(one) and is_key(other) and wanting.withdraw([(int(one), int(other))]):
        messages.success(request, "Withdrawn: these two are not merged by themselves any more.")
    else:
        messages.info(request, "This merge does not wait any more: it was done or withdrawn. Nothing was changed.")
    return HttpResponseRedirect(reverse(PAGE))


def _dismiss(request: HttpRequest) -> HttpResponse:
    """contact: all of the group. somebody_else: those that are none of the others; without any, all are different."""
    group, others = _keys(request, "contact"), _keys(request, "somebody_else")
    if request.POST.get("which") == "ticked" and not others:
        messages.info(request, "Nobody was ticked. Nothing was changed.")
        return HttpResponseRedirect(reverse(PAGE))
    if request.POST.get("which") == "ticked":
        duplicates.dismiss(others, request.user, others=group)
    else:
        duplicates.dismiss(group, request.user)
    messages.success(request, "Noted: they are not the same. Dismissed pairs has the list, and the way back.")
    return HttpResponseRedirect(reverse(PAGE))


def _keys(request: HttpRequest, name: str) -> list[int]:
    return [int(key) for key in request.POST.getlist(name) if is_key(key)][: dismissals.MOST_AT_ONCE]


def _ask_again(request: HttpRequest) -> HttpResponse:
    number = request.POST.get("pair", "")
    if is_key(number) and dismissals.ask_again(DismissedDuplicate, int(number), request.user):
        messages.success(request, "They are asked about again, if something still connects them.")
    else:
        messages.info(request, "This was taken back before. Nothing was changed.")
    return HttpResponseRedirect(reverse(DISMISSED))
