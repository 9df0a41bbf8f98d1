"""Taking an import back in the admin: the button at the import, and the page that says first what goes and what stays."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from contacts import colleagues
from contacts.importing import undoing
from contacts.importing.undoing import Of
from contacts.models import ContactImport

State = ContactImport.State
_MADE = {
    Of.CONTACT: ("contact", "contacts"),
    Of.PROPERTY: ("property", "properties"),
    Of.PHONE: ("phone of a contact from before", "phones of contacts from before"),
    Of.EMAIL: ("e-mail of a contact from before", "e-mails of contacts from before"),
    Of.ADDRESS: ("address of a contact from before", "addresses of contacts from before"),
    Of.ROLE: ("person at a property", "people at properties"),
}
_FILLED = ("filled field of what was there before", "filled fields of what was there before")


class TakesBack(ModelAdmin):
    """Adds it to the admin of imports."""

    def taking_back_context(self, record: ContactImport) -> dict[str, Any]:
        if record.state != State.TAKEN_BACK:
            return {"can_be_taken_back": undoing.can_be(record)}
        count, some = undoing.left(record)
        return {
            "went": _counted({name: rows for name, rows in (record.taken_back or {}).items() if rows}),
            "stay_count": count,
            "stay_shown": some,
            "taken_back_by": _name_of(record),
        }

    def take_back_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        self.require_import(request)
        record = get_object_or_404(ContactImport.objects.defer("content"), pk=pk)
        if request.method == "POST":
            return self._take_back(request, record)
        if not undoing.can_be(record):
            return self._nothing(request, record)
        found = undoing.outlook(record)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Take back {record.filename}",
            "opts": self.opts,
            "record": record,
            "page": page_of(record.pk),
            "goes": _counted(found.goes),
            "stays": _counted(found.stays),
            "stay_count": found.stays.total(),
            "stay_shown": found.some,
        }
        return TemplateResponse(request, "contacts/import_take_back.html", context)

    def _take_back(self, request: HttpRequest, record: ContactImport) -> HttpResponse:
        if not undoing.ask(record.pk, request.user):
            return self._nothing(request, record)
        record.refresh_from_db(fields=["state"])
        self.log_change(request, record, "Took the import back.")
        self.ask_for(record)
        return HttpResponseRedirect(page_of(record.pk))

    def _nothing(self, request: HttpRequest, record: ContactImport) -> HttpResponse:
        messages.warning(request, "There is nothing of this import that can be taken back.")
        return HttpResponseRedirect(page_of(record.pk))

    def require_import(self, request: HttpRequest) -> None:
        raise NotImplementedError

    def ask_for(self, record: ContactImport) -> None:
        raise NotImplementedError


def page_of(pk: int) -> str:
    return reverse("admin:contacts_contactimport_change", args=[pk])


def _counted(rows: dict[str, int]) -> list[str]:
    """ "1,203 contacts", the kinds in the order in which people think of them."""
    found = [_count(rows.get(of, 0), *names) for of, names in _MADE.items()]
    changed = sum(count for kind, count in rows.items() if kind not in _MADE)
    return [text for text in [*found, _count(changed, *_FILLED)] if text]


def _count(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else ""


def _name_of(record: ContactImport) -> str:
    person = record.taken_back_by
    return colleagues.name_of(person) if person else "somebody who is gone"
