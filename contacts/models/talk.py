"""What was said with people outside: texts, calls and voicemails, as OpenPhone (Quo) knows them. Nothing is said from here."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator

from contacts.fields import FreeText
from contacts.matching import normalise
from contacts.models.people import CURRENT, Contact

# OpenPhone's words.
NOT_REACHED = ("missed", "no-answer", "busy", "canceled", "failed", "abandoned")
NOT_DELIVERED = ("failed", "undelivered")


class PhoneLine(models.Model):
    """A number of ours."""

    provider_id = models.CharField(max_length=64, unique=True, help_text="OpenPhone's: PN...")
    number = models.CharField(max_length=20, help_text="E.164.")
    name = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "phone line"

    def __str__(self) -> str:
        return self.name or normalise.readable(self.number)


class Conversation(models.Model):
    """All that one line of ours and the same other side have said to each other."""

    line = models.ForeignKey(PhoneLine, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    other_number = models.CharField(
        "number",
        max_length=200,
        help_text="E.164; of a group all of them, sorted, with commas. A caller may also be a short code or a word.",
    )
    provider_id = models.CharField(max_length=64, blank=True, help_text="OpenPhone's: CN...")
    # Contacts come and go; what was said stays.
    contact = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="conversations",
        db_index=False,
        limit_choices_to=CURRENT,
    )
    last_activity_at = models.DateTimeField("last activity")
    waits_since = models.DateTimeField(
        null=True, blank=True, help_text="Of the oldest text, missed call or voicemail that nobody has answered."
    )

    class Meta:
        ordering = ["-last_activity_at", "-id"]
        indexes = [
            models.Index(fields=["-last_activity_at", "-id"], name="conversation_newest"),
            models.Index(fields=["contact", "-last_activity_at"], name="conversation_of_contact"),
            models.Index(fields=["waits_since"], name="conversation_waits", condition=Q(waits_since__isnull=False)),
        ]
        constraints = [
            # Begins with the number, by which conversations are looked up.
            models.UniqueConstraint(fields=["other_number", "line"], name="conversation_once"),
        ]

    def __str__(self) -> str:
        return f"Conversation with {self.readable_number}"

    @property
    def numbers(self) -> list[str]:
        return self.other_number.split(",")

    @property
    def readable_number(self) -> str:
        return ", ".join(map(normalise.readable, self.numbers))


class Activity(models.Model):
    """One text, call or voicemail."""

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        CALL = "call", "Call"
        VOICEMAIL = "voicemail", "Voicemail"

    class Direction(models.TextChoices):
        INCOMING = "incoming", "From them"
        OUTGOING = "outgoing", "From us"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="activities", db_index=False)
    provider_id = models.CharField(max_length=64, unique=True, help_text="OpenPhone's: AC...")
    kind = models.CharField(max_length=10, choices=Kind)
    direction = models.CharField(max_length=10, choices=Direction)
    text = FreeText(blank=True, help_text="Of a text, or of what was said into the voicemail.")
    attachments = models.PositiveSmallIntegerField(default=0, help_text="Pictures and files; they stay in OpenPhone.")
    at = models.DateTimeField()
    status = models.CharField(max_length=20, blank=True, help_text="OpenPhone's word: delivered, missed, completed.")
    seconds = models.PositiveIntegerField(null=True, blank=True, help_text="How long a call or voicemail was.")
    changed_at = models.DateTimeField(help_text="When OpenPhone last changed it. What is older never overwrites it.")

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = "text or call"
        verbose_name_plural = "texts and calls"
        indexes = [models.Index(fields=["conversation", "-at", "-id"], name="activity_of_conversation")]
        constraints = [
            models.CheckConstraint(name="activity_kind_known", condition=Q(kind__in=["text", "call", "voicemail"])),
            models.CheckConstraint(
                name="activity_direction_known", condition=Q(direction__in=["incoming", "outgoing"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} of {date_format(timezone.localtime(self.at), 'M j, Y')}"

    @property
    def what(self) -> str:
        """ "Missed call", "Text, not delivered"."""
        if self.kind == self.Kind.CALL and self.status in NOT_REACHED:
            return "Missed call" if self.direction == self.Direction.INCOMING else "Call, nobody answered"
        is_lost = self.kind == self.Kind.TEXT and self.status in NOT_DELIVERED
        return f"{self.get_kind_display()}{', not delivered' if is_lost else ''}"

    @property
    def length(self) -> str:
        """ "3:07"; "" where there is none to tell."""
        return f"{self.seconds // 60}:{self.seconds % 60:02}" if self.seconds else ""

    @property
    def words(self) -> str:
        """What was said, and what came with it."""
        count = self.attachments
        files = f"[{count} picture{'' if count == 1 else 's'} or file{'' if count == 1 else 's'}]" if count else ""
        return " ".join(filter(None, [self.text, files]))

    def sentence(self, longest: int = 160) -> str:
        """ "Text from (617) 555-0101: Yes, go ahead". Reads the conversation."""
        which = "from" if self.direction == self.Direction.INCOMING else "to"
        said = Truncator(" ".join(self.words.split())).chars(longest) or self.length
        return f"{self.what} {which} {self.conversation.readable_number}{f': {said}' if said else ''}"
