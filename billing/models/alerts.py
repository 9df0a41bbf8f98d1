"""What the office is told at once of a customer's yes: on the first page until it is handled, and by e-mail."""

from django.db import models
from django.db.models import Q

from billing.models.quotes import Quote


class ApprovalAlert(models.Model):
    """One for a quote's yes, written with it; the first page shows it and billing.approval_alerts mails it. Who takes the
    yes back ends it, and the next yes is told again."""

    quote = models.OneToOneField(Quote, on_delete=models.CASCADE, primary_key=True, related_name="approval_alert")
    raised_at = models.DateTimeField()
    by_mail = models.BooleanField(
        default=True, db_default=True, help_text="Somebody was to be mailed when it was raised."
    )
    taken_until = models.DateTimeField(
        null=True, blank=True, help_text="While somebody sends it, and after a try that failed: not before."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When the quote was approved no more.")

    class Meta:
        indexes = [
            models.Index(
                fields=["raised_at"],
                name="approval_alert_open",
                condition=Q(sent_at__isnull=True, ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"Alert about {self.quote}"
