"""Importing in the admin: upload, look at what would happen, confirm, read what happened."""

from functools import partial
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget

from contacts import colleagues, tasks
from contacts.admin.answering import AnswersDifferences
from contacts.admin.exporting import ExportsRows, csv_answer
from contacts.admin.taking_back import TakesBack, page_of
from contacts.importing import reading, returning, runs, undoing, uploads
from contacts.models import ContactImport

ROWS_PER_PAGE = 50
COUNTS = ("read", "created", "enriched", "unchanged", "conflict", "rejected")


class UploadForm(forms.ModelForm):
    file = forms.FileField(
        label="CSV or Excel file",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,text/csv,.xlsx"}),
        error_messages={"empty": "The file is empty. Check that you picked the right one."},
        help_text="A list with the columns external_id, first_name, last_name, company, phone, email, address, city, state, "
        "zip (any of them), an export of PropertyRadar, or QuickBooks' export of customers. "
        "Nothing is stored before you have seen what would happen.",
    )

    class Meta:
        model = ContactImport
        fields = ()

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if file.size > reading.MAX_BYTES:
            raise forms.ValidationError(
                f"The file has {file.size / 1024 / 1024:.0f} MB; at most {reading.MAX_BYTES // 1024 // 1024} MB can be "
                "imported at once. Split it into parts that each begin with the header line."
            )
        return file


@admin.register(ContactImport)
class ContactImportAdmin(AnswersDifferences, TakesBack, ExportsRows):
    list_display = ("filename", "shown_state", "shown_start", *COUNTS)
    list_filter = ()
    list_per_page = 50
    fields = ("filename", "kind", "started_at", "finished_at", "who")
    add_form_template = "contacts/import_upload.html"
    change_form_template = "contacts/import_page.html"

    class Media:
        css = {"all": ("contacts/import.css",)}
        js = ("contacts/import.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactImport]:
        return super().get_queryset(request).defer("content").select_related("imported_by", "taken_back_by")

    @display(
        description="State",
        label={"Imported": "success", "Waiting for your OK": "warning", "Not imported": "danger", "Taken back": "info"},
    )
    def shown_state(self, record: ContactImport) -> str:
        return record.get_state_display()

    @display(description="Started", ordering="started_at")
    def shown_start(self, record: ContactImport) -> SafeString:
        started = date_format(timezone.localtime(record.started_at), "M j, Y, g:i A")
        return format_html('<span class="whitespace-nowrap">{}</span>', started)

    def has_add_permission(self, request: HttpRequest) -> bool:
        needed = ("contacts.add_contactimport", "contacts.add_contact", "contacts.change_contact")
        return request.user.has_perms(needed)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        return UploadForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return [(None, {"fields": ("file",)})] if obj is None else super().get_fieldsets(request, obj)

    @display(description="Imported by")
    def who(self, record: ContactImport) -> str:
        """Without the link to the person, which the office may not open."""
        person = record.imported_by
        return colleagues.name_of(person) if person else "the command line"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else self.fields

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        record = self.get_object(request, object_id)
        context = self._page_context(request, record) if record and self.has_view_permission(request, record) else {}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _page_context(self, request: HttpRequest, record: ContactImport) -> dict[str, Any]:
        rows = record.rows.select_related("contact").prefetch_related(
            "contact__phones", "contact__emails", "differences"
        )
        return {
            "title": record.filename,
            "may_take_away": self.has_export_permission(request),
            "may_import": self.has_add_permission(request),
            "counts": [(name, getattr(record, name)) for name in COUNTS],
            "rows_shown": runs.ROWS_SHOWN,
            "rows": Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page")),
            **self.taking_back_context(record),
            **self.answering_context(request, record),
        }

    def save_model(self, request: HttpRequest, obj: ContactImport, form: UploadForm, change: bool) -> None:
        uploads.receive(obj, form.cleaned_data["file"], request.user)
        ask = partial(uploads.check, obj.pk) if uploads.is_small(obj) else partial(tasks.check_upload.delay, obj.pk)
        # robust: a broker that does not answer must not lose the upload; the page offers to start again.
        transaction.on_commit(ask, robust=True)

    def response_add(self, request: HttpRequest, obj: ContactImport, post_url_continue: Any = None) -> HttpResponse:
        return HttpResponseRedirect(page_of(obj.pk))

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (
            ("<int:pk>/confirm/", "contacts_contactimport_confirm", require_POST(self.confirm_view)),
            ("<int:pk>/discard/", "contacts_contactimport_discard", require_POST(self.discard_view)),
            ("<int:pk>/again/", "contacts_contactimport_again", require_POST(self.again_view)),
            ("<int:pk>/progress/", "contacts_contactimport_progress", self.progress_view),
            ("<int:pk>/take-back/", "contacts_contactimport_take_back", self.take_back_view),
            ("<int:pk>/lines/", "contacts_contactimport_lines", self.lines_view),
            ("<int:pk>/answer/", "contacts_contactimport_answer", require_POST(self.answer_view)),
        )

    def confirm_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        self.require_import(request)
        if uploads.confirm(pk):
            self.ask_for(get_object_or_404(ContactImport, pk=pk))
        return HttpResponseRedirect(page_of(pk))

    def again_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        """Rings for a step that seems to hang: its worker died, or the bell was lost."""
        self.require_import(request)
        self.ask_for(get_object_or_404(ContactImport, pk=pk))
        return HttpResponseRedirect(page_of(pk))

    def ask_for(self, record: ContactImport) -> None:
        steps = {
            ContactImport.State.CHECKING: (uploads.check, tasks.check_upload),
            ContactImport.State.IMPORTING: (uploads.finish, tasks.finish_upload),
            ContactImport.State.TAKING_BACK: (undoing.take_back, tasks.take_back_import),
        }
        if record.state in steps:
            now, later = steps[record.state]
            is_small = undoing.is_small(record) if later is tasks.take_back_import else uploads.is_small(record)
            ask = partial(now, record.pk) if is_small else partial(later.delay, record.pk)
            transaction.on_commit(ask, robust=True)

    def discard_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        self.require_import(request)
        if not uploads.discard(pk):
            messages.warning(request, "This import cannot be discarded any more.")
            return HttpResponseRedirect(page_of(pk))
        messages.success(request, "The file was discarded. Nothing was imported.")
        return HttpResponseRedirect(reverse("admin:contacts_contact_changelist"))

    def progress_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> JsonResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = get_object_or_404(ContactImport.objects.defer("content"), pk=pk)
        return JsonResponse(uploads.progress(record))

    def lines_view(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        """The lines that need a look as a list of their own, to be put right and imported again."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        record = get_object_or_404(ContactImport.objects.defer("content"), pk=pk)
        return csv_answer(f"lines of {Path(record.filename).stem}", returning.lines(record))

    def require_import(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied
