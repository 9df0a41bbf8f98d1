"""Forms of appointments that say what else is at that time; saving again saves it anyway."""

from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.http import HttpRequest

from billing import scheduling
from billing.models import Appointment
from billing.scheduling import Visit
from contacts.admin.keys import is_key
from contacts.admin.merging import MergingForm
from contacts.models import Property

MATTERS = {"starts_at", "ends_at", "technician", "job", "status"}


class AppointmentForm(MergingForm):
    """`seen`: keys of the appointments at that time that the last answer showed. Who only looks has no such field."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen" in self.fields:
            self.fields["seen"].show_hidden_initial = False  # nobody else changes it

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        visit = self._visit()
        if visit is None or not self._matters(visit) or "seen" not in self.fields:
            return self.cleaned_data
        found = scheduling.conflicts(visit, self._house(), but=self.instance.pk)
        if {one.pk for one in found} - _keys(cleaned.get("seen", "")):
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = ",".join(str(one.pk) for one in found)
            self.add_error("starts_at", _sentence(found))
        return self.cleaned_data

    def _matters(self, visit: Visit) -> bool:
        """An assessment in nobody's calendar stands in the way of none; a repair does."""
        becomes_repair = "kind" in self.changed_data and visit.kind == Appointment.Kind.REPAIR
        return becomes_repair or bool(MATTERS.intersection(self.changed_data))

    def _visit(self) -> Visit | None:
        """None for one that is cancelled, or whose times are not good yet."""
        starts_at, ends_at = (self.cleaned_data.get(name) for name in ("starts_at", "ends_at"))
        if self.cleaned_data.get("status") == Appointment.Status.CANCELLED or not starts_at or not ends_at:
            return None
        kind = self.cleaned_data.get("kind", self.instance.kind)
        return Visit(starts_at, ends_at, self.cleaned_data.get("technician"), kind)

    def _house(self) -> Property | None:
        job = self.cleaned_data.get("job") if "job" in self.fields else self.instance.job
        return job.property if job is not None else None


class AsksAboutClashes(BaseModelAdmin):
    """In the admin, or the inline, whose form this is."""

    form = AppointmentForm

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks is asked nothing."""
        fields = super().get_fields(request, obj)
        return (*fields, "seen") if request.user.has_perm("billing.change_appointment") else fields


def _keys(seen: str) -> set[int]:
    return {int(key) for key in seen.split(",") if is_key(key)}


def _sentence(found: list[Appointment]) -> str:
    listed = "; ".join(f"{one.get_kind_display()} for {one.contact}, {scheduling.in_words(one)}" for one in found)
    return f"Something else is at that time: {listed}. Choose another time, or save again to keep this one."
