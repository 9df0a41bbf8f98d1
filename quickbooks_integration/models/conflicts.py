"""What was decided where both sides had changed the same field, and what is decided without asking."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from contacts import fingerprints
from quickbooks_integration.exact_json import ExactDecoder, ExactEncoder
from quickbooks_integration.models.connection import QuickBooksAuth
from quickbooks_integration.models.sync import QuickBooksSync


class Choice(models.TextChoices):
    THEIRS = "theirs", "QuickBooks'"
    OURS = "ours", "Ours"


class ConflictPolicy(models.Model):
    """Who wins in one field of one kind from now on. Rows are only added: the newest of a field counts, the others are
    its history."""

    class Rule(models.TextChoices):
        ASK = "ask", "Ask"
        QUICKBOOKS = "quickbooks", "QuickBooks wins"
        CRM = "crm", "The CRM wins"

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.PROTECT, to_field="company_id", related_name="conflict_policies"
    )
    entity_type = models.CharField(max_length=50, choices=QuickBooksSync.EntityType)
    field = models.CharField(max_length=30)
    rule = models.CharField(max_length=20, choices=Rule)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "conflict policy"
        verbose_name_plural = "conflict policies"
        indexes = [models.Index(fields=["company", "entity_type", "field", "-id"], name="conflict_policy_newest")]
        constraints = [
            models.CheckConstraint(
                name="conflict_policy_rule_known", condition=Q(rule__in=["ask", "quickbooks", "crm"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_entity_type_display()}, {self.field}: {self.get_rule_display()}"


class ConflictBatch(models.Model):
    """The same decision for many rows: each of them is a ConflictDecision that waits until a worker has carried it out."""

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.PROTECT, to_field="company_id", related_name="conflict_batches"
    )
    entity_type = models.CharField(max_length=50, choices=QuickBooksSync.EntityType)
    field = models.CharField(max_length=30)
    choice = models.CharField(max_length=10, choices=Choice)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = "conflict batch"
        verbose_name_plural = "conflict batches"

    def __str__(self) -> str:
        return f"{self.get_entity_type_display()}, {self.field}"


class ConflictDecision(models.Model):
    """One decision about one field: what both sides said, and what it takes to undo it.

    Values are those of the projections. kept: what of our row the field is made of, as columns and rows, before.
    document: QuickBooks' whole document before a value of ours went there.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for a worker"
        DONE = "done", "Decided"
        LEFT_OUT = "left_out", "Left out"
        UNDONE = "undone", "Undone"

    sync = models.ForeignKey(QuickBooksSync, on_delete=models.SET_NULL, null=True, related_name="conflict_decisions")
    batch = models.ForeignKey(ConflictBatch, on_delete=models.CASCADE, null=True, blank=True, related_name="decisions")
    policy = models.ForeignKey(
        ConflictPolicy, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    entity_type = models.CharField(max_length=50, choices=QuickBooksSync.EntityType)
    local_id = models.BigIntegerField()
    name = models.CharField(max_length=500, help_text="The row as it was called then.")
    field = models.CharField(max_length=30)
    choice = models.CharField(max_length=10, choices=Choice)
    state = models.CharField(max_length=10, choices=State, default=State.DONE)
    seen = models.CharField(
        max_length=fingerprints.LENGTH, blank=True, help_text="Stands for the values that were looked at."
    )
    base = models.JSONField(null=True, blank=True)
    ours = models.JSONField(null=True, blank=True)
    theirs = models.JSONField(null=True, blank=True)
    became = models.JSONField(null=True, blank=True, help_text="Our value afterwards.")
    base_ours = models.JSONField(null=True, blank=True, help_text="Our side of the field as QuickBooks knew it before.")
    kept = models.JSONField(default=dict, blank=True)
    document = models.JSONField(null=True, blank=True, encoder=ExactEncoder, decoder=ExactDecoder)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    said = models.TextField(blank=True, help_text="Why it was left out, or what undoing it did, in a sentence.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "conflict"
        indexes = [
            models.Index(fields=["batch", "state", "id"], name="conflict_decision_of_batch"),
            models.Index(fields=["sync", "field", "-id"], name="conflict_decision_of_row"),
            models.Index(fields=["id"], name="conflict_decision_waiting", condition=Q(state="waiting")),
        ]
        constraints = [
            models.CheckConstraint(
                name="conflict_decision_state_known",
                condition=Q(state__in=["waiting", "done", "left_out", "undone"]),
            ),
            models.CheckConstraint(name="conflict_decision_choice_known", condition=Q(choice__in=["theirs", "ours"])),
            models.CheckConstraint(
                name="conflict_decision_undone_has_a_time",
                condition=Q(state="undone", undone_at__isnull=False) | (~Q(state="undone") & Q(undone_at=None)),
            ),
            # Two clicks, two people: a row waits once for the same answer.
            models.UniqueConstraint(
                fields=["sync", "field"],
                name="conflict_decision_one_waiting",
                condition=Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.field}"
