"""Money that came in, credits, and what each of them was used for."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from billing.models.history import History
from billing.models.invoices import Invoice
from billing.models.lines import ODD, dollars, today
from contacts.before_first import tracked
from contacts.fields import FreeText, FreeTextLine
from contacts.models import CURRENT, Contact


class _Receipt(models.Model):
    """Who paid or was credited, and the document's place in QuickBooks."""

    contact = models.ForeignKey(
        Contact, limit_choices_to=CURRENT, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss"
    )
    customer_name = models.CharField(max_length=500, blank=True, editable=False)
    notes = FreeText("our notes", blank=True)
    is_void = models.BooleanField("void", default=False, editable=False)
    is_odd = models.BooleanField("unusual in QuickBooks", default=False, editable=False, help_text=ODD)
    odd_reason = models.CharField(max_length=200, blank=True, editable=False)
    quickbooks_sync_token = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    @property
    def customer(self) -> str:
        return str(self.contact) if self.contact else self.customer_name or "(no customer)"


@tracked("credit_memo", made=True, exclude=["created_at", "updated_at"])
class CreditMemo(_Receipt):
    """Money that the customer need not pay after all. remaining_credit is what no invoice has used yet."""

    document_number = models.CharField("QuickBooks number", max_length=21, blank=True, editable=False)
    credit_date = models.DateField("date", default=today)
    total_amount = dollars(validators=[MinValueValidator(Decimal(0))])
    remaining_credit = dollars(editable=False)
    is_refund = models.BooleanField(
        "refund", default=False, editable=False, help_text="The money was paid back: nothing of it is left to use."
    )
    quickbooks_credit_memo_id = models.CharField(max_length=50, null=True, blank=True, unique=True, editable=False)

    class Meta:
        ordering = ["-credit_date", "-id"]
        constraints = [
            models.CheckConstraint(
                name="credit_memo_remainder_in_range",
                condition=models.Q(is_odd=True)
                | models.Q(remaining_credit__gte=0, remaining_credit__lte=models.F("total_amount")),
            ),
            models.CheckConstraint(
                name="credit_memo_is_for_somebody",
                condition=models.Q(contact__isnull=False) | models.Q(quickbooks_credit_memo_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Credit memo {self.document_number}" if self.document_number else "Credit memo without a number"


@tracked("payment", made=True, exclude=["created_at", "updated_at"])
class Payment(_Receipt):
    """One payment, for one invoice, for several, or for none yet: unapplied_amount waits to be used.

    An amount of 0 is no money: QuickBooks uses such payments to set a credit against an invoice.
    """

    payment_date = models.DateField("date", default=today)
    amount = dollars(validators=[MinValueValidator(Decimal(0))])
    unapplied_amount = dollars(default=Decimal(0), editable=False)
    method = models.CharField(max_length=50, blank=True, help_text="For example Check.")
    reference = FreeTextLine(max_length=21, blank=True, help_text="For example the check's number.")
    deposit_account = models.CharField(max_length=100, blank=True)
    quickbooks_payment_id = models.CharField(
        "QuickBooks payment id", max_length=50, null=True, blank=True, unique=True, editable=False
    )

    class Meta:
        ordering = ["-payment_date", "-id"]
        indexes = [
            models.Index(fields=["-payment_date", "-id"], name="payment_by_date"),
            models.Index(
                fields=["payment_date"],
                include=["amount"],
                name="payment_sums_by_day",
                condition=models.Q(is_void=False, amount__gt=0),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="payment_unapplied_in_range",
                condition=models.Q(is_odd=True)
                | models.Q(amount__gte=0, unapplied_amount__gte=0, unapplied_amount__lte=models.F("amount")),
            ),
            models.CheckConstraint(
                name="payment_is_from_somebody",
                condition=models.Q(contact__isnull=False) | models.Q(quickbooks_payment_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Payment of ${self.amount:,.2f} on {self.payment_date:%b %d, %Y}"


@tracked("payment_application", made=True)
class PaymentApplication(models.Model):
    """Part of a payment: to an invoice, which it pays; or from a credit memo, which it uses up.

    Over the lines of a payment: amount + from credits = to invoices + unapplied. Across rows, so a nightly check and
    a test hold it, not the database.
    """

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="applications")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, null=True, blank=True, related_name="applications")
    credit_memo = models.ForeignKey(
        CreditMemo, on_delete=models.PROTECT, null=True, blank=True, related_name="applications"
    )
    amount = dollars(validators=[MinValueValidator(Decimal("0.01"))])

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="payment_application_has_one_target",
                condition=models.Q(invoice__isnull=False, credit_memo__isnull=True)
                | models.Q(invoice__isnull=True, credit_memo__isnull=False),
            ),
            models.CheckConstraint(name="payment_application_is_positive", condition=models.Q(amount__gt=0)),
            models.UniqueConstraint(fields=["payment", "invoice"], name="payment_pays_an_invoice_once"),
            models.UniqueConstraint(fields=["payment", "credit_memo"], name="payment_uses_a_credit_once"),
        ]

    def __str__(self) -> str:
        return f"${self.amount:,.2f} to {self.invoice or self.credit_memo}"


class PaymentHistory(History):
    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="history")

    class Meta(History.Meta):
        verbose_name_plural = "payment history"
