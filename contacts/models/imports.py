"""What a list brought in: one row per import, one per line that needs a person's eye."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from contacts.models.people import Contact


class ContactImport(models.Model):
    """One file. read = created + enriched + unchanged + conflict + rejected, to the row.

    Up to the state PREVIEW the counts say what would happen; from DONE on they say what happened.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "Being checked"
        PREVIEW = "preview", "Waiting for your OK"
        IMPORTING = "importing", "Being imported"
        DONE = "done", "Imported"
        FAILED = "failed", "Not imported"
        TAKING_BACK = "taking back", "Being taken back"
        TAKEN_BACK = "taken back", "Taken back"

    filename = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=State, default=State.DONE)
    kind = models.CharField("kind of list", max_length=40, blank=True)
    ignored_columns = models.JSONField(default=list, help_text="Names in the header that are not imported.")
    content = models.BinaryField(null=True, editable=False, help_text="The uploaded file, until it is imported.")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    enriched = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    conflict = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    lines_done = models.PositiveIntegerField(default=0, db_default=0, help_text="How many are stored so far.")
    lines_total = models.PositiveIntegerField(null=True, blank=True)
    error_message = models.TextField(blank=True)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)
    taken_back = models.JSONField(null=True, blank=True, help_text="How much of what it had made went, by kind.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "import of contacts"
        verbose_name_plural = "imports of contacts"
        constraints = [
            models.CheckConstraint(
                name="contact_import_counts_add_up",
                condition=models.Q(
                    read=models.F("created")
                    + models.F("enriched")
                    + models.F("unchanged")
                    + models.F("conflict")
                    + models.F("rejected")
                ),
            ),
            models.CheckConstraint(
                name="contact_import_state_known",
                condition=models.Q(
                    state__in=["checking", "preview", "importing", "done", "failed", "taking back", "taken back"]
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.filename}, {timezone.localtime(self.started_at):%b %d, %Y}"


class ContactImportRow(models.Model):
    """A line that was rejected, that says something else than a filled field of its contact, or that holds a phone or
    an e-mail which is none."""

    class Outcome(models.TextChoices):
        CONFLICT = "conflict", "Conflict"
        REJECTED = "rejected", "Rejected"
        NOTE = "note", "Note"

    source = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(help_text="Line of the file, the header being line 1.")
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField()
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True)
    perhaps = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who the new contact may be.",
    )
    row = models.JSONField(default=list, help_text="[[column, text], ...] in the order of the file.")

    class Meta:
        ordering = ["line", "id"]

    def __str__(self) -> str:
        return f"Line {self.line}: {self.reason}"


class ContactImportDifference(models.Model):
    """A filled field that a line says something else of: a question to the office. What is kept is kept for good: the
    same value of a later list is no question."""

    class Of(models.TextChoices):
        CONTACT = "contact", "contact"
        PROPERTY = "property", "property"

    class Answer(models.TextChoices):
        OPEN = "", "Not decided"
        TAKEN = "taken", "The line's value was taken"
        KEPT = "kept", "Ours was kept"

    row = models.ForeignKey(ContactImportRow, on_delete=models.CASCADE, related_name="differences")
    of = models.CharField(max_length=10, choices=Of)
    object_id = models.BigIntegerField()
    field = models.CharField(max_length=30, help_text="As people call it: name, company, billing address.")
    ours = models.TextField()
    theirs = models.TextField()
    values = models.JSONField(help_text="Column: value, of the contact, its address or the property.")
    answer = models.CharField(max_length=5, choices=Answer, blank=True, default="")
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["of", "object_id"], name="import_difference_kept", condition=models.Q(answer="kept"))
        ]

    def __str__(self) -> str:
        return f"The {self.field} stays “{self.ours}”; the line says “{self.theirs}”."


class ContactImportStep(models.Model):
    """What an import made, or changed, in one object: what it needs to be taken back. Of what it made for a contact that
    it made too there is no row: that goes with the contact.

    print: of the object as the import left it, see importing/prints.py; "" once somebody else had changed it meanwhile.
    """

    class Of(models.TextChoices):
        CONTACT = "contact", "contact"
        ROLE = "role", "person at a property"
        PROPERTY = "property", "property"
        PHONE = "phone", "phone"
        EMAIL = "email", "e-mail"
        ADDRESS = "address", "address"

    source = models.ForeignKey(ContactImport, on_delete=models.CASCADE, related_name="steps", db_index=False)
    of = models.CharField(max_length=10, choices=Of)
    object_id = models.BigIntegerField()
    unit = models.CharField(max_length=30, blank=True, help_text='Which fields were changed together; "" when made.')
    print = models.CharField(max_length=32, blank=True)
    was = models.JSONField(null=True)
    became = models.JSONField(null=True)
    done = models.BooleanField(default=False, help_text="It was taken back, or stays.")
    stays = models.CharField(max_length=250, blank=True, help_text="Why it was not taken back.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "of", "object_id", "unit"], name="contact_import_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_of_display()} {self.unit or 'made'}"
