"""People and companies that the office talks to, and every way to reach them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar, Self

import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from contacts.before_first import tracked, unindexed
from contacts.fields import FreeText, FreeTextLine, HouseKey
from contacts.matching import normalise

# Of a key to a contact: a form that was open while its contact was merged away is told so.
CURRENT = {"merged_into": None}


class ContactQuerySet(models.QuerySet["Contact"]):
    def current(self) -> Self:
        """Without those that were merged into others: their rows are kept for the history and for an undo only. Every
        list, search, match, import and export begins here."""
        return self.filter(**CURRENT)

    def nameless(self) -> Self:
        """Without a name of a person or a firm."""
        return self.filter(first_name="", last_name="", company="")

    def without_email(self) -> Self:
        """Without an address that can be written to."""
        return self.filter(~Exists(ContactEmail.objects.filter(contact=OuterRef("pk")).exclude(key="")))

    def touch(self) -> None:
        """A phone, an e-mail or an address of these was changed, and not the row itself: whoever looks for what changed
        since, or has the contact on a screen, goes by the row. May be inside a transaction."""
        self.update(updated_at=timezone.now())


# One insert for a statement, not for each row: matching changes tens of thousands.
@tracked(
    "contact",
    level=pgtrigger.Statement,
    exclude=["updated_at", "version"],
    attrs={"merged_into": unindexed("contacts.Contact", null=True, blank=True)},
)
class Contact(models.Model):
    """One person or company. Phones, e-mails and addresses are rows of their own: people have several."""

    class CustomerType(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        CUSTOMER = "customer", "Customer"
        VENDOR = "vendor", "Vendor"

    class Source(models.TextChoices):
        MANUAL = "manual", "Typed in"
        CSV = "csv", "CSV import"
        PROPERTY_RADAR = "property_radar", "PropertyRadar"
        QUICKBOOKS = "quickbooks", "QuickBooks"
        OPENPHONE = "openphone", "OpenPhone"

    # For those who see invoices: on its page, in its history, in a file, and to ask a list for.
    MONEY: ClassVar[frozenset[str]] = frozenset(
        {
            "outstanding_balance", "total_sales", "credit_limit", "average_days_to_pay", "last_payment_date",
            "payment_terms", "tax_exempt",
        }
    )  # fmt: skip

    external_id = models.CharField(  # noqa: DJ001
        max_length=100,
        null=True,
        blank=True,
        help_text="The id in the list that this contact came from.",
    )
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    company = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=20, choices=Source, default=Source.MANUAL)
    notes = FreeText(blank=True)

    # Copies for search; the truth is the contact's row in QuickBooksSync. Written by quickbooks_integration only.
    quickbooks_customer_id = models.CharField(  # noqa: DJ001
        "QuickBooks customer id", max_length=50, null=True, blank=True, editable=False
    )
    quickbooks_sync_token = models.CharField(max_length=50, null=True, blank=True, editable=False)  # noqa: DJ001

    # NULL when not known, as in the plan.
    customer_type = models.CharField(max_length=20, null=True, blank=True, choices=CustomerType)  # noqa: DJ001
    payment_terms = models.CharField(max_length=50, null=True, blank=True, help_text="For example Net 30.")  # noqa: DJ001
    credit_limit = models.DecimalField(
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    tax_exempt = models.BooleanField(default=False)
    do_not_contact = models.BooleanField(
        default=False,
        db_default=False,
        help_text="No thanks and no request for a review. Quotes and unpaid invoices are still followed up.",
    )
    reviewed_on = models.DateField(
        "has reviewed us", null=True, blank=True, help_text="When that became known. Nobody asks for a review again."
    )
    unhappy_since = models.DateField(
        null=True, blank=True, help_text="No thanks and no request for a review. Empty it when all is well again."
    )
    no_follow_ups_because = FreeTextLine(
        "no automatic follow-ups, because",
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="While this says why, nothing is raised about quotes, payments, thanks or reviews. Approved quotes and "
        "work to close still are.",
    )

    # Dollars, as QuickBooks last told.
    total_sales = models.DecimalField(max_digits=15, decimal_places=2, default=Decimal(0), editable=False)
    outstanding_balance = models.DecimalField(max_digits=15, decimal_places=2, default=Decimal(0), editable=False)
    last_payment_date = models.DateTimeField(null=True, blank=True, editable=False)
    average_days_to_pay = models.IntegerField(null=True, blank=True, editable=False)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    version = models.PositiveIntegerField(default=0, editable=False, help_text="Counts the changes of this row.")
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_contacts",
        db_index=False,
    )

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        permissions = [
            ("export_contact", "Can export contacts"),
            ("merge_contact", "Can merge contacts"),
        ]
        indexes = [
            models.Index(fields=["last_name", "first_name", "id"], name="contact_by_name"),
            models.Index(fields=["-created_at", "-id"], name="contact_by_age"),
            models.Index(
                fields=["outstanding_balance"],
                name="contact_owing",
                condition=~models.Q(outstanding_balance=0),
            ),
            # Each index is written anew for each contact that is linked: this one only has those that are merged.
            models.Index(fields=["merged_into"], name="contact_merged", condition=models.Q(merged_into__isnull=False)),
        ]
        constraints = [
            # Not unique=True, which makes a second index for the beginnings of ids: nobody looks for those.
            models.UniqueConstraint(fields=["external_id"], name="contact_external_id_once"),
            models.UniqueConstraint(fields=["quickbooks_customer_id"], name="contact_of_one_customer"),
            models.CheckConstraint(
                name="contact_customer_type_known",
                condition=models.Q(customer_type__in=["prospect", "customer", "vendor"])
                | models.Q(customer_type__isnull=True),
            ),
            models.CheckConstraint(
                name="contact_credit_limit_not_negative",
                condition=models.Q(credit_limit__gte=0) | models.Q(credit_limit__isnull=True),
            ),
            models.CheckConstraint(
                name="contact_not_merged_into_itself", condition=~models.Q(merged_into=models.F("id"))
            ),
        ]
        triggers = [
            # In the database, so that bulk updates, imports and psql count too. Who has counted already, as matching does
            # for thousands, is not called for each row.
            pgtrigger.Trigger(
                name="count_version",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.* IS DISTINCT FROM NEW.* AND NEW.version IS DISTINCT FROM OLD.version + 1"
                ),
                func="NEW.version = OLD.version + 1; RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.phone or self.email or f"Contact {self.pk} (no name)"

    @property
    def name(self) -> str:
        """First and last name, else the company; "" when only a number is known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.company

    @property
    def phone(self) -> str:
        """The first phone as people read it; "" when there is none. Reads prefetched rows."""
        return next((str(phone) for phone in self.phones.all()), "")

    @property
    def email(self) -> str:
        return next((email.address for email in self.emails.all()), "")


