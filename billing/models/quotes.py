"""Quotes: what the work would cost. In QuickBooks they are called estimates."""

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from billing.models import numbers
from billing.models.catalogue import Product
from billing.models.history import History
from billing.models.lines import Document, Line, today
from contacts.before_first import tracked

GOOD_FOR = timedelta(days=30)


def expiration() -> date:
    return timezone.localdate() + GOOD_FOR


@tracked("quote", made=True, exclude=["created_at", "updated_at"])
class Quote(Document):
    """Status says what a person did. Expired is no status: it comes with the date, and QuickBooks keeps none either."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        READY = "ready", "Ready to send"
        SENT = "sent", "Sent"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        INVOICED = "invoiced", "Invoiced"

    WAITING = (Status.READY, Status.SENT)  # for the customer's answer

    number = models.PositiveIntegerField(unique=True, editable=False, help_text="Our own, given when first saved.")
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    quote_date = models.DateField("date", default=today)
    due_date = models.DateField(null=True, blank=True)
    expiration_date = models.DateField("good until", null=True, blank=True, default=expiration)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_to = models.CharField(max_length=254, blank=True, editable=False)
    # approved: the office heard a yes; accepted: the customer's own yes, as QuickBooks recorded it.
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.CharField(max_length=255, blank=True, editable=False)
    declined_at = models.DateTimeField(null=True, blank=True, editable=False)
    quickbooks_estimate_id = models.CharField(
        "QuickBooks estimate id", max_length=50, null=True, blank=True, unique=True, editable=False
    )
    quickbooks_sync_token = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001

    class Meta(Document.Meta):
        ordering = ["-quote_date", "-id"]
        permissions = [("convert_unapproved", "Can invoice a quote that is not approved")]
        indexes = [
            models.Index(fields=["-quote_date", "-id"], name="quote_by_date"),
            models.Index(fields=["status", "-quote_date"], name="quote_by_status"),
            models.Index(
                fields=["quote_date", "id"],
                include=["status", "total_amount", "expiration_date"],
                name="quote_in_pipeline",
                condition=models.Q(status__in=["draft", "ready", "sent", "approved"]),
            ),
        ]
        constraints = [
            *Document.Meta.constraints,
            models.CheckConstraint(
                name="quote_status_known",
                condition=models.Q(status__in=["draft", "ready", "sent", "approved", "declined", "invoiced"]),
            ),
            models.CheckConstraint(
                name="quote_is_for_somebody",
                condition=models.Q(contact__isnull=False) | models.Q(quickbooks_estimate_id__isnull=False),
                violation_error_message="Choose the contact that this quote is for.",
            ),
        ]

    def __str__(self) -> str:
        return f"Quote {self.number or '(new)'}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.number is None:
            self.number = numbers.take("quote")
        super().save(*args, **kwargs)

    @property
    def may_become_invoice(self) -> bool:
        return self.status not in (self.Status.DECLINED, self.Status.INVOICED)

    @property
    def is_expired(self) -> bool:
        """Past its date without an answer."""
        if self.expiration_date is None or self.status not in self.WAITING:
            return False
        return self.expiration_date < timezone.localdate()


@tracked("quote_item", made=True)
class QuoteItem(Line):
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="quote_items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="quote_items")

    class Meta(Line.Meta):
        verbose_name = "line"
        constraints = [
            *Line.Meta.constraints,
            models.UniqueConstraint(
                fields=["quote", "quickbooks_line_id"],
                name="quote_item_one_per_quickbooks_line",
                condition=models.Q(quickbooks_line_id__isnull=False),
            ),
        ]


class QuoteHistory(History):
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="history")

    class Meta(History.Meta):
        verbose_name_plural = "quote history"
