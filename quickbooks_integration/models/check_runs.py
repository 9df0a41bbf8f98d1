"""What the comparison of both sides found."""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from quickbooks_integration.models.connection import QuickBooksAuth


class CheckRun(models.Model):
    """One comparison of every linked record with QuickBooks. compared = agreeing + the fields that differ; what waits to
    be sent or read is counted apart."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Comparing"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    company = models.ForeignKey(QuickBooksAuth, on_delete=models.PROTECT, to_field="company_id", related_name="checks")
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    accuracy = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, help_text="Percent of the fields that agree."
    )
    compared = models.PositiveIntegerField(default=0)
    agreeing = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0, help_text="Fields that are on their way.")
    counts = models.JSONField(default=dict, help_text='{"invoice": {"records", "compared", "agreeing", "waiting"}}')
    totals = models.JSONField(default=list, help_text="Counts and sums of both sides by kind and year.")
    differences = models.JSONField(default=list, help_text="The first 1,000.")
    difference_count = models.PositiveIntegerField(default=0)
    api_calls = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True, help_text="What happened and what to do, in a sentence.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "check"
        constraints = [
            models.UniqueConstraint(
                fields=["company"],
                name="check_run_one_at_a_time",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
            models.CheckConstraint(
                name="check_run_agrees_at_most_on_all", condition=models.Q(agreeing__lte=models.F("compared"))
            ),
            models.CheckConstraint(
                name="check_run_state_known", condition=models.Q(state__in=["waiting", "running", "done", "failed"])
            ),
            models.CheckConstraint(
                name="check_run_accuracy_is_percent",
                condition=models.Q(accuracy__isnull=True)
                | models.Q(accuracy__gte=Decimal(0), accuracy__lte=Decimal(100)),
            ),
        ]

    def __str__(self) -> str:
        return f"Check of {date_format(timezone.localtime(self.started_at), 'M j, Y, g:i A')}"

    @property
    def seconds(self) -> float:
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()
