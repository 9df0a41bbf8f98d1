"""Whether a company may be asked at the moment, how much was read of it, and who was told that its sign-in ends."""

from typing import Self

from django.db import models
from django.utils import timezone

from quickbooks_integration.models.connection import QuickBooksAuth


class Traffic(models.Model):
    """The pause of one company, which every process sees and which outlives all of them. No row: there never was one."""

    company = models.OneToOneField(
        QuickBooksAuth, on_delete=models.CASCADE, to_field="company_id", related_name="traffic", primary_key=True
    )
    limited_until = models.DateTimeField(null=True, blank=True, help_text="Intuit's minute after a 429.")
    # Requests in a row that QuickBooks did not answer, or answered with trouble of its own.
    failures = models.PositiveIntegerField(default=0, db_default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(
        null=True, blank=True, help_text="Background work asks nothing before; empty when nothing is wrong."
    )
    trouble = models.TextField(blank=True, default="", db_default="", help_text="What went wrong, in a sentence.")
    probe_until = models.DateTimeField(null=True, blank=True, help_text="Somebody is trying, or has died trying.")
    polled_at = models.DateTimeField(null=True, blank=True, help_text="When the schedule last asked what changed.")

    class Meta:
        verbose_name = "traffic with QuickBooks"
        verbose_name_plural = "traffic with QuickBooks"
        constraints = [
            models.CheckConstraint(
                name="traffic_pause_has_a_beginning",
                condition=models.Q(next_try_at=None) | models.Q(failing_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Traffic with {self.company}"

    @classmethod
    def of(cls, auth: QuickBooksAuth) -> Self:
        """Without a query when it was selected along with the connection."""
        try:
            return auth.traffic
        except cls.DoesNotExist:
            return cls(company=auth)

    @property
    def is_limited(self) -> bool:
        return self.limited_until is not None and self.limited_until > timezone.now()

    @property
    def is_out(self) -> bool:
        """Whether QuickBooks is taken to be out of order, until it answers again."""
        return self.next_try_at is not None


class ReadCount(models.Model):
    """How many metered reads a day had. Spread over rows, so that workers do not wait for each other's."""

    SHARDS = 16

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.CASCADE, to_field="company_id", related_name="read_counts"
    )
    day = models.DateField(help_text="In the business's own zone.")
    shard = models.PositiveSmallIntegerField()
    reads = models.PositiveIntegerField()

    class Meta:
        verbose_name = "count of reads"
        verbose_name_plural = "counts of reads"
        constraints = [
            models.UniqueConstraint(fields=["company", "day", "shard"], name="read_count_once_a_shard"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.reads}"


class SignInReminder(models.Model):
    """The office was told that the sign-in ends in so many days. Forgotten once the end is far away again."""

    class End(models.TextChoices):
        UNUSED = "unused", "100 days without use"
        FIVE_YEARS = "five_years", "Five years"
        NOW = "now", "Ended"

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.CASCADE, to_field="company_id", related_name="sign_in_reminders"
    )
    end = models.CharField(max_length=20, choices=End)
    days = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "reminder to sign in"
        verbose_name_plural = "reminders to sign in"
        constraints = [
            models.UniqueConstraint(fields=["company", "end", "days"], name="sign_in_reminder_once"),
            models.CheckConstraint(
                name="sign_in_reminder_end_known", condition=models.Q(end__in=["unused", "five_years", "now"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_end_display()}, {self.days} days before"
