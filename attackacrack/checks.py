"""What is wrong with the settings: of the office's days at every start, of production by `check --deploy`."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from billing import working_time
from contacts.openphone import signatures


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


@register()
def openphone_can_be_asked_and_believed(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """Otherwise the key goes out in the clear, or each webhook is refused without anybody knowing why."""
    found: list[CheckMessage] = []
    if settings.PRODUCTION and not settings.OPENPHONE_API_URL.startswith("https://"):
        found.append(
            Error("OPENPHONE_API_URL is not https: the key would go out in the clear.", id="attackacrack.E002")
        )
    if any(not signatures.key_of(key) for key in settings.OPENPHONE_WEBHOOK_KEYS):
        found.append(Error("OPENPHONE_WEBHOOK_KEYS: one of them is no key.", hint="whsec_... or base64, with commas.",
                           id="attackacrack.E003"))  # fmt: skip
    return found


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
