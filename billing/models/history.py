"""What happened to a document, in sentences for the office."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class History(models.Model):
    """One sentence. Every column's values are in the events that pghistory keeps."""

    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=20, default="office", help_text="Who it came from: office or quickbooks.")
    sentence = models.TextField()

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.sentence
