"""Lines that are quoted again and again, under one name."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from billing.models.catalogue import Product
from billing.models.lines import dollars
from contacts.fields import FreeText


class QuoteTemplate(models.Model):
    """For example "Crack, poured wall, up to 10 feet": inserted into a quote with two keys."""

    name = models.CharField(max_length=100, unique=True)
    message = FreeText("message to the customer", blank=True, help_text="Goes into a quote that has none yet.")
    active = models.BooleanField(default=True, help_text="Offered on quotes.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class QuoteTemplateLine(models.Model):
    """Without a price or a description the line takes the product's own, as it is on the day of the quote."""

    template = models.ForeignKey(QuoteTemplate, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(default=0)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="template_lines")
    description = FreeText(blank=True, help_text="Empty: the product's own.")
    quantity = dollars(default=Decimal(1), validators=[MinValueValidator(Decimal("0.01"))])
    unit_price = dollars(null=True, blank=True, help_text="Empty: the product's price of the day.")
    taxable = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "line"
        constraints = [
            models.CheckConstraint(
                name="template_line_says_what",
                condition=models.Q(product__isnull=False) | ~models.Q(description=""),
                violation_error_message="Choose a product or write a description.",
            ),
        ]

    def __str__(self) -> str:
        return self.description.partition("\n")[0][:80] or str(self.product)
