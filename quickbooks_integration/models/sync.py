"""The map between our rows and theirs, and the record of each pull."""

from collections.abc import Iterable
from typing import ClassVar, Self

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from contacts import by_statement
from contacts.before_first import unindexed
from quickbooks_integration.exact_json import ExactDecoder, ExactEncoder
from quickbooks_integration.models.connection import QuickBooksAuth


class SyncQuerySet(models.QuerySet["QuickBooksSync"]):
    def of_objects(self, entity_ids: Iterable[str]) -> Self:
        """The rows of these objects of QuickBooks. For a hundred ids or more: only when the query says itself that none
        is empty does PostgreSQL see that the unique index, which leaves those out, has all of them."""
        return self.filter(entity_id__in=list(entity_ids)).exclude(entity_id="")


@pghistory.track(
    # One insert for a statement, not for each row: taking over the history changes tens of thousands.
    by_statement.UpdateEvent(condition=pghistory.AnyChange("local_id", "sync_status", "entity_id")),
    pghistory.DeleteEvent(),
    model_name="QuickBooksSyncEvent",
    attrs={"company": unindexed("quickbooks_integration.QuickBooksAuth", to_field="company_id")},
    fields=[
        "company",
        "entity_type",
        "entity_id",
        "local_id",
        "sync_status",
        "sync_version",
    ],
    # For a contact's page: of thousands of rows only the few that were ever in conflict, or refused.
    meta={
        "indexes": [
            models.Index(fields=["pgh_obj"], name="sync_event_conflict", condition=models.Q(sync_status="conflict")),
            models.Index(fields=["pgh_obj"], name="sync_event_error", condition=models.Q(sync_status="error")),
        ]
    },
)
class QuickBooksSync(models.Model):
    """Pairs one of our rows with one of theirs: the map, the outbox and the state of the pair."""

    class EntityType(models.TextChoices):
        CUSTOMER = "customer", "Customer"
        ITEM = "item", "Product"
        ESTIMATE = "estimate", "Estimate"
        INVOICE = "invoice", "Invoice"
        PAYMENT = "payment", "Payment"
        CREDIT_MEMO = "credit_memo", "Credit memo"
        SALES_RECEIPT = "sales_receipt", "Sales receipt"
        REFUND_RECEIPT = "refund_receipt", "Refund receipt"

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        SYNCED = "synced", "Synced"
        CONFLICT = "conflict", "Conflict"
        ERROR = "error", "Error"

    # Which of our tables local_id points into: one integer cannot say it.
    LOCAL_MODELS: ClassVar[dict[str, str]] = {
        "customer": "contacts.Contact",
        "item": "billing.Product",
        "estimate": "billing.Quote",
        "invoice": "billing.Invoice",
        "payment": "billing.Payment",
        "credit_memo": "billing.CreditMemo",
        "sales_receipt": "billing.Invoice",
        "refund_receipt": "billing.CreditMemo",
    }

    company = models.ForeignKey(
        QuickBooksAuth,
        on_delete=models.PROTECT,
        to_field="company_id",
        related_name="syncs",
        db_index=False,  # there is one company; each index is written anew for each row that is linked
    )
    entity_type = models.CharField(max_length=50, choices=EntityType)
    entity_id = models.CharField(max_length=50, blank=True, help_text='QuickBooks\' id; "" until it is known.')
    local_id = models.BigIntegerField(null=True, blank=True)
    sync_version = models.CharField("sync token", max_length=50, blank=True)
    last_synced = models.DateTimeField(default=timezone.now)
    sync_status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    error_message = models.TextField(blank=True)

    # The two bases of every three-way comparison, both mapped to our fields: theirs as they last answered it, and ours
    # as last sent or taken over. They differ where QuickBooks makes something else of what it was sent.
    base = models.JSONField(null=True, blank=True)
    base_ours = models.JSONField(null=True, blank=True)
    # Fields on which both sides moved apart: {field: {"base":, "ours":, "theirs":}}. A person decides.
    conflicts = models.JSONField(default=dict, blank=True)

    # How often our side was changed in a way that has to go there, how much of that QuickBooks has confirmed, and how
    # much of it the open request carries.
    wanted = models.PositiveIntegerField(default=0, db_default=0)
    sent = models.PositiveIntegerField(default=0, db_default=0)
    sending = models.PositiveIntegerField(null=True, blank=True)
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="When the oldest change was made that QuickBooks does not have."
    )
    # A write that is on its way. The same bytes go out under the same request id until the answer is known.
    request_kind = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="create, update, void or delete."
    )
    request_id = models.CharField(max_length=50, blank=True)
    request_body = models.TextField(blank=True)
    request_ours = models.JSONField(null=True, blank=True, help_text="Our side as the open request carries it.")
    request_lines = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Keys of our lines, in the order sent.",
    )
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_try_at = models.DateTimeField(null=True, blank=True, help_text="Not before; empty is at once.")
    waits_for = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="What has to be in QuickBooks first: contact 12.",
    )
    needs_read = models.BooleanField(
        default=False, db_default=False, help_text="Changed there: read it again before anything else."
    )
    told_at = models.DateTimeField(
        null=True, blank=True, help_text="When a webhook last told that it was changed there."
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When QuickBooks last confirmed a write.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SyncQuerySet.as_manager()

    class Meta:
        verbose_name = "QuickBooks link"
        ordering = ["-last_synced", "-id"]
        indexes = [
            models.Index(fields=["entity_type", "local_id"], name="quickbooks_sync_local"),
            models.Index(fields=["-last_synced", "-id"], name="quickbooks_sync_recent"),
            models.Index(fields=["sync_status", "-last_synced", "-id"], name="quickbooks_sync_by_need"),
            models.Index(
                fields=["next_try_at", "id"],
                name="quickbooks_sync_due",
                condition=models.Q(sent__lt=models.F("wanted")) | models.Q(needs_read=True) | ~models.Q(request_id=""),
            ),
            models.Index(fields=["waits_for"], name="quickbooks_sync_waiting", condition=~models.Q(waits_for="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "entity_type", "entity_id"],
                name="quickbooks_sync_one_row_per_object",
                condition=~models.Q(entity_id=""),
            ),
            # A contact may have several customers (duplicates, jobs); a document has one counterpart.
            models.UniqueConstraint(
                fields=["company", "entity_type", "local_id"],
                name="quickbooks_sync_one_object_per_document",
                condition=models.Q(local_id__isnull=False) & ~models.Q(entity_type="customer"),
            ),
            models.CheckConstraint(
                name="quickbooks_sync_sends_what_is_wanted",
                condition=models.Q(sent__lte=models.F("wanted"))
                & (models.Q(sending__isnull=True) | models.Q(sending__lte=models.F("wanted"))),
            ),
            # Two clicks, two workers: one customer.
            models.UniqueConstraint(
                fields=["company", "entity_type", "local_id"],
                name="quickbooks_sync_one_open_create",
                condition=models.Q(entity_id=""),
            ),
            models.CheckConstraint(
                name="quickbooks_sync_status_known",
                condition=models.Q(sync_status__in=["pending", "synced", "conflict", "error"]),
            ),
            models.CheckConstraint(
                name="quickbooks_sync_points_somewhere",
                condition=~models.Q(entity_id="") | models.Q(local_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        # A reader of a list selects the customer too, so that this asks the database no more.
        customer = getattr(self, "customer", None)
        return f"{self.get_entity_type_display()} {customer or self.entity_id or '(not in QuickBooks yet)'}"


class SyncRun(models.Model):
    """One pull of one kind of object. read = created + updated + unchanged + conflict + rejected."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped: too many changes"
        FAILED = "failed", "Failed"

    company = models.ForeignKey(
        QuickBooksAuth,
        on_delete=models.PROTECT,
        to_field="company_id",
        related_name="runs",
    )
    entity_type = models.CharField(max_length=50, choices=QuickBooksSync.EntityType)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    full = models.BooleanField(
        default=False,
        help_text="Reads everything, not only what changed since the last run.",
    )
    brake_released = models.BooleanField(default=False, help_text="A person said that many changes are expected.")
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    way = models.CharField(
        max_length=20,
        default="sync",
        db_default="sync",
        help_text="What asked for it: sync, webhook, command or check.",
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(default=timezone.now, help_text="A running row without a pulse is dead.")
    expected = models.PositiveIntegerField(null=True, blank=True, help_text="Rows that QuickBooks announced.")
    read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    conflict = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    api_calls = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True, help_text="What happened and what to do, in a sentence.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "sync run"
        constraints = [
            models.CheckConstraint(
                name="sync_run_counts_add_up",
                condition=models.Q(
                    read=models.F("created")
                    + models.F("updated")
                    + models.F("unchanged")
                    + models.F("conflict")
                    + models.F("rejected")
                ),
            ),
            models.UniqueConstraint(
                fields=["company", "entity_type"],
                name="sync_run_one_at_a_time",
                condition=models.Q(state__in=["waiting", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_entity_type_display()}s, {date_format(timezone.localtime(self.started_at), 'M j, Y, g:i A')}"

    @property
    def seconds(self) -> float:
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()


class RejectedRow(models.Model):
    """A row of QuickBooks that could not be stored, whole, with the reason."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="rejected_rows")
    entity_id = models.CharField(max_length=50, blank=True)
    name = models.CharField(max_length=500, blank=True)
    reason = models.TextField()
    raw = models.JSONField(encoder=ExactEncoder, decoder=ExactDecoder)

    class Meta:
        ordering = ["id"]
        verbose_name = "rejected row"

    def __str__(self) -> str:
        return self.name or self.reason


class PullCursor(models.Model):
    """How far the pulls of one kind have read: everything changed before `changed_since` is stored here."""

    company = models.ForeignKey(
        QuickBooksAuth,
        on_delete=models.PROTECT,
        to_field="company_id",
        related_name="cursors",
    )
    entity_type = models.CharField(max_length=50, choices=QuickBooksSync.EntityType)
    changed_since = models.DateTimeField(null=True, blank=True)
    complete = models.BooleanField(default=False, help_text="A full pass has come to its end at least once.")
    # From here the change feed is asked. Empty: only a full pass can tell what is missing here.
    proved_until = models.DateTimeField(
        null=True, blank=True, help_text="Every change and deletion there before this moment is known here."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "entity_type"], name="pull_cursor_once")]

    def __str__(self) -> str:
        return f"{self.get_entity_type_display()} read up to {self.changed_since}"
