"""How a contact stands, the next steps and its timeline: on its page, and on a page of its own for what is older."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from contacts import timeline
from contacts.models import Contact
from contacts.timeline import Page, Place

PAGE = "admin:contacts_contact_timeline"
ON_THE_FORM = 15


class ShowsTimeline(ModelAdmin):
    """Adds both to the admin of contacts."""

    change_form_outer_before_template = "contacts/standing.html"
    change_form_outer_after_template = "contacts/timeline.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.timeline_view)
        return [path("<int:contact_id>/timeline/", view, name="contacts_contact_timeline"), *super().get_urls()]

    def timeline_view(self, request: HttpRequest, contact_id: int) -> HttpResponse:
        contact = Contact.objects.prefetch_related("phones", "emails").filter(pk=contact_id).first()
        if contact is None:
            raise Http404
        if not self.has_view_permission(request, contact):
            raise PermissionDenied
        before = Place.read(request.GET.get("older", ""))
        found = timeline.page(contact, request.user.has_perm, before)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Timeline of {contact}",
            "opts": self.opts,
            "contact": contact,
            "is_later": before is not None,
            **_shown(contact, found),
        }
        return TemplateResponse(request, "contacts/timeline_page.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Contact | None = None, **options: Any
    ) -> HttpResponse:
        if obj is not None:
            may = request.user.has_perm  # type: ignore[union-attr]
            standing = timeline.standing(obj, may)
            context |= {"facts": standing.facts, "steps": standing.steps}
            context |= _shown(obj, timeline.page(obj, may, number=ON_THE_FORM))
        return super().render_change_form(request, context, *args, obj=obj, **options)


def _shown(contact: Contact, found: Page) -> dict[str, Any]:
    page = reverse(PAGE, args=[contact.pk])
    older = f"{page}?{urlencode({'older': str(found.older)})}" if found.older is not None else ""
    return {"timeline": found.entries, "older": older}
