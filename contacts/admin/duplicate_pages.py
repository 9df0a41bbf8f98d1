"""The page "Possible duplicates": groups of contacts that may be one person, each with the way to merge them."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from contacts import duplicates
from contacts.admin.merge_pages import MergesContacts, is_key

PAGE = "admin:contacts_contact_duplicates"
GROUPS_PER_PAGE = 25


class ShowsDuplicates(MergesContacts):
    """Adds the page to the admin of contacts."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.duplicates_view)
        return [path("duplicates/", view, name="contacts_contact_duplicates"), *super().get_urls()]

    def duplicates_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_merge_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return _dismiss(request)
        page = Paginator(duplicates.groups(), GROUPS_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Possible duplicates",
            "opts": self.opts,
            "page": page,
            "groups": duplicates.shown(list(page.object_list)),
        }
        return TemplateResponse(request, "contacts/duplicates.html", context)


def _dismiss(request: HttpRequest) -> HttpResponse:
    ids = [int(key) for key in request.POST.getlist("contact") if is_key(key)]
    duplicates.dismiss(ids[: duplicates.MOST_OF_A_GROUP], request.user)
    messages.success(request, "Noted: they are not the same. You are not asked about them again.")
    return HttpResponseRedirect(reverse(PAGE))
