"""QuickBooks' estimates, invoices, payments and credits as it last told them."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from quickbooks_integration.exact_json import ExactDecoder, ExactEncoder
from quickbooks_integration.models.sync import QuickBooksSync


class QuickBooksDocument(models.Model):
    """The mirror of one document: the whole JSON and the few columns that are searched. Only `sync/` writes it.

    A document keeps the customer that it was written for, whoever that customer's contact is. Until the history is
    committed, and when no row of ours can hold it, the map row points to nothing here.
    """

    KINDS: ClassVar[dict[str, str]] = {
        "estimate": "Estimate",
        "invoice": "Invoice",
        "payment": "Payment",
        "credit_memo": "CreditMemo",
        "sales_receipt": "SalesReceipt",
        "refund_receipt": "RefundReceipt",
    }

    sync = models.OneToOneField(QuickBooksSync, on_delete=models.CASCADE, primary_key=True, related_name="document")
    customer_id = models.CharField("QuickBooks customer id", max_length=50, blank=True, db_index=True)
    customer_name = models.CharField(max_length=500, blank=True)
    document_number = models.CharField("number", max_length=30, blank=True)
    date = models.DateField(null=True, blank=True)
    total = models.DecimalField(max_digits=15, decimal_places=2, default=Decimal(0))
    balance = models.DecimalField(max_digits=15, decimal_places=2, default=Decimal(0))
    status = models.CharField(max_length=20, blank=True, help_text="TxnStatus of an estimate; void.")
    links = models.JSONField(default=list, help_text='[["Invoice", "130"], ...]: what it is linked to, lines included.')
    remote_created_at = models.DateTimeField(null=True)
    remote_updated_at = models.DateTimeField(null=True)
    vanished_at = models.DateTimeField(null=True, blank=True, help_text="QuickBooks no longer has it: deleted there.")
    # Of the mapped projection, not of the document: QuickBooks' answers differ in fields that mean nothing to us.
    digest = models.CharField(max_length=40)
    problem = models.CharField(
        max_length=300, blank=True, help_text="What is unusual about it, or why it has no row here."
    )
    raw = models.JSONField(encoder=ExactEncoder, decoder=ExactDecoder)

    class Meta:
        verbose_name = "QuickBooks document"
        indexes = [
            models.Index(fields=["-date"], name="quickbooks_document_date"),
            GinIndex(fields=["links"], name="quickbooks_document_links", fastupdate=False),
        ]

    def __str__(self) -> str:
        number = f" {self.document_number}" if self.document_number else ""
        return f"{self.sync.get_entity_type_display()}{number} of {self.customer_name or 'nobody'}"
