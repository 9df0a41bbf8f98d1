"""Houses that the company works on, and who has to do with them."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from contacts.fields import FreeText
from contacts.matching import normalise
from contacts.models.people import CURRENT, Contact


class Property(models.Model):
    address = models.CharField(max_length=200)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip_code = models.CharField(max_length=10, blank=True)
    property_type = models.CharField(max_length=50, blank=True)
    year_built = models.PositiveSmallIntegerField(null=True, blank=True)
    square_feet = models.PositiveIntegerField(null=True, blank=True)
    parcel_number = models.CharField("APN", max_length=100, null=True, blank=True, unique=True)
    notes = FreeText(blank=True)
    key = models.CharField(
        max_length=240, blank=True, editable=False, help_text="Finds the house however it is spelled."
    )
    people = models.ManyToManyField(Contact, through="PropertyContact", related_name="properties")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["address", "id"]
        verbose_name_plural = "properties"
        indexes = [
            models.Index(fields=["address", "id"], name="property_by_address"),
            models.Index(fields=["key"], name="property_by_key"),
        ]

    def __str__(self) -> str:
        return ", ".join(
            part
            for part in (
                self.address,
                self.city,
                f"{self.state} {self.zip_code}".strip(),
            )
            if part
        )

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        self.set_key()
        if update_fields is not None:
            update_fields = {*update_fields, "key"}
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_key(self) -> "Property":
        """Derives the key; call it before bulk_create, which passes save() by."""
        self.key = f"{normalise.street(self.address)[:200]}|{normalise.zip_code(self.zip_code)}"
        return self


class PropertyContact(models.Model):
    """A person's role at a property. The person who texts is often not the one who pays."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        TENANT = "tenant", "Tenant"
        BUILDER = "builder", "Builder"
        REALTOR = "realtor", "Realtor"
        MANAGER = "manager", "Property manager"
        PAYER = "payer", "Payer"
        REFERRER = "referrer", "Referrer"
        OTHER = "other", "Other"

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="roles")
    contact = models.ForeignKey(
        Contact, limit_choices_to=CURRENT, on_delete=models.CASCADE, related_name="property_roles"
    )
    role = models.CharField(max_length=20, choices=Role, default=Role.OWNER)
    is_primary = models.BooleanField("primary contact", default=False)

    class Meta:
        ordering = ["-is_primary", "id"]
        verbose_name = "person at a property"
        verbose_name_plural = "people at properties"
        constraints = [
            models.UniqueConstraint(
                fields=["property", "contact", "role"],
                name="property_role_once",
                violation_error_message="This person already has this role at this property.",
            ),
            models.UniqueConstraint(
                fields=["property"],
                condition=models.Q(is_primary=True),
                name="property_one_primary_contact",
                violation_error_message="The property has a primary contact already. Untick that one first, at the property.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} ({self.get_role_display()})"
