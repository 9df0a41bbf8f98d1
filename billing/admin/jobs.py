"""Jobs and appointments in the admin."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing.admin.choosing_technicians import ChoosesTechnicians
from billing.admin.clashes import AsksAboutClashes
from billing.admin.counting import CountsRows, FigureFilter
from billing.admin.covering import ShowsWhatIsCovered
from billing.admin.finishing import FinishesJobs, FinishesVisits
from billing.admin.job_documents import ShowsDocuments
from billing.admin.morning import ShowsTheMorning
from billing.admin.moved_repairs import MovesInvoices
from billing.admin.showing import PEOPLE, name_alone
from billing.admin.week import ShowsTheWeek
from billing.admin.without_invoice import WorksForFree
from billing.models import Appointment, Job, JobParticipant
from contacts import search
from contacts.admin.changes import TellsChanges
from contacts.admin.merging import MergingAdmin, MergingInline
from contacts.admin.names import NamesAlone
from contacts.models import Contact, Property


class ParticipantInline(NamesAlone, MergingInline):
    model = JobParticipant
    fields = ("contact", "role")
    autocomplete_fields = ("contact",)
    hide_title = True


class AppointmentInline(ChoosesTechnicians, NamesAlone, AsksAboutClashes, MergingInline):
    model = Appointment
    page_column = "job"
    fields = ("kind", "contact", "technician", "starts_at", "ends_at", "status")
    readonly_preprocess_fields = {"technician": name_alone}  # noqa: RUF012
    autocomplete_fields = ("contact",)
    hide_title = True


@admin.register(Job)
class JobAdmin(
    NamesAlone, TellsChanges, CountsRows, ShowsDocuments, WorksForFree, MovesInvoices, FinishesJobs, MergingAdmin
):
    list_display = ("title", "property", "people_there", "shown_status", "work_done_at", "paid_at")
    list_filter = (("status", ChoicesDropdownFilter), FigureFilter)
    list_per_page = 50
    list_select_related = ("property",)
    search_fields = ("title",)
    search_help_text = "Title, street, or the name or phone of a person in the job"
    autocomplete_fields = ("property",)
    readonly_fields = ("paid_at", "quotes_there", "invoices_there")
    actions_detail = ("make_invoice", "nothing_to_invoice")
    actions_submit_line = ("finish",)
    fields = (("title", "property"), "description", ("status", "paid_at"), "work_done_at")
    inlines = (ParticipantInline, AppointmentInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        queryset = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "billing_job_changelist":
            return queryset.prefetch_related("participants__contact__phones", "participants__contact__emails")
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        if not search.terms(search_term):
            return queryset, False
        people = JobParticipant.objects.filter(
            contact__in=search.contacts(Contact.objects.current(), search_term).values("pk")
        ).values("job_id")
        houses = search.properties(Property.objects.all(), search_term).values("pk")
        wanted = Q(title__icontains=search_term.strip()) | Q(property__in=houses) | Q(pk__in=people)
        return queryset.filter(wanted), False

    @display(description="People")
    def people_there(self, job: Job) -> str:
        return ", ".join(map(str, job.participants.all())) or "-"

    @display(description="Status", ordering="status", label={"Active": "info", "Complete": "success"})
    def shown_status(self, job: Job) -> str:
        return "Complete" if job.is_complete() else job.get_status_display()


@admin.register(Appointment)
class AppointmentAdmin(
    ChoosesTechnicians,
    NamesAlone,
    CountsRows,
    ShowsTheMorning,
    ShowsTheWeek,
    MovesInvoices,
    FinishesVisits,
    ShowsWhatIsCovered,
    AsksAboutClashes,
    MergingAdmin,
):
    list_display = ("starts_at", "kind", "contact", "job", "technician", "status")
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("starts_at", RangeDateTimeFilter),
        FigureFilter,
    )
    list_filter_submit = True
    list_per_page = 50
    list_select_related = ("contact", "job", "technician")
    search_fields = ("contact__last_name",)
    search_help_text = "Name, phone, e-mail or street of the contact"
    autocomplete_fields = ("contact", "job")
    fields = (("kind", "status"), ("contact", "job"), "starts_at", "ends_at", "technician", "notes")
    readonly_preprocess_fields = {"technician": name_alone}  # noqa: RUF012

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appointment]:
        queryset = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "billing_appointment_changelist":
            return queryset.prefetch_related(*PEOPLE)
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Appointment], search_term: str
    ) -> tuple[QuerySet[Appointment], bool]:
        if not search.terms(search_term):
            return queryset, False
        people = search.contacts(Contact.objects.current(), search_term).values("pk")
        return queryset.filter(contact__in=people), False
