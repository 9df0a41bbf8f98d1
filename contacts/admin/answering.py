"""Deciding in the admin where a list says something else: one by one, or all of one field."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
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

    def answering_context(self, record: ContactImport) -> dict[str, Any]:
        fields = answering.open_fields(record) if record.state == ContactImport.State.DONE else []
        return {"open_fields": fields, "may_answer": record.state == ContactImport.State.DONE}

    def answer_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        """answer: take or keep; difference: its key, or field: all of that field."""
        self.require_import(request)
        record = get_object_or_404(ContactImport.objects.defer("content"), pk=pk)
        which = _which(request)
        answer = {TAKE: answering.take, KEEP: answering.keep}.get(request.POST.get("answer", ""))
        if answer is None or which is None:
            raise PermissionDenied
        if record.state != ContactImport.State.DONE:
            messages.warning(request, "This import was taken back meanwhile. Nothing was changed.")
            return HttpResponseRedirect(page_of(pk))
        _tell(request, request.POST["answer"], answer(record, request.user, **which))
        page = request.POST.get("page", "")
        return HttpResponseRedirect(page_of(pk) + (f"?page={page}" if is_key(page) else ""))

    def require_import(self, request: HttpRequest) -> None:
        raise NotImplementedError


def _which(request: HttpRequest) -> dict[str, Any] | None:
    key, name = request.POST.get("difference", ""), request.POST.get("field", "")
    if is_key(key):
        return {"pk": int(key)}
    return {"field": name} if name else None


def _tell(request: HttpRequest, answer: str, answered: Answered) -> None:
    for sentence in answered.refused[:SENTENCES]:
        messages.warning(request, capfirst(sentence))
    if (more := len(answered.refused) - SENTENCES) > 0:
        messages.warning(request, f"{more:,} more could not be taken for the same reasons.")
    if answered.done:
        what = "Taken from the list" if answer == TAKE else "Kept as they are here, for later lists too"
        rest = f" {answered.left:,} more wait: press again." if answered.left > 0 else ""
        messages.success(request, f"{what}: {answered.done:,}.{rest}")
