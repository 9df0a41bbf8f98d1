"""What a merge of two contacts did, so that it can be taken back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from contacts.models.people import Contact


class ContactMerge(models.Model):
    """One contact (the loser) became part of another one (the survivor). Its row stays, with merged_into set.

    moved: {"billing.Quote.contact": {key of the row: its name then}}. dropped: rows that both had, as they were.
    changed: columns of other rows, before and after. All texts as Field.value_to_string gives them; see merging.journal.
    """

    survivor = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    loser = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="lost_merges")
    survivor_name = models.CharField(max_length=500, help_text="As it was called then.")
    loser_name = models.CharField(max_length=500, help_text="As it was called then.")
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    merged_at = models.DateTimeField(default=timezone.now)
    by_itself = models.BooleanField(
        default=False,
        db_default=False,
        help_text="merged_by had wanted it before, and nothing stood in the way any more.",
    )
    moved = models.JSONField(default=dict, blank=True)
    dropped = models.JSONField(default=list, blank=True)
    changed = models.JSONField(default=list, blank=True)
    notes = models.JSONField(default=dict, blank=True, help_text="What other apps need for an undo, by app.")
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    left = models.JSONField(default=list, blank=True, help_text="What an undo had to leave, in sentences.")

    class Meta:
        ordering = ["-id"]
        verbose_name = "merge of contacts"
        verbose_name_plural = "merges of contacts"
        constraints = [
            models.CheckConstraint(name="contact_merge_of_two", condition=~Q(survivor=F("loser"))),
            models.UniqueConstraint(
                fields=["loser"], name="contact_merge_once_at_a_time", condition=Q(undone_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loser_name} into {self.survivor_name}"


def pair_key(one: int, other: int) -> str:
    """Two keys as one text, in whatever order they come."""
    return f"{min(one, other)}-{max(one, other)}"


class Dismissal(models.Model):
    """A person said that two are not the same. By their keys and not by keys of the database. Whoever asks about them again
    undoes it; said once more it is another row."""

    pair = models.CharField(max_length=41, help_text="Both keys, the smaller first: 12-57.")
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    dismissed_at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True, help_text="Without undone_by: when the two were merged.")

    class Meta:
        abstract = True
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["pair"], name="%(class)s_once", condition=Q(undone_at__isnull=True))
        ]

    def __str__(self) -> str:
        return self.pair

    @property
    def keys(self) -> tuple[int, int]:
        one, _, other = self.pair.partition("-")
        return int(one), int(other)


class DismissedDuplicate(Dismissal):
    """Of two contacts; of one that is merged with somebody else it is said of the survivor (merging/unkeyed.py)."""

    class Meta(Dismissal.Meta):
        verbose_name = "dismissed duplicate"


class WantedMerge(models.Model):
    """A person wants two contacts merged as soon as nothing stands in the way any more. By their keys, as above."""

    pair = models.CharField(max_length=41, unique=True, help_text="Both keys, the smaller first: 12-57.")
    survivor_id = models.BigIntegerField(help_text="Which of the two stays.")
    loser_id = models.BigIntegerField()
    chosen = models.JSONField(default=dict, blank=True, help_text="Whose value stays, by field.")
    wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    wanted_at = models.DateTimeField(default=timezone.now)
    shown = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Of the values that were chosen from, a hash."
    )
    changed_at = models.DateTimeField(
        null=True, blank=True, help_text="The contacts say something else by now: it waits until somebody looks again."
    )

    class Meta:
        ordering = ["id"]
        verbose_name = "wanted merge"

    def __str__(self) -> str:
        return self.pair
