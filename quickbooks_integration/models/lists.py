"""Names that QuickBooks' documents point to by id."""

from django.db import models

from quickbooks_integration.exact_json import ExactDecoder, ExactEncoder
from quickbooks_integration.models.connection import QuickBooksAuth


class ListEntry(models.Model):
    """A payment term, payment method, account or tax code of QuickBooks, refreshed as a whole list.

    Intuit: what the change feed carries of them is incomplete, so they are read on their own.
    """

    class Kind(models.TextChoices):
        TERM = "Term", "Payment term"
        PAYMENT_METHOD = "PaymentMethod", "Payment method"
        ACCOUNT = "Account", "Account"
        TAX_CODE = "TaxCode", "Tax code"
        TAX_RATE = "TaxRate", "Tax rate"
        PREFERENCES = "Preferences", "Settings of the company"

    company = models.ForeignKey(
        QuickBooksAuth, on_delete=models.CASCADE, to_field="company_id", related_name="list_entries"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    entity_id = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    active = models.BooleanField(default=True)
    raw = models.JSONField(encoder=ExactEncoder, decoder=ExactDecoder)

    class Meta:
        ordering = ["kind", "name"]
        verbose_name_plural = "list entries"
        constraints = [models.UniqueConstraint(fields=["company", "kind", "entity_id"], name="list_entry_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.name}"
