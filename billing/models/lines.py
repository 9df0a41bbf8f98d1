"""What quotes and invoices have in common: lines, a discount, tax, and sums that add up."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Round
from django.utils import timezone

from billing import money
from billing.models.catalogue import TaxCode
from contacts.fields import FreeText
from contacts.models import CURRENT, Contact

ODD = "QuickBooks' own sums or lines are unusual. It is kept as it is there, and its sums are not checked."


def today() -> Any:
    """The business's date, for defaults of fields."""
    return timezone.localdate()


def dollars(**options: Any) -> models.DecimalField:
    return models.DecimalField(max_digits=10, decimal_places=2, **options)


class Line(models.Model):
    """One line. line_total is quantity times price, half a cent up; QuickBooks' odd lines keep their own amount."""

    position = models.PositiveSmallIntegerField(default=0, help_text="Lines are shown in this order.")
    description = FreeText()
    quantity = dollars(default=Decimal(1))
    unit_price = dollars()
    line_total = dollars(editable=False)
    taxable = models.BooleanField(default=False)
    quickbooks_line_id = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001
    is_odd = models.BooleanField(default=False, editable=False, help_text=ODD)
    _read_with: tuple[Any, Any] | None = None

    class Meta:
        abstract = True
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="%(class)s_total_is_quantity_times_price",
                condition=models.Q(is_odd=True)
                | models.Q(line_total=Round(models.F("quantity") * models.F("unit_price"), precision=2)),
            ),
        ]

    def __str__(self) -> str:
        return self.description.partition("\n")[0][:80]

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.set_total()
        if update_fields is not None:
            update_fields = {*update_fields, "line_total", "is_odd"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_total(self) -> "Line":
        """Derives line_total; call it before bulk_create, which passes save() by. A new quantity or price ends an odd
        line's own amount."""
        if self.is_odd and self._read_with and self._read_with != (self.quantity, self.unit_price):
            self.is_odd = False
        if not self.is_odd:
            self.line_total = money.line_total(self.quantity, self.unit_price)
        return self

    @classmethod
    def from_db(cls, *args: Any) -> Self:
        line = super().from_db(*args)
        line._remember()
        return line

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._remember()

    def _remember(self) -> None:
        """An odd line's amount belongs to the quantity and the price that it was read with."""
        read = self.__dict__
        self._read_with = (read.get("quantity"), read.get("unit_price")) if read.get("is_odd") else None

    def clean(self) -> None:
        if self.quantity is not None and self.unit_price is not None:
            self.set_total()
            if abs(self.line_total) > money.LARGEST:
                raise ValidationError("Quantity times price is more than a document can hold.")

    def validate_constraints(self, exclude: Any = None) -> None:
        """Asks the database nothing: clean() has made the sum itself, and a question per line would be one too many."""


class Document(models.Model):
    """A quote or an invoice. Without a contact it waits for the one whom its QuickBooks customer belongs to."""

    contact = models.ForeignKey(
        Contact, limit_choices_to=CURRENT, on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss"
    )
    customer_name = models.CharField(
        max_length=500, blank=True, editable=False, help_text="As QuickBooks names the customer that this was made for."
    )
    job = models.ForeignKey("billing.Job", on_delete=models.PROTECT, null=True, blank=True, related_name="%(class)ss")
    document_number = models.CharField("QuickBooks number", max_length=21, blank=True, editable=False)
    payment_terms = models.CharField(max_length=50, null=True, blank=True, help_text="For example Net 30.")  # noqa: DJ001
    message = FreeText("message to the customer", blank=True)
    notes = FreeText("our notes", blank=True, help_text="Never printed.")

    # One kind of discount: a percentage of the lines, or dollars. discount_total is what it comes to.
    discount_percent = models.DecimalField(
        max_digits=7,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    discount_amount = dollars(null=True, blank=True, validators=[MinValueValidator(Decimal(0))])
    tax_code = models.ForeignKey(
        TaxCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="%(class)ss",
        help_text="Without a code there is no tax, whatever the lines say.",
    )
    # Intuit: ApplyTaxAfterDiscount, false unless said otherwise.
    tax_after_discount = models.BooleanField(
        default=False, help_text="Takes the tax of what is left after the discount."
    )

    subtotal = dollars(default=Decimal(0), editable=False)
    discount_total = dollars(default=Decimal(0), editable=False)
    tax_amount = dollars(default=Decimal(0), editable=False)
    total_amount = dollars(default=Decimal(0), editable=False)
    is_odd = models.BooleanField("unusual in QuickBooks", default=False, editable=False, help_text=ODD)
    odd_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_total_adds_up",
                condition=models.Q(is_odd=True)
                | models.Q(total_amount=models.F("subtotal") - models.F("discount_total") + models.F("tax_amount")),
            ),
            models.CheckConstraint(
                name="%(class)s_sums_not_negative",
                condition=models.Q(is_odd=True)
                | models.Q(discount_total__gte=0, tax_amount__gte=0, total_amount__gte=0),
            ),
            models.CheckConstraint(
                name="%(class)s_one_kind_of_discount",
                condition=models.Q(discount_percent__isnull=True) | models.Q(discount_amount__isnull=True),
                violation_error_message="Give the discount as a percentage or in dollars, not both.",
            ),
            models.CheckConstraint(
                name="%(class)s_discount_in_range",
                condition=(
                    models.Q(discount_percent__isnull=True)
                    | models.Q(discount_percent__gte=0, discount_percent__lte=100)
                )
                & (models.Q(discount_amount__isnull=True) | models.Q(discount_amount__gte=0)),
            ),
        ]

    @property
    def customer(self) -> str:
        """Whom it is for, in words."""
        return str(self.contact) if self.contact else self.customer_name or "(no customer)"
