"""Days of the business, as moments."""

from datetime import date, datetime, time

from django.utils import timezone


def midnight(day: date) -> datetime:
    """The day's first moment, in the time zone of the business."""
    return timezone.make_aware(datetime.combine(day, time()))
