"""Merging in the admin: the action on the list, the page with both side by side, and the way back at the survivor."""

from collections.abc import Iterable
from functools import reduce
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from contacts import conversations, merging
from contacts.admin.keys import is_key
from contacts.fingerprints import fingerprint
from contacts.merging import Refused, choosing, wanting
from contacts.models import Contact, ContactMerge

PAGE = "admin:contacts_contact_merge"
CHANGE, LIST = "admin:contacts_contact_change", "admin:contacts_contact_changelist"
FIELD = "field-"
MOST_AT_ONCE = 10


def address_of(keep: int, other: int, then: Iterable[int] = (), back: str = "") -> str:
    """Of the page that asks whether `other` should become part of `keep`. then: who is asked about after that. back: the
    page that comes when all are decided."""
    more = {name: text for name, text in {"then": "-".join(map(str, then)), "back": back}.items() if text}
    return f"{reverse(PAGE)}?{urlencode({'keep': keep, 'other': other} | more)}"


class MergesContacts(ModelAdmin):
    """Adds all of it to the admin of contacts."""

    change_form_outer_before_template = "contacts/merges.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("merge/", view(self.merge_view), name="contacts_contact_merge"),
            path("merge/<int:merge_id>/undo/", view(self.undo_merge_view), name="contacts_contact_merge_undo"),
            *super().get_urls(),
        ]

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contacts.merge_contact") and self.has_change_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who was merged away is kept as it was."""
        is_current = not isinstance(obj, Contact) or obj.merged_into_id is None
        return is_current and super().has_change_permission(request, obj)

    @admin.action(description="Merge contacts", permissions=["merge"])
    def merge_contacts(self, request: HttpRequest, queryset: QuerySet[Contact]) -> HttpResponse | None:
        picked = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if not 2 <= len(picked) <= MOST_AT_ONCE:
            messages.warning(
                request, f"Tick the contacts that are one person, 2 to {MOST_AT_ONCE}, then choose Merge contacts."
            )
            return None
        keep = reduce(choosing.preferred_of, picked)
        other, *then = [one.pk for one in picked if one != keep]
        return HttpResponseRedirect(address_of(keep.pk, other, then))

    def merge_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_merge_permission(request):
            raise PermissionDenied
        pair = _pair(request)
        if pair is None:
            messages.warning(request, "One of the two contacts is not there any more. Pick two from the list.")
            return HttpResponseRedirect(reverse(LIST))
        if request.method == "POST":
            return self._merge(request, *pair)
        found, then, back = merging.plan(*pair), _then(request, *pair), _back(request)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Merge {found.loser} into {found.survivor}",
            "opts": self.opts,
            "plan": found,
            "swapped": address_of(found.loser.pk, found.survivor.pk, [one.pk for one in then], back),
            "then": then,
            "left_out": _next(found.survivor, then, back),
            "back": back or reverse(LIST),
            "shown": fingerprint(choosing.texts(found.choices)),
            "wanted": wanting.wanted(*pair),
            "said": [conversations.recent(Q(contact=one)) for one in pair] if _may_read_talk(request) else [],
        }
        return TemplateResponse(request, "contacts/merge.html", context)

    def _merge(self, request: HttpRequest, survivor: Contact, loser: Contact) -> HttpResponse:
        then, back = _then(request, survivor, loser), _back(request)
        chosen = {name.removeprefix(FIELD): text for name, text in request.POST.items() if name.startswith(FIELD)}
        if request.POST.get("when") in LATER:
            messages.success(request, LATER[request.POST["when"]](request, survivor, loser, chosen))
            return HttpResponseRedirect(_next(survivor, then, back) or back or address_of(survivor.pk, loser.pk))
        try:
            done = merging.merge(survivor.pk, loser.pk, request.user, chosen, seen=request.POST.get("seen", ""))
        except Refused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(address_of(survivor.pk, loser.pk, [one.pk for one in then], back))
        self.log_change(request, survivor, f"Merged with {done.loser_name}.")
        moved = merging.moved(done)
        what = f" Moved here: {', '.join(moved)}." if moved else ""
        if then:
            messages.success(request, f"{done.loser_name} is part of {survivor} now.{what} Here is the next one.")
            return HttpResponseRedirect(_next(survivor, then, back))
        if back:
            said = f"{done.loser_name} is part of {survivor} now.{what} You can undo it on the contact's page."
            messages.success(request, said)
            return HttpResponseRedirect(back)
        messages.success(request, f"{done.loser_name} is part of this contact now.{what} You can undo it below.")
        return HttpResponseRedirect(reverse(CHANGE, args=[survivor.pk]))

    @method_decorator(require_POST)
    def undo_merge_view(self, request: HttpRequest, merge_id: int) -> HttpResponse:
        if not self.has_merge_permission(request):
            raise PermissionDenied
        try:
            undone = merging.undo(merge_id, request.user)
        except Refused as refused:
            messages.error(request, str(refused))
            found = ContactMerge.objects.filter(pk=merge_id).first()
            return HttpResponseRedirect(reverse(CHANGE, args=[found.survivor_id]) if found else reverse(LIST))
        self.log_change(request, undone.survivor, f"Took back the merge with {undone.loser_name}.")
        messages.success(request, f"{undone.loser_name} is a contact of its own again.")
        for sentence in undone.left:
            messages.warning(request, sentence)
        return HttpResponseRedirect(reverse(CHANGE, args=[undone.survivor_id]))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Contact | None = None, **options: Any
    ) -> HttpResponse:
        if obj is not None:
            context["merges"] = merging.open_merges(obj)
            context["may_merge"] = self.has_merge_permission(request)
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> HttpResponse:
        """Whoever opens, or still edits, a contact that was merged away is led to the one that it became."""
        merged = Contact.objects.exclude(merged_into=None).select_related("merged_into")
        contact = merged.filter(pk=object_id).first() if is_key(object_id) else None
        if contact is not None and self.has_view_permission(request, contact):
            lost = " Nothing of what you typed was saved." if request.method == "POST" else ""
            messages.warning(request, f"{contact} was merged into {contact.merged_into}, which you see here.{lost}")
            return HttpResponseRedirect(reverse(CHANGE, args=[contact.merged_into_id]))
        return super().change_view(request, object_id, *args, **options)


