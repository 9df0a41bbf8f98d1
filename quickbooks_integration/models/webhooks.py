"""What QuickBooks told us of, byte for byte, and what became of it."""

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format


class WebhookDelivery(models.Model):
    """One POST with a valid signature, stored before anything in it was read."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    received_at = models.DateTimeField("received", default=timezone.now)
    body = models.BinaryField(help_text="As it came.")
    headers = models.JSONField(default=dict, help_text="Those that matter, without the signature.")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # For the office: whose changes it tells of, "2 invoices, 1 customer", and what became of it in a sentence.
    company = models.CharField(max_length=200, blank=True)
    what = models.CharField(max_length=300, blank=True)
    message = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    # Rows of ours have been told to read again; only a pull was busy and has to come once more.
    rows_told = models.BooleanField(default=False)
    lease = models.UUIDField(null=True, blank=True)
    next_try_at = models.DateTimeField(
        null=True, blank=True, help_text="Not before; while a worker is at it, the end of its lease."
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = "webhook"
        verbose_name_plural = "webhooks"
        indexes = [
            models.Index(fields=["received_at"], name="webhook_received"),
            models.Index(fields=["id"], name="webhook_waiting", condition=models.Q(state="waiting")),
        ]
        constraints = [
            models.CheckConstraint(
                name="webhook_state_known", condition=models.Q(state__in=["waiting", "done", "failed"])
            ),
        ]

    def __str__(self) -> str:
        return f"Webhook of {date_format(timezone.localtime(self.received_at), 'M j, Y, g:i:s A')}"
