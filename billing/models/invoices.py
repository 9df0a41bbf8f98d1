"""Invoices and what of them is paid."""

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils import timezone

from billing.models.catalogue import Product
from billing.models.history import History
from billing.models.lines import Document, Line, dollars, today
from billing.models.quotes import Quote
from contacts.before_first import tracked


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def final(self) -> "InvoiceQuerySet":
        """Those that bill work to its end: no deposit or part, and not void."""
        return self.filter(is_part=False).exclude(status=Invoice.Status.VOID)

    def of_jobs(self, jobs: Iterable[int]) -> "InvoiceQuerySet":
        """Those of these jobs; an invoice that knows no job is that of its quote's job."""
        own = Invoice.objects.filter(job__in=jobs)
        by_quote = Invoice.objects.filter(job=None, quote__job__in=jobs)
        # One set, because of conditions joined by "or" over two tables PostgreSQL reads every invoice.
        return self.filter(pk__in=own.order_by().values("pk").union(by_quote.order_by().values("pk")))


@tracked("invoice", made=True, exclude=["created_at", "updated_at"])
class Invoice(Document):
    """payment_status, amount_paid, balance_due and paid_date are derived: see billing.invoices."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        SENT = "sent", "Sent"
        VOID = "void", "Void"

    class PaymentStatus(models.TextChoices):
        UNPAID = "unpaid", "Unpaid"
        PARTIAL = "partial", "Partly paid"
        PAID = "paid", "Paid"
        OVERDUE = "overdue", "Overdue"

    quote = models.ForeignKey(Quote, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices")
    is_part = models.BooleanField(
        "deposit or part",
        default=False,
        editable=False,
        help_text="Bills a part of its quote in advance. The final invoice takes it off.",
    )
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT, editable=False)
    invoice_date = models.DateField("date", default=today)
    due_date = models.DateField(null=True, blank=True)
    job_date = models.DateField(null=True, blank=True, help_text="The day of the work.")
    technician = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="invoices"
    )
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    sent_to = models.CharField(max_length=254, blank=True, editable=False)
    # Intuit: a deposit taken up front lowers the balance without a payment of its own.
    deposit = dollars(default=0, editable=False)
    amount_paid = dollars(default=0, editable=False)
    balance_due = dollars(default=0, editable=False)
    payment_status = models.CharField(
        max_length=20, choices=PaymentStatus, default=PaymentStatus.UNPAID, editable=False
    )
    paid_date = models.DateTimeField(null=True, blank=True, editable=False)
    is_sales_receipt = models.BooleanField(
        "sales receipt", default=False, editable=False, help_text="Paid on the spot: QuickBooks keeps it apart."
    )
    payment_link = models.URLField(
        max_length=500, blank=True, editable=False, help_text="Where the customer pays online, if QuickBooks gives one."
    )
    quickbooks_invoice_id = models.CharField(
        "QuickBooks invoice id", max_length=50, null=True, blank=True, unique=True, editable=False
    )
    quickbooks_sync_token = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001

    objects = InvoiceQuerySet.as_manager()

    class Meta(Document.Meta):
        ordering = ["-invoice_date", "-id"]
        indexes = [
            models.Index(fields=["-invoice_date", "-id"], name="invoice_by_date"),
            models.Index(fields=["due_date"], name="invoice_awaiting_payment", condition=models.Q(balance_due__gt=0)),
            # For the first page: sums by day, and what is billed already.
            models.Index(
                fields=["invoice_date"],
                include=["total_amount", "deposit"],
                name="invoice_sums_by_day",
                condition=models.Q(status__in=["open", "sent"]),
            ),
            models.Index(
                fields=["job"],
                name="invoice_final_of_job",
                condition=models.Q(is_part=False, job__isnull=False) & ~models.Q(status="void"),
            ),
            models.Index(
                fields=["quote"],
                include=["job"],
                name="invoice_final_of_quote",
                condition=models.Q(is_part=False, quote__isnull=False) & ~models.Q(status="void"),
            ),
        ]
        constraints = [
            *Document.Meta.constraints,
            models.CheckConstraint(
                name="invoice_status_known", condition=models.Q(status__in=["draft", "open", "sent", "void"])
            ),
            models.CheckConstraint(
                name="invoice_payment_status_known",
                condition=models.Q(payment_status__in=["unpaid", "partial", "paid", "overdue"]),
            ),
            models.CheckConstraint(
                name="invoice_balance_adds_up",
                condition=models.Q(is_odd=True)
                | models.Q(balance_due=models.F("total_amount") - models.F("amount_paid")),
            ),
            models.CheckConstraint(
                name="invoice_paid_sums_not_negative",
                condition=models.Q(is_odd=True) | models.Q(amount_paid__gte=0, deposit__gte=0),
            ),
            models.CheckConstraint(
                name="invoice_is_for_somebody",
                condition=models.Q(contact__isnull=False) | models.Q(quickbooks_invoice_id__isnull=False),
                violation_error_message="Choose the contact that this invoice is for.",
            ),
            # Real books link several invoices to one estimate: those are odd, or sales receipts.
            models.UniqueConstraint(
                fields=["quote"],
                name="invoice_one_final_per_quote",
                condition=models.Q(is_part=False, is_odd=False, is_sales_receipt=False) & ~models.Q(status="void"),
                violation_error_message="This quote has an invoice already.",
            ),
        ]

    def __str__(self) -> str:
        return f"Invoice {self.document_number}" if self.document_number else "Invoice without a number"

    @property
    def is_editable(self) -> bool:
        """Whether the office may change it, closed books aside."""
        return self.status != self.Status.VOID and not self.is_sales_receipt

    @property
    def is_payable(self) -> bool:
        return self.balance_due > 0 and self.status not in (self.Status.DRAFT, self.Status.VOID)

    @property
    def is_overdue(self) -> bool:
        return self.balance_due > 0 and self.due_date is not None and self.due_date < timezone.localdate()


@tracked("invoice_item", made=True)
class InvoiceItem(Line):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="invoice_items")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="invoice_items")

    class Meta(Line.Meta):
        verbose_name = "line"
        constraints = [
            *Line.Meta.constraints,
            models.UniqueConstraint(
                fields=["invoice", "quickbooks_line_id"],
                name="invoice_item_one_per_quickbooks_line",
                condition=models.Q(quickbooks_line_id__isnull=False),
            ),
        ]


class InvoiceHistory(History):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="history")

    class Meta(History.Meta):
        verbose_name_plural = "invoice history"
