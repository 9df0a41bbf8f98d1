"""The page that gives an approved quote its repair: filled in already, so that saving is the second click."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing import openings, scheduling, technicians
from billing.admin import pages
from billing.models import Appointment, Quote
from billing.money import dollars
from billing.refusals import Refused
from billing.scheduling import Clashes, Visit
from contacts.admin.keys import is_key
from contacts.models import Property

NEEDED = ("billing.add_appointment", "billing.add_job", "billing.change_quote")
HOURS = 2
LENGTHS = [(1, "1 hour"), *((hours, f"{hours} hours") for hours in range(2, 11))]


class ScheduleForm(pages.PageForm):
    """`house`: by its key; "new": the contact's own address; "other": what is typed."""

    day = pages.day_field("Day")
    at = forms.TimeField(label="Time", widget=UnfoldAdminTextInputWidget(attrs={"type": "time"}))
    hours = forms.TypedChoiceField(label="Takes", choices=LENGTHS, coerce=int, widget=UnfoldAdminSelectWidget)
    technician = pages.choice_field("Technician", User.objects.none(), required=False)
    house = forms.ChoiceField(label="Where", widget=UnfoldAdminSelectWidget)
    address = pages.text_field("Another address", 200, help_text="Only if it is none of those above.")
    also = forms.ModelMultipleChoiceField(
        Quote.objects.none(), label="Done then too", required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)  # the conflicts that were shown

    def __init__(self, *args: Any, houses: list[Property], has_job: bool, others: list[Quote], **kwargs: Any) -> None:
        """has_job: the work is at the only house, and nothing is asked about it. others: what waits at the same job."""
        super().__init__(*args, **kwargs)
        if others:
            self.fields["also"].queryset = Quote.objects.filter(pk__in=[one.pk for one in others]).order_by("pk")
            self.fields["also"].label_from_instance = lambda one: f"{one}, {dollars(one.total_amount)}"
        else:
            del self.fields["also"]
        self.was_asked = has_job and self.is_bound and "house" in self.data
        if has_job:
            del self.fields["house"], self.fields["address"]
        self.houses = {str(house.pk or "new"): house for house in houses}
        self.fields["technician"].queryset = technicians.choosable(User.objects.none())
        if not has_job:
            places = [(key, str(house)) for key, house in self.houses.items()]
            self.fields["house"].choices = [*places, ("other", "Another address")]
        self.fields["at"].widget.format_value = _hour_and_minute

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.was_asked:
            self.add_error(None, scheduling.HAS_JOB.format(*self.houses.values()))
        if cleaned.get("address"):
            cleaned["place"] = Property(address=cleaned["address"].strip())
        elif cleaned.get("house") == "other":
            self.add_error("address", "Type where the work is.")
        elif cleaned.get("house"):
            cleaned["place"] = self.houses[cleaned["house"]]
        if cleaned.get("day") and cleaned.get("at"):
            try:
                # Refuses an hour that the change of the clocks leaves out or has twice.
                cleaned["starts_at"] = from_current_timezone(datetime.combine(cleaned["day"], cleaned["at"]))
            except ValidationError as error:
                self.add_error("at", error)
        return cleaned

    def visit(self) -> Visit:
        """Of a valid form."""
        starts_at = self.cleaned_data["starts_at"]
        ends_at = starts_at + timedelta(hours=self.cleaned_data["hours"])
        return Visit(starts_at, ends_at, self.cleaned_data["technician"])

    def place(self) -> Property | None:
        """Of a valid form; None where the quote has its job."""
        return self.cleaned_data.get("place")

    def also_done(self) -> list[Quote]:
        """Of a valid form."""
        return list(self.cleaned_data.get("also", ()))

    def known(self) -> set[int]:
        """Keys of the conflicts that were shown."""
        return {int(key) for key in self.cleaned_data["seen"].split(",") if is_key(key)}

    def show(self, clashes: list[Appointment]) -> list[Appointment]:
        """The next save has seen them."""
        self.data = self.data.copy()
        self.data["seen"] = ",".join(str(one.pk) for one in clashes)
        return clashes


