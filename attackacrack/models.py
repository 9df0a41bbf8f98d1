"""What a deployment did to rows that people may change, signs of life, and what the office was told of silences."""

import pgtrigger
from django.db import models
from django.utils import timezone


class GivenPermission(models.Model):
    """A permission that the project gave to a group once. Who takes it away has the last word."""

    group = models.CharField(max_length=150)
    permission = models.CharField(max_length=255, help_text="app.codename")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "permission"], name="given_permission_once")]

    def __str__(self) -> str:
        return f"{self.permission} to {self.group}"


class Sign(models.Model):
    """When something was last seen alive. One row of each kind, so the table never grows."""

    class Kind(models.TextChoices):
        WORKER = "worker", "A worker did the task that the scheduler sends each minute"
        BEAT = "beat", "The scheduler was started"
        CHECK = "check", "Somebody looked for silences"
        OUTGOING = "outgoing", "The same row is the first of those to be sent"
        BACKUP = "backup", "A backup was made and proved"
        NO_BACKUP = "no_backup", "A backup failed"
        VERIFIED = "verified", "The history was compared with its seals, and is as it was sealed"
        ALTERED = "altered", "The history is not as it was sealed"

    kind = models.CharField(max_length=20, choices=Kind, primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    about = models.JSONField(null=True, blank=True, help_text="What was found, or which row it is.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="sign_kind_known",
                condition=models.Q(
                    kind__in=["worker", "beat", "check", "outgoing", "backup", "no_backup", "verified", "altered"]
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.at}"


class SilenceEpisode(models.Model):
    """One silence from its beginning to its end, and when the office was told of both."""

    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=100)
    since = models.DateTimeField()
    noticed_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True, help_text="Last; it is told again each day.")
    ended_at = models.DateTimeField(null=True, blank=True)
    end_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], name="silence_one_at_a_time", condition=models.Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="silence_end_told_after_it_ended",
                condition=models.Q(end_told_at__isnull=True) | models.Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title


@pgtrigger.register(pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete))
class AuditSeal(models.Model):
    """A hash over event rows and over the seal before: audit/. contents: ranges of rows, see audit/rows.py."""

    sealed_at = models.DateTimeField(default=timezone.now)
    previous = models.CharField(max_length=64, unique=True, blank=True, help_text="Digest of the seal before.")
    digest = models.CharField(max_length=64, unique=True)
    contents = models.JSONField()

    class Meta:
        ordering = ["-id"]
        # What the office reads on its page; the seals themselves are for verify_audit.
        verbose_name = "change"
        verbose_name_plural = "changes"

    def __str__(self) -> str:
        return f"Seal {self.pk}"

    @property
    def count(self) -> int:
        """Rows."""
        return sum(told["count"] for told in self.contents["ranges"])


class PageTime(models.Model):
    """How many pages of a day took at most so many milliseconds, and more than the bound before: outcomes/."""

    day = models.DateField()
    bound = models.PositiveIntegerField(help_text="Milliseconds.")
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "bound"], name="page_time_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.number} under {self.bound} ms"


class OutcomeMonth(models.Model):
    """The value of one measure in one month, as it was noted last: percent or milliseconds."""

    name = models.CharField(max_length=30)
    month = models.DateField(help_text="Its first day.")
    value = models.DecimalField(max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = "outcome"
        constraints = [models.UniqueConstraint(fields=["name", "month"], name="outcome_once_a_month")]

    def __str__(self) -> str:
        return f"{self.name}, {self.month:%b %Y}"


class FollowUpDay(models.Model):
    """How many follow-ups were due on a working day, and how many of them were done or postponed on it. What is postponed
    again later would hide that it was postponed before, so each day is counted when it is over."""

    day = models.DateField(primary_key=True)
    due = models.PositiveIntegerField()
    handled = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="follow_up_day_part_of_whole", condition=models.Q(handled__lte=models.F("due"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.handled} of {self.due}"


@pgtrigger.register(pgtrigger.Protect(name="written_once", operation=pgtrigger.Update))
class OutcomeBaseline(models.Model):
    """How it was before, in percent, with what it was counted from. Never counted anew: else nothing could be compared."""

    name = models.CharField(max_length=30, primary_key=True)
    value = models.DecimalField(max_digits=12, decimal_places=2)
    first_day = models.DateField()
    last_day = models.DateField()
    number = models.PositiveIntegerField(help_text="How many were counted.")
    noted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name}, {self.first_day} to {self.last_day}"

    @classmethod
    def of(cls, name: str) -> "OutcomeBaseline | None":
        return cls.objects.filter(pk=name).first()
