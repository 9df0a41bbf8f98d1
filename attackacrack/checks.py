"""What is wrong with the settings of production, said by `check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register(deploy=True)
def mail_leaves_the_machine(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return []
    return [
        Warning(
            "EMAIL_URL is not set: e-mails go to the log, and with them links that set a password.",
            hint="Set EMAIL_URL to the mail server: see .env.example.",
            id="attackacrack.W001",
        )
    ]