class SchedulesRepairs(ModelAdmin):
    """Adds the page to the admin of quotes."""

    def has_schedule_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_schedule(request)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        quote = pages.row_of(self, object_id)
        return actions if quote is None else pages.only(actions, {"schedule": quote.status == Quote.Status.APPROVED})

    @action(description="Schedule the repair", url_path="schedule", icon="event", permissions=["schedule"])
    def schedule(self, request: HttpRequest, object_id: str) -> HttpResponse:
        quote: Quote = pages.found(self, request, object_id)
        try:
            scheduling.refuse_unless_waiting(quote)
        except Refused as reason:
            messages.info(request, str(reason))
            return redirect("admin:billing_quote_change", quote.pk)
        if request.method == "POST" and "with" in request.POST:
            return _join(request, quote)
        form = _form(request, quote)
        clashes: list[Appointment] = []
        if form.is_bound and form.is_valid():
            try:
                made = scheduling.schedule(
                    quote, form.visit(), form.place(), request.user, seen=form.known(), also=form.also_done()
                )
            except Clashes as known_now:
                clashes = form.show(known_now.found)
            except Refused as reason:
                form.refuse(reason)
            else:
                messages.success(request, _scheduled([quote, *form.also_done()], made))
                return redirect("admin:index")
        context = {
            "quote": quote,
            "form": form,
            "clashes": [(one, scheduling.in_words(one)) for one in clashes],
            "repairs": [(one, scheduling.in_words(one)) for one in scheduling.repairs_there(quote)],
            "total": dollars(quote.total_amount),
            "back": reverse("admin:index"),
        }
        return pages.shown(self, request, "schedule", f"Schedule the repair of {quote}", context)


def _form(request: HttpRequest, quote: Quote) -> ScheduleForm:
    """Where the quote has a job the house is known."""
    houses = [quote.job.property] if quote.job else scheduling.houses_of(quote.contact)  # type: ignore[arg-type]
    sent = request.POST if request.method == "POST" else None
    others = scheduling.others_waiting(quote)
    return ScheduleForm(sent, houses=houses, has_job=quote.job is not None, others=others, initial=_initial(houses))


def _join(request: HttpRequest, quote: Quote) -> HttpResponse:
    """The button of a repair that the job has already."""
    chosen = request.POST["with"]
    found = Appointment.objects.filter(pk=chosen).first() if is_key(chosen) else None
    try:
        if found is None:
            raise Refused("This repair is not there any more. Choose another time.")
        scheduling.join(quote, found, request.user)
    except Refused as reason:
        messages.error(request, str(reason))
        return redirect("admin:billing_quote_schedule", quote.pk)
    messages.success(request, _scheduled([quote], found))
    return redirect("admin:index")


def _scheduled(quotes: list[Quote], made: Appointment) -> str:
    listed, verb = " and ".join(map(str, quotes)), "is" if len(quotes) == 1 else "are"
    return f"{listed} for {quotes[0].customer} {verb} scheduled: {scheduling.in_words(made)}."


def may_schedule(request: HttpRequest) -> bool:
    return all(map(request.user.has_perm, NEEDED))


def schedule_action(request: HttpRequest, quote: Quote) -> tuple[str, str] | None:
    """The label and the address of the page; None for who may not schedule, or of a quote that is nobody's yet. No query."""
    if quote.contact_id is None or not may_schedule(request):
        return None
    return "Schedule", reverse("admin:billing_quote_schedule", args=[quote.pk])


def _initial(houses: list[Property]) -> dict[str, Any]:
    house = houses[0] if houses else None
    technician = technicians.the_only_one()
    at = timezone.localtime(openings.first(timedelta(hours=HOURS), technician, house))
    where = str(house.pk or "new") if house is not None else "other"
    return {"day": at.date(), "at": at.time(), "hours": HOURS, "technician": technician, "house": where}


def _hour_and_minute(value: Any) -> Any:
    return f"{value:%H:%M}" if isinstance(value, time) else value
