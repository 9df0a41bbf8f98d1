"""Which customer may be which contact: what the machine proposes, and what was decided by whom."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from contacts.matching import kinds
from contacts.models import Contact
from contacts.models.merges import Dismissal
from quickbooks_integration.models.connection import QuickBooksAuth
from quickbooks_integration.models.sync import QuickBooksSync

# Skipped ones last; where most money is at stake first.
QUEUE_ORDER = (
    F("skipped_at").asc(nulls_first=True),
    F("owed").desc(),
    F("quoted").desc(),
    F("score").desc(),
    F("id").asc(),
)


class MatchCandidate(models.Model):
    """One possible pair. A refused one stays, so that the question is never asked twice.

    A customer that is linked has no open pair: the others are closed, and open again when the link is undone.
    """

    NAMED_BY: ClassVar[tuple[str, ...]] = ("sync__customer",)

    class State(models.TextChoices):
        OPEN = "open", "To review"
        LINKED = "linked", "Linked"
        REFUSED = "refused", "Not the same"
        CLOSED = "closed", "Linked to somebody else"

    # The constraint below has an index that begins with it.
    sync = models.ForeignKey(QuickBooksSync, on_delete=models.CASCADE, related_name="candidates", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="match_candidates")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    score = models.SmallIntegerField(help_text="0 to 100; decides nothing.")
    reasons = models.JSONField(default=list, help_text='[{"text": "Same phone ...", "agrees": true}, ...]')
    kind = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices=[(kind.value, label) for kind, label in kinds.LABELS.items()],
        verbose_name="what is unclear",
        help_text="Empty until matching has looked at the pair again.",
    )
    shape = models.CharField(
        max_length=400,
        blank=True,
        default="",
        db_default="",
        help_text="What the reasons are about, without names and numbers.",
    )
    # As of when matching last looked at the pair: they order the queue, and no page shows them.
    owed = models.DecimalField(
        max_digits=15,
        decimal_places=2,
        default=Decimal(0),
        db_default=Decimal(0),
        help_text="Dollars: the customer's open balance, with jobs.",
    )
    quoted = models.DecimalField(
        max_digits=15,
        decimal_places=2,
        default=Decimal(0),
        db_default=Decimal(0),
        help_text="Dollars: the contact's quotes that wait for an answer or for their work.",
    )
    skipped_at = models.DateTimeField(null=True, blank=True, help_text="Put to the end of the queue.")
    # Two people at once never get the same customer: a claim is taken by conditional update and runs out by itself.
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-score", "id"]
        verbose_name = "possible match"
        verbose_name_plural = "possible matches"
        permissions = [("decide_matches", "Can decide which customer is which contact")]
        indexes = [
            models.Index(
                *QUEUE_ORDER,
                name="match_queue",
                condition=Q(state="open"),
            ),
            models.Index("kind", *QUEUE_ORDER, name="match_queue_of_kind", condition=Q(state="open")),
            models.Index(fields=["kind", "shape"], name="match_alike", condition=Q(state="open")),
            models.Index(fields=["claimed_until"], name="match_claims", condition=Q(claimed_until__isnull=False)),
            models.Index(fields=["claimed_by"], name="match_claims_of", condition=Q(claimed_by__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["sync", "contact"], name="match_pair_once"),
            models.CheckConstraint(
                name="match_state_known",
                condition=Q(state__in=["open", "linked", "refused", "closed"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sync} / {self.contact}"


class MatchingProgress(models.Model):
    """Up to which change contacts and customers are matched."""

    company = models.OneToOneField(
        QuickBooksAuth, to_field="company_id", on_delete=models.CASCADE, related_name="matching", primary_key=True
    )
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.company}: {self.until}"


class FamilyName(models.Model):
    """How much a frequent family name tells. Counted when everybody is matched; a name without a row is a rare one."""

    company = models.ForeignKey(
        QuickBooksAuth, to_field="company_id", on_delete=models.CASCADE, related_name="family_names"
    )
    name = models.CharField(max_length=100)
    bits = models.FloatField(help_text="Fewer for a more frequent name.")

    class Meta:
        ordering = ["bits", "name"]
        constraints = [models.UniqueConstraint(fields=["company", "name"], name="family_name_once")]

    def __str__(self) -> str:
        return self.name


class MatchDecision(models.Model):
    """What was decided, by whom, and what it changed: enough to take it back."""

    class Action(models.TextChoices):
        AUTO_LINK = "auto_link", "Linked by itself"
        LINK = "link", "Linked"
        REFUSE = "refuse", "Not the same"
        CREATE_CONTACT = "create_contact", "New contact"
        CREATE_CUSTOMER = "create_customer", "New QuickBooks customer"
        LET_GO = "let_go", "No longer linked"

    # Those that link a customer to a contact.
    LINKING: ClassVar[list[str]] = [Action.AUTO_LINK, Action.LINK, Action.CREATE_CONTACT, Action.CREATE_CUSTOMER]

    sync = models.ForeignKey(QuickBooksSync, on_delete=models.CASCADE, related_name="decisions")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="match_decisions")
    action = models.CharField(max_length=20, choices=Action)
    reasons = models.JSONField(default=list)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    decided_at = models.DateTimeField(auto_now_add=True)
    before = models.JSONField(default=dict, help_text="What the decision changed, as it was.")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "match decision"
        # Of people only: what the machine decides are tens of thousands, and nobody looks for it by who it was.
        indexes = [
            models.Index(
                fields=["decided_by", "-id"],
                name="decision_to_undo",
                condition=Q(undone_at__isnull=True, decided_by__isnull=False),
            ),
            models.Index(fields=["decided_by", "-id"], name="decision_of", condition=Q(decided_by__isnull=False)),
            models.Index(fields=["undone_by"], name="decision_undone_by", condition=Q(undone_by__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.contact or 'no contact'}"


class DismissedCustomers(Dismissal):
    """Of two customers of QuickBooks, by the keys of their map rows."""

    class Meta(Dismissal.Meta):
        verbose_name = "dismissed pair of customers"
        verbose_name_plural = "dismissed pairs of customers"
