"""Which times of QuickBooks' history are proved to be read here."""

from django.db import models
from django.utils import timezone

from quickbooks_integration.models.connection import QuickBooksAuth
from quickbooks_integration.models.sync import QuickBooksSync


class CoverageRange(models.Model):
    """Every change between `starts_at` and `ends_at`, both of QuickBooks' clock, has been read here. What the change feed
    or a full pass has read includes what was deleted there; a query cannot show that.

    Ranges of one kind and one way that touch are one row: idle polls only move its end.
    """

    class How(models.TextChoices):
        FEED = "feed", "Change feed"
        QUERY = "query", "Query of what changed"
        FULL = "full", "Full pass"

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.PROTECT, to_field="company_id", related_name="coverage"
    )
    entity_type = models.CharField(max_length=50, choices=QuickBooksSync.EntityType)
    how = models.CharField(max_length=10, choices=How)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    proved_at = models.DateTimeField(default=timezone.now, help_text="When it was last added to, by our clock.")

    class Meta:
        ordering = ["entity_type", "starts_at"]
        verbose_name = "covered range"
        verbose_name_plural = "coverage"
        constraints = [
            models.UniqueConstraint(fields=["company", "entity_type", "how", "starts_at"], name="coverage_range_once"),
            models.CheckConstraint(
                name="coverage_range_goes_forward", condition=models.Q(starts_at__lt=models.F("ends_at"))
            ),
            models.CheckConstraint(name="coverage_how_known", condition=models.Q(how__in=["feed", "query", "full"])),
        ]

    def __str__(self) -> str:
        return f"{self.get_entity_type_display()}s up to {self.ends_at}"


class FeedPoll(models.Model):
    """How the last poll of the change feed went: one row for each company, written over by every poll."""

    company = models.OneToOneField(
        QuickBooksAuth, on_delete=models.PROTECT, to_field="company_id", related_name="feed_poll", primary_key=True
    )
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True, help_text="When QuickBooks last answered.")
    message = models.TextField(blank=True, help_text="Why the last one failed; empty if it did not.")

    class Meta:
        verbose_name = "poll of the change feed"
        verbose_name_plural = "polls of the change feed"

    def __str__(self) -> str:
        return f"Asked at {self.asked_at}"
