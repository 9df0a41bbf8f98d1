"""Work at a house: who has to do with it, and who goes there when."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.before_first import tracked
from contacts.fields import FreeText, FreeTextLine
from contacts.models import CURRENT, Contact, Property


@tracked("job", exclude=["created_at", "updated_at"])
class Job(models.Model):
    """One piece of work at a property. Quotes and invoices hang on it.

    It is complete when the work is done *and* paid: both times are kept, the sum of them is computed.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        CANCELLED = "cancelled", "Cancelled"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="jobs")
    title = models.CharField(max_length=200)
    description = FreeText(blank=True)
    status = models.CharField(max_length=20, choices=Status, default=Status.ACTIVE)
    work_done_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Work for free: what was done until then has no invoice, and why.
    nothing_to_invoice_at = models.DateTimeField("nothing to invoice since", null=True, editable=False)
    nothing_to_invoice_why = FreeTextLine(
        "why nothing is invoiced", max_length=200, blank=True, db_default="", editable=False
    )
    people = models.ManyToManyField(Contact, through="JobParticipant", related_name="jobs")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="job_status_known", condition=models.Q(status__in=["active", "cancelled"])),
            models.CheckConstraint(
                name="job_says_why_nothing_is_invoiced",
                condition=models.Q(nothing_to_invoice_at=None, nothing_to_invoice_why="")
                | models.Q(models.Q(nothing_to_invoice_at__isnull=False), ~models.Q(nothing_to_invoice_why="")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def customers(self) -> list[Contact]:
        """The people of the job, the payer first. No query where they are prefetched."""
        people = sorted(self.participants.all(), key=lambda part: (part.role != JobParticipant.Role.PAYER, part.pk))
        return [part.contact for part in people]

    def is_complete(self) -> bool:
        return self.work_done_at is not None and self.paid_at is not None


class JobParticipant(models.Model):
    """A person's part in a job. The invoice goes to the payer."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        BUILDER = "builder", "Builder"
        REALTOR = "realtor", "Realtor"
        PAYER = "payer", "Payer"
        REFERRER = "referrer", "Referrer"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="participants")
    contact = models.ForeignKey(Contact, limit_choices_to=CURRENT, on_delete=models.PROTECT, related_name="job_roles")
    role = models.CharField(max_length=20, choices=Role, default=Role.OWNER)

    class Meta:
        ordering = ["id"]
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                name="job_role_known",
                condition=models.Q(role__in=["owner", "builder", "realtor", "payer", "referrer"]),
            ),
            models.UniqueConstraint(
                fields=["job", "contact", "role"],
                name="job_role_once",
                violation_error_message="This person already has this role in this job.",
            ),
            models.UniqueConstraint(
                fields=["job"],
                condition=models.Q(role="payer"),
                name="job_one_payer",
                violation_error_message="The job has a payer already: the invoice can go to one person only.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact} ({self.get_role_display()})"


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def repairs(self) -> "AppointmentQuerySet":
        """The repairs that take place, or did: cancelled ones are none."""
        return self.filter(kind=Appointment.Kind.REPAIR).exclude(status=Appointment.Status.CANCELLED)


class Appointment(models.Model):
    class Kind(models.TextChoices):
        ASSESSMENT = "assessment", "Assessment"
        REPAIR = "repair", "Repair"

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.ASSESSMENT)
    contact = models.ForeignKey(
        Contact, limit_choices_to=CURRENT, on_delete=models.PROTECT, related_name="appointments"
    )
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments")
    technician = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="appointments"
    )
    quotes = models.ManyToManyField(
        "billing.Quote",
        blank=True,
        editable=False,
        related_name="repairs",
        help_text="What is done then. Without any it is for those of the job that no other repair is for.",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=20, choices=Status, default=Status.SCHEDULED)
    notes = FreeText(blank=True)
    google_calendar_event_id = models.CharField(max_length=200, null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-id"]
        indexes = [
            models.Index(fields=["-starts_at", "-id"], name="appointment_by_time"),
            models.Index(
                fields=["job", "ends_at"],
                name="appointment_repairs_of_job",
                condition=models.Q(kind="repair", job__isnull=False) & ~models.Q(status="cancelled"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="appointment_kind_known", condition=models.Q(kind__in=["assessment", "repair"])
            ),
            models.CheckConstraint(
                name="appointment_status_known", condition=models.Q(status__in=["scheduled", "done", "cancelled"])
            ),
            models.CheckConstraint(
                name="appointment_ends_after_start",
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                violation_error_message="The appointment ends before it begins.",
            ),
        ]

    def __str__(self) -> str:
        when = f"{timezone.localtime(self.starts_at):%b %d, %Y %H:%M}" if self.starts_at else "no time"
        return f"{self.get_kind_display()}, {when}"
