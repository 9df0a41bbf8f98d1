"""How far OpenPhone (Quo) was read, and what it told us of by itself."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class OpenPhoneReading(models.Model):
    """One row: up to when everything was read, and why the last reading failed, if it did."""

    read_until = models.DateTimeField(null=True, blank=True, help_text="What was said before is stored.")
    succeeded_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(
        blank=True, help_text="A sentence for the office; empty when the last reading succeeded."
    )
    trouble_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="openphone_reading_is_one_row", condition=Q(pk=1))]

    def __str__(self) -> str:
        return "How far OpenPhone was read"

    @classmethod
    def current(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]


class OpenPhoneEvent(models.Model):
    """A webhook with a valid signature. Its content goes as soon as it is kept."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    event_id = models.CharField(max_length=100, unique=True, help_text="OpenPhone's: EV... The same on each try.")
    kind = models.CharField(max_length=100, help_text="message.received and so on.")
    content = models.JSONField(help_text="As it came, without card numbers.")
    received_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    message = models.CharField(max_length=300, blank=True, help_text="What became of it.")
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="openphone_event_waiting", condition=Q(state="waiting")),
            models.Index(fields=["received_at"], name="openphone_event_received"),
        ]
        constraints = [
            models.CheckConstraint(
                name="openphone_event_state_known", condition=Q(state__in=["waiting", "done", "failed"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {timezone.localtime(self.received_at):%b %-d, %Y}"
