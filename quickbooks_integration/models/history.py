"""The import of what QuickBooks had before the CRM: rehearsed first, then committed or dropped."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from quickbooks_integration.exact_json import ExactDecoder, ExactEncoder
from quickbooks_integration.models.connection import QuickBooksAuth


class HistoryImport(models.Model):
    """One rehearsal per company. Until it is committed its documents are only mirrored, and nothing is pushed."""

    class State(models.TextChoices):
        READING = "reading", "Reading from QuickBooks"
        READY = "ready", "Ready to look at"
        COMMITTING = "committing", "Being taken over"
        COMMITTED = "committed", "Taken over"
        DISCARDED = "discarded", "Discarded"

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.PROTECT, to_field="company_id", related_name="history_imports"
    )
    state = models.CharField(max_length=20, choices=State, default=State.READING)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    report = models.JSONField(
        default=dict, encoder=ExactEncoder, decoder=ExactDecoder, help_text="Counts and totals as they were shown."
    )
    message = models.TextField(blank=True, help_text="What happened and what to do, in a sentence.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "import of history"
        verbose_name_plural = "imports of history"
        permissions = [("import_history", "Can take over the history of QuickBooks")]
        constraints = [
            models.UniqueConstraint(
                fields=["company"], name="history_import_one_per_company", condition=~models.Q(state="discarded")
            ),
            models.CheckConstraint(
                name="history_import_state_known",
                condition=models.Q(state__in=["reading", "ready", "committing", "committed", "discarded"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Import of history, {self.get_state_display().lower()}"
