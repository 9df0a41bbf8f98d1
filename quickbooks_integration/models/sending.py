"""E-mails that QuickBooks is asked to send: each at most once, because nobody can take one back."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from quickbooks_integration.models.sync import QuickBooksSync


class EmailSending(models.Model):
    """One e-mail with one document. Where it is not known whether it went out, a person is asked."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits to be sent"
        SENDING = "sending", "Being sent"
        SENT = "sent", "Sent"
        UNKNOWN = "unknown", "Not known whether it went out"
        FAILED = "failed", "Not sent"

    OPEN = (State.WAITING, State.SENDING)
    LONGEST_ADDRESS = 100  # Intuit: of BillEmail

    sync = models.ForeignKey(QuickBooksSync, on_delete=models.CASCADE, related_name="emails")
    address = models.EmailField(max_length=LONGEST_ADDRESS)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    message = models.TextField(blank=True, help_text="What it waits for, or what became of it, in a sentence.")
    # QuickBooks shows the time of the last delivery: a newer one than before means that the e-mail went out.
    delivered_before = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="When QuickBooks was asked to send it.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="As QuickBooks, or a person, says.")
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Not before; empty is at once.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "e-mail through QuickBooks"
        verbose_name_plural = "e-mails through QuickBooks"
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                name="email_sending_due",
                condition=models.Q(state__in=["waiting", "sending"]),
            )
        ]
        constraints = [
            # Two clicks, two windows: one e-mail.
            models.UniqueConstraint(
                fields=["sync"], name="email_sending_one_open", condition=models.Q(state__in=["waiting", "sending"])
            ),
            models.CheckConstraint(
                name="email_sending_state_known",
                condition=models.Q(state__in=["waiting", "sending", "sent", "unknown", "failed"]),
            ),
            models.CheckConstraint(
                name="email_sending_sent_has_a_time",
                condition=~models.Q(state="sent") | models.Q(sent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="email_sending_asked_has_a_time",
                condition=~models.Q(state__in=["sending", "unknown"]) | models.Q(started_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"E-mail to {self.address}"
