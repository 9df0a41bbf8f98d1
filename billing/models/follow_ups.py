"""What somebody in the office has to do next about a quote, an invoice or a visit."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice
from billing.models.jobs import Appointment
from billing.models.quotes import Quote
from contacts.models import Contact


class FollowUp(models.Model):
    """One thing to do, raised once by a rule of `billing.follow_ups`; it is deleted with its document only.

    Customer, amount and text are read from the document, so they are those of now: after a part is paid, a merge.
    """

    class Kind(models.TextChoices):
        SCHEDULE = "schedule", "Schedule the repair"
        CALL = "call", "Call the unhappy customer"
        COLLECT = "collect", "Collect the money"
        DONE_YESTERDAY = "done_yesterday", "Close the repair"
        QUOTE_SILENT = "quote_silent", "Ask about the quote"
        THANK = "thank", "Thank for the payment"
        THANK_WORK = "thank_work", "Thank for the work"
        REVIEW = "review", "Ask for a review"

    kind = models.CharField(max_length=20, choices=Kind)
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, null=True, blank=True, related_name="follow_ups")
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, null=True, blank=True, related_name="follow_ups")
    appointment = models.ForeignKey(
        Appointment, on_delete=models.CASCADE, null=True, blank=True, related_name="follow_ups"
    )
    step = models.PositiveSmallIntegerField(help_text="Days after what it follows: the approval, the due date.")
    priority = models.PositiveSmallIntegerField(help_text="The smaller, the more urgent.")
    began_on = models.DateField("counted from", help_text="The day of the approval, the sending, the due date.")
    due_on = models.DateField("due")
    postponed_to = models.DateField(null=True, blank=True)
    postponed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    postponed_at = models.DateTimeField(null=True, blank=True, help_text="When somebody last put it off.")
    done_at = models.DateTimeField(null=True, blank=True, help_text="When it left the list. Empty while it is open.")
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    closed_reason = models.CharField(max_length=200, blank=True, help_text="Why it settled without anybody.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["priority", "due_on", "id"]
        verbose_name = "follow-up"
        indexes = [
            models.Index(fields=["priority", "due_on", "id"], name="follow_up_open", condition=Q(done_at__isnull=True)),
            models.Index(fields=["-done_at", "-id"], name="follow_up_done", condition=Q(done_at__isnull=False)),
        ]
        # Once, however many workers look at the same moment. Two empty columns are never the same.
        constraints = [
            models.UniqueConstraint(fields=["kind", "quote", "began_on", "step"], name="follow_up_once_per_quote"),
            models.UniqueConstraint(fields=["kind", "invoice", "began_on", "step"], name="follow_up_once_per_invoice"),
            models.UniqueConstraint(
                fields=["kind", "appointment", "began_on", "step"], name="follow_up_once_per_appointment"
            ),
            models.CheckConstraint(
                name="follow_up_has_its_document",
                condition=Q(kind="call", quote=None, invoice__isnull=False, appointment=None)
                | Q(kind="call", quote=None, invoice=None, appointment__isnull=False)
                | Q(kind__in=["schedule", "quote_silent"], quote__isnull=False, invoice=None, appointment=None)
                | Q(kind__in=["collect", "thank"], invoice__isnull=False, quote=None, appointment=None)
                | Q(
                    kind__in=["done_yesterday", "thank_work", "review"],
                    appointment__isnull=False,
                    quote=None,
                    invoice=None,
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def document(self) -> Any:
        """The quote, the invoice or the appointment that it is about."""
        return self.quote or self.invoice or self.appointment

    @property
    def contact(self) -> Contact | None:
        return self.document.contact

    @property
    def customer(self) -> str:
        """The customer's name; never empty."""
        return str(self.contact or getattr(self.document, "customer_name", "") or "the customer")


class FollowUpDigest(models.Model):
    """That the day's e-mail to the office went out: noted before it is sent, so two workers send one."""

    day = models.DateField(primary_key=True)

    def __str__(self) -> str:
        return f"Digest of {self.day}"