def _may_read_talk(request: HttpRequest) -> bool:
    return request.user.has_perm("contacts.view_conversation")  # type: ignore[union-attr]


def _pair(request: HttpRequest) -> tuple[Contact, Contact] | None:
    """keep and other of the page's address."""
    keep, other = (_found(request.GET.get(name, "")) for name in ("keep", "other"))
    return (keep, other) if keep is not None and other is not None else None


def _then(request: HttpRequest, survivor: Contact, loser: Contact) -> list[Contact]:
    """Who else is to become part of the survivor, in the order of the address; without those that are by now."""
    keys = [int(key) for key in request.GET.get("then", "").split("-")[:MOST_AT_ONCE] if is_key(key)]
    found = Contact.objects.current().exclude(pk__in=[survivor.pk, loser.pk]).in_bulk(keys)
    return [found[key] for key in dict.fromkeys(keys) if key in found]


def _next(survivor: Contact, then: list[Contact], back: str) -> str:
    """The page about the first of them; none without any."""
    keys = [one.pk for one in then]
    return address_of(survivor.pk, keys[0], keys[1:], back) if keys else ""


def _back(request: HttpRequest) -> str:
    """The page of ours that the address names; "" without one."""
    named = request.GET.get("back", "")
    is_ours = url_has_allowed_host_and_scheme(named, {request.get_host()}, require_https=request.is_secure())
    return named if is_ours else ""


def _want(request: HttpRequest, survivor: Contact, loser: Contact, chosen: dict[str, str]) -> str:
    wanting.want(survivor, loser, request.user, chosen, request.POST.get("shown"))
    return f"Noted: {loser} becomes part of {survivor} by itself as soon as nothing stands in the way."


def _withdraw(request: HttpRequest, survivor: Contact, loser: Contact, chosen: dict[str, str]) -> str:
    wanting.withdraw([(survivor.pk, loser.pk)])
    return f"{survivor} and {loser} are not merged by themselves any more."


LATER = {"later": _want, "never": _withdraw}


def _found(key: str) -> Contact | None:
    if not is_key(key):
        return None
    rows = Contact.objects.select_related("merged_into").prefetch_related("phones", "emails", "addresses")
    return rows.filter(pk=int(key)).first()
