"""What is sold, and the taxes that may be on it."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from contacts.before_first import tracked


@tracked("product", exclude=["created_at", "updated_at"])
class Product(models.Model):
    """A service or a thing with its usual price. Most come from QuickBooks, where they are called items."""

    class ItemType(models.TextChoices):
        SERVICE = "service", "Service"
        INVENTORY = "inventory", "Inventory"
        NON_INVENTORY = "non_inventory", "Non-inventory"

    name = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True, help_text="What a new line of a quote says.")  # noqa: DJ001
    sku = models.CharField("SKU", max_length=100, blank=True)
    category = models.CharField(max_length=255, blank=True, help_text="As QuickBooks groups its items.")
    item_type = models.CharField(max_length=20, choices=ItemType, default=ItemType.SERVICE)
    is_bundle = models.BooleanField(
        "bundle", default=False, help_text="Stands for several items in QuickBooks; not offered on new lines here."
    )
    # NULL is "no price known", 0 is free.
    unit_price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    cost = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    quantity_on_hand = models.IntegerField(null=True, blank=True)
    reorder_point = models.IntegerField(null=True, blank=True)
    taxable = models.BooleanField(default=True)
    income_account = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    expense_account = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    active = models.BooleanField(
        default=True, help_text="Inactive products stay on old lines and are not offered on new ones."
    )

    # Copies for search; the truth is the product's row in QuickBooksSync. Written by quickbooks_integration only.
    quickbooks_item_id = models.CharField(
        "QuickBooks item id", max_length=50, null=True, blank=True, unique=True, editable=False
    )
    quickbooks_sync_token = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["name", "id"], name="product_by_name")]
        constraints = [
            models.CheckConstraint(
                name="product_item_type_known",
                condition=models.Q(item_type__in=["service", "inventory", "non_inventory"]),
            ),
            models.CheckConstraint(
                name="product_only_inventory_has_stock",
                condition=models.Q(item_type="inventory")
                | models.Q(quantity_on_hand__isnull=True, reorder_point__isnull=True),
                violation_error_message="Only inventory has a quantity on hand and a reorder point.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def margin(self) -> Decimal | None:
        """Dollars left of the price after the cost; None when one of them is not known."""
        return None if self.unit_price is None or self.cost is None else self.unit_price - self.cost

    @property
    def is_low(self) -> bool:
        """Whether it is time to order more."""
        if self.quantity_on_hand is None or self.reorder_point is None:
            return False
        return self.quantity_on_hand <= self.reorder_point


class TaxCode(models.Model):
    """A named set of sales tax rates, as QuickBooks puts on a whole document.

    Repair of real property usually takes none: without a default, new quotes have no tax.
    """

    name = models.CharField(max_length=100, unique=True)
    quickbooks_tax_code_id = models.CharField(max_length=50, null=True, blank=True, unique=True)
    active = models.BooleanField(default=True)
    is_default = models.BooleanField("on new quotes", default=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="tax_code_one_default",
                violation_error_message="Another tax code is on new quotes already. Untick it there first.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TaxRate(models.Model):
    """One rate of a code. Each is taken of the whole taxable amount and rounded by itself."""

    tax_code = models.ForeignKey(TaxCode, on_delete=models.CASCADE, related_name="rates")
    name = models.CharField(max_length=100)
    percent = models.DecimalField(
        max_digits=7, decimal_places=4, validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="tax_rate_a_percentage", condition=models.Q(percent__gte=0, percent__lte=100))
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent.normalize():f} %"