class ContactPhone(models.Model):
    """A number as it was typed, with the key that finds it however it is typed next time."""

    class Label(models.TextChoices):
        MAIN = "main", "Main"
        MOBILE = "mobile", "Mobile"
        HOME = "home", "Home"
        WORK = "work", "Work"
        FAX = "fax", "Fax"
        OTHER = "other", "Other"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="phones")
    number = models.CharField(max_length=60)
    key = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
        help_text='E.164, "" when it is no number.',
    )
    extension = models.CharField(max_length=10, blank=True, editable=False)
    label = models.CharField(max_length=10, choices=Label, default=Label.MAIN)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "phone"
        indexes = [models.Index(fields=["key"], name="contact_phone_key", condition=~models.Q(key=""))]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "key", "extension"],
                name="contact_phone_once",
                condition=~models.Q(key=""),
            )
        ]

    def __str__(self) -> str:
        return normalise.readable(self.number)

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.set_key()
        if update_fields is not None:
            update_fields = {*update_fields, "key", "extension"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_key(self) -> "ContactPhone":
        """Derives the key; call it before bulk_create, which passes save() by."""
        found = normalise.phone(self.number)
        self.key, self.extension = (found.key, found.extension) if found else ("", "")
        return self


class ContactEmail(models.Model):
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="emails")
    address = models.CharField(max_length=254)
    key = models.CharField(
        max_length=254,
        blank=True,
        editable=False,
        help_text='Lower case, "" when it is no address.',
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = "e-mail"
        indexes = [models.Index(fields=["key"], name="contact_email_key", condition=~models.Q(key=""))]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "key"],
                name="contact_email_once",
                condition=~models.Q(key=""),
            )
        ]

    def __str__(self) -> str:
        return self.address

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.set_key()
        if update_fields is not None:
            update_fields = {*update_fields, "key"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_key(self) -> "ContactEmail":
        """Derives the key; call it before bulk_create, which passes save() by."""
        self.key = normalise.email(self.address)
        return self


class ContactAddress(models.Model):
    """Where the contact gets mail. Where work is done is a Property."""

    class Kind(models.TextChoices):
        BILLING = "billing", "Billing"
        SHIPPING = "shipping", "Shipping"
        MAILING = "mailing", "Mailing"

    # The constraint below has an index that begins with it.
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.MAILING)
    street = models.CharField(max_length=500, blank=True)
    city = models.CharField(max_length=255, blank=True)
    state = models.CharField(max_length=255, blank=True)
    zip_code = models.CharField(max_length=30, blank=True)
    key = HouseKey(
        max_length=240,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text='Finds the house however it is spelled, "" when it is no house.',
    )

    class Meta:
        ordering = ["kind", "id"]
        verbose_name = "address"
        verbose_name_plural = "addresses"
        indexes = [models.Index(fields=["key"], name="contact_address_key", condition=~models.Q(key=""))]
        constraints = [models.UniqueConstraint(fields=["contact", "kind"], name="contact_address_once_per_kind")]

    def __str__(self) -> str:
        return ", ".join(
            part
            for part in (
                self.street,
                self.city,
                f"{self.state} {self.zip_code}".strip(),
            )
            if part
        )

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        if update_fields is not None:
            update_fields = {*update_fields, "key"}
        super().save(*args, update_fields=update_fields, **kwargs)
