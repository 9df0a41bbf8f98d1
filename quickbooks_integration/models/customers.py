"""QuickBooks' customers as they are there: a mirror that is only ever written by sync.py."""

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from quickbooks_integration.exact_json import ExactDecoder, ExactEncoder
from quickbooks_integration.models.sync import QuickBooksSync

# QuickBooks has it no more, or keeps it, put away, as what was merged into another one.
GONE = Q(vanished_at__isnull=False) | (~Q(merged_into="") & Q(active=False))


class CustomerQuerySet(models.QuerySet["QuickBooksCustomer"]):
    def locked(self, rows: models.QuerySet[QuickBooksSync]) -> "CustomerQuerySet":
        """The customers of these map rows, which are locked without their keys, all in the order of ids. Inside the
        caller's transaction, before any contact is locked.

        Read after the wait: a join with the locked rows would tell what the customers were before it.
        """
        ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        return self.filter(pk__in=ids).select_related("sync").order_by("pk")


class QuickBooksCustomer(models.Model):
    """The whole document, and the few columns that are searched. Whose contact it is stands in `sync`."""

    sync = models.OneToOneField(
        QuickBooksSync,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="customer",
    )
    display_name = models.CharField(max_length=500)
    given_name = models.CharField(max_length=100, blank=True)
    family_name = models.CharField(max_length=100, blank=True)
    company_name = models.CharField(max_length=100, blank=True)
    parent_id = models.CharField(
        max_length=50,
        blank=True,
        help_text="QuickBooks id of the customer that this is a job of.",
    )
    payment_terms = models.CharField(max_length=50, blank=True)
    active = models.BooleanField(default=True)
    balance = models.DecimalField(max_digits=15, decimal_places=2, default=Decimal(0), help_text="Dollars.")
    balance_with_jobs = models.DecimalField(max_digits=15, decimal_places=2, default=Decimal(0))
    # Normalised when the row is written, so that matching only compares.
    phone_keys = ArrayField(models.CharField(max_length=20), default=list)
    email_keys = ArrayField(models.CharField(max_length=254), default=list)
    place_keys = ArrayField(models.CharField(max_length=240), default=list, db_default=[])
    remote_created_at = models.DateTimeField(null=True)
    remote_updated_at = models.DateTimeField(null=True)
    vanished_at = models.DateTimeField(null=True, blank=True, help_text="QuickBooks no longer has it: merged or gone.")
    merged_into = models.CharField(
        max_length=50,
        blank=True,
        default="",
        db_default="",
        help_text="QuickBooks id of the customer that this one was merged into there, once that is known.",
    )
    # Of the mapped columns, not of the document: QuickBooks' answers differ in fields that mean nothing to us.
    digest = models.CharField(max_length=40)
    raw = models.JSONField(encoder=ExactEncoder, decoder=ExactDecoder)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = "QuickBooks customer"
        indexes = [
            GinIndex(
                fields=["phone_keys"],
                name="quickbooks_customer_phones",
                fastupdate=False,
            ),
            GinIndex(
                fields=["email_keys"],
                name="quickbooks_customer_emails",
                fastupdate=False,
            ),
            GinIndex(
                fields=["place_keys"],
                name="quickbooks_customer_places",
                fastupdate=False,
            ),
            models.Index(fields=["parent_id"], name="quickbooks_customer_jobs", condition=~models.Q(parent_id="")),
            models.Index(fields=["display_name"], name="quickbooks_customer_name"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def is_job(self) -> bool:
        return bool(self.parent_id)

    @property
    def is_gone(self) -> bool:
        """As GONE."""
        return self.vanished_at is not None or bool(self.merged_into and not self.active)
