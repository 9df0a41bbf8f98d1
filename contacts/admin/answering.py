"""Deciding in the admin where a list says something else: one by one, or all of one field."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from contacts.admin.keys import is_key
from contacts.admin.taking_back import page_of
from contacts.importing import answering
from contacts.importing.answering import Answered
from contacts.models import ContactImport

TAKE, KEEP = "take", "keep"
SENTENCES = 5


class AnswersDifferences(ModelAdmin):
    """Adds it to the admin of imports."""

    def answering_context(self, request: HttpRequest, record: ContactImport) -> dict[str, Any]:
        """?field= and ?after=: the field of which a press did not come to the end, and where it goes on."""
        fields = answering.open_fields(record) if record.state == ContactImport.State.DONE else []
        return {
            "open_fields": fields,
            "may_answer": record.state == ContactImport.State.DONE,
            "begun": request.GET.get("field"),
            "after": _key(request.GET.get("after", "")),
        }

    def answer_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        """answer: take or keep; difference: its key, or field: all of that field, to be taken from `after` on."""
        self.require_import(request)
        record = get_object_or_404(ContactImport.objects.defer("content"), pk=pk)
        which = _which(request)
        answer = {TAKE: answering.take, KEEP: answering.keep}.get(request.POST.get("answer", ""))
        if answer is None or which is None:
            raise PermissionDenied
        if record.state != ContactImport.State.DONE:
            messages.warning(request, "This import was taken back meanwhile. Nothing was changed.")
            return HttpResponseRedirect(page_of(pk))
        answered = answer(record, request.user, **which)
        _tell(request, request.POST["answer"], answered)
        if answered.after is not None:
            return HttpResponseRedirect(f"{page_of(pk)}?{urlencode({**which, 'after': answered.after})}")
        page = request.POST.get("page", "")
        return HttpResponseRedirect(page_of(pk) + (f"?page={page}" if is_key(page) else ""))

    def require_import(self, request: HttpRequest) -> None:
        raise NotImplementedError


def _which(request: HttpRequest) -> dict[str, Any] | None:
    key, name = request.POST.get("difference", ""), request.POST.get("field", "")
    if is_key(key):
        return {"pk": int(key)}
    if not name:
        return None
    which: dict[str, Any] = {"field": name}
    if request.POST.get("answer") == TAKE:  # keeping them is one statement, which has nothing to go on from
        which["after"] = _key(request.POST.get("after", ""))
    return which


def _key(text: str) -> int | None:
    return int(text) if is_key(text) else None


def _tell(request: HttpRequest, answer: str, answered: Answered) -> None:
    for sentence in answered.refused[:SENTENCES]:
        messages.warning(request, capfirst(sentence))
    if (more := len(answered.refused) - SENTENCES) > 0:
        messages.warning(request, f"{more:,} more could not be taken for the same reasons.")
    if answered.done or answered.left:
        what = "Taken from the list" if answer == TAKE else "Kept as they are here, for later lists too"
        rest = f" {answered.left:,} more wait: press Go on." if answered.left else ""
        messages.success(request, f"{what}: {answered.done:,}.{rest}")
