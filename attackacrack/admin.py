"""Other people's admin pages in the look of ours: schedules; and those that nobody needs taken out."""

from datetime import datetime
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from attackacrack import changes_page, outcomes_page
from attackacrack.sign_in import people

__all__ = ["changes_page", "outcomes_page", "people"]  # they register themselves

admin.site.index_title = "Attack-a-Crack CRM"

# An account's own page says what of allauth's two tables matters.
for model in (
    EmailAddress,
    Authenticator,
    PeriodicTask,
    IntervalSchedule,
    CrontabSchedule,
    SolarSchedule,
    ClockedSchedule,
):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The list of registered tasks, in unfold's look."""


class ScheduleForm(PeriodicTaskForm):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if "task" in self.fields:
            self.fields["task"].widget = UnfoldAdminTextInputWidget()
        if "regtask" in self.fields:
            self.fields["regtask"].widget = TaskSelect()


def _in_largest_unit(interval: IntervalSchedule) -> tuple[int, str]:
    """1440 minutes -> (1, "days")."""
    every, period = interval.every, interval.period
    for smaller, factor, larger in (("seconds", 60, "minutes"), ("minutes", 60, "hours"), ("hours", 24, "days")):
        if period == smaller and every % factor == 0:
            every, period = every // factor, larger
    return every, period


class OfficeScheduleForm(forms.ModelForm):
    """On or off, and how often: all that the office needs. What runs is fixed."""

    every = forms.IntegerField(label="Runs every", min_value=1, max_value=1000, widget=UnfoldAdminIntegerFieldWidget)
    period = forms.ChoiceField(
        label="Unit",
        choices=[("minutes", "minutes"), ("hours", "hours"), ("days", "days")],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = PeriodicTask
        fields = ("name", "enabled")
        labels: ClassVar[dict[str, str]] = {"enabled": "On"}
        help_texts: ClassVar[dict[str, str]] = {"name": "", "enabled": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        interval = self.instance.interval
        if interval is None:  # runs at a time of the day, which this form does not change
            del self.fields["every"], self.fields["period"]
        else:
            self.fields["every"].initial, self.fields["period"].initial = _in_largest_unit(interval)

    def save(self, commit: bool = True) -> PeriodicTask:
        if "every" in self.cleaned_data:
            wanted = {"every": self.cleaned_data["every"], "period": self.cleaned_data["period"]}
            # Not get_or_create: the same interval may be there twice.
            self.instance.interval = IntervalSchedule.objects.filter(
                **wanted
            ).first() or IntervalSchedule.objects.create(**wanted)
        return super().save(commit)


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, ModelAdmin):
    """What beat does when. What a person changes here stays: the project only adds schedules that are missing."""

    form = ScheduleForm
    change_form_template = "admin/change_form.html"  # beat's own has an inline script, which our policy refuses
    list_display = ("name", "enabled", "when", "last_run", "description")
    list_filter = ("enabled",)
    list_per_page = 50
    date_hierarchy = None
    actions = ("run_tasks", "enable_tasks", "disable_tasks")
    readonly_fields = (*BeatPeriodicTaskAdmin.readonly_fields, "when", "last_run", "purpose")

    @display(description="Runs")
    def when(self, task: PeriodicTask) -> str:
        if task.crontab:
            return task.crontab.human_readable
        if task.interval is None:
            return str(task.scheduler)
        every, period = _in_largest_unit(task.interval)
        return f"every {period.removesuffix('s')}" if every == 1 else f"every {every} {period}"

    @display(description="Last run", ordering="last_run_at", empty_value="not yet")
    def last_run(self, task: PeriodicTask) -> datetime | None:
        return task.last_run_at

    @display(description="What it does")
    def purpose(self, task: PeriodicTask) -> str:
        return task.description

    def get_form(
        self, request: HttpRequest, obj: PeriodicTask | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if not request.user.is_superuser and obj is not None:
            kwargs["form"] = OfficeScheduleForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        if request.user.is_superuser or obj is None:
            return super().get_fieldsets(request, obj)
        often = ("every", "period") if obj.interval else "when"
        return [(None, {"fields": ("name", "purpose", "enabled", often)})]


@admin.register(IntervalSchedule, CrontabSchedule)
class ScheduleAdmin(ModelAdmin):
    list_per_page = 50
