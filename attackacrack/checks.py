"""What is wrong with the settings: of the office's days at every start, of production by `check --deploy`."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from billing import working_time


@register(deploy=True)
def mail_leaves_the_machine(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return []
    return [
        Warning(
            "EMAIL_URL is not set: e-mails go to the log, and with them links that set a password.",
            hint="Set EMAIL_URL to the mail server: see .env.example.",
            id="attackacrack.W002",
        )
    ]


@register()
def the_offices_days_can_be_read(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Otherwise a slip of the pen is first noticed by a run of the night, or never."""
    unknown = [f"WORKING_HOURS: {name!r} is not one of {', '.join(working_time.WEEKDAYS)}."
               for name in settings.WORKING_HOURS if name not in working_time.WEEKDAYS]  # fmt: skip
    dates = [f"HOLIDAYS: {day!r} is not written like 2026-12-24." for day in settings.HOLIDAYS if not _is_date(day)]
    return [Error(said, id="attackacrack.E001") for said in [*unknown, *_unread_hours(), *dates]]


def _unread_hours() -> list[str]:
    found = []
    monday = date(2026, 5, 18)
    for number in range(len(working_time.WEEKDAYS)):
        try:
            working_time.hours(monday + timedelta(days=number))
        except ImproperlyConfigured as error:
            found.append(str(error))
    return found


def _is_date(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False
