"""What is wrong with the settings, said before anything runs."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from quickbooks_integration.fields import cipher


@register
def client_is_set(app_configs: Any, **options: Any) -> list[CheckMessage]:
    missing = [
        name for name in ("QUICKBOOKS_CLIENT_ID", "QUICKBOOKS_CLIENT_SECRET") if not getattr(settings, name).strip()
    ]
    if not missing:
        return []
    return [
        Warning(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set: QuickBooks cannot be connected.",
            hint="Copy both from the app's keys at developer.intuit.com into the environment or .env.",
            id="quickbooks_integration.W001",
        )
    ]


@register
def emulator_is_not_production(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not settings.QUICKBOOKS_EMULATOR_URL or not settings.PRODUCTION:
        return []
    return [
        Error(
            "QUICKBOOKS_EMULATOR_URL is set in production: invoices would go to an emulator.",
            hint="Remove QUICKBOOKS_EMULATOR_URL from the environment.",
            id="quickbooks_integration.E001",
        )
    ]


@register
def sandbox_is_true_or_false(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if settings.QUICKBOOKS_SANDBOX_WORD.lower() in ("true", "false"):
        return []
    return [
        Warning(
            f"QUICKBOOKS_SANDBOX is {settings.QUICKBOOKS_SANDBOX_WORD!r}, which counts as False: these are the live books.",
            hint="Set it to True for Intuit's test company, to False for the real one.",
            id="quickbooks_integration.W002",
        )
    ]


@register
def emulator_is_an_address(app_configs: Any, **options: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.QUICKBOOKS_EMULATOR_URL)
    if not settings.QUICKBOOKS_EMULATOR_URL or (parts.scheme in ("http", "https") and parts.hostname):
        return []
    return [
        Error(
            "QUICKBOOKS_EMULATOR_URL is not an address such as http://127.0.0.1:8010.",
            id="quickbooks_integration.E002",
        )
    ]


@register
def webhooks_can_be_proved(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN or not settings.PRODUCTION:
        return []
    return [
        Warning(
            "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN is not set: every webhook is refused, and changes in QuickBooks arrive "
            "only with the next pull.",
            hint="Copy the verifier token from the app's webhooks page at developer.intuit.com.",
            id="quickbooks_integration.W003",
        )
    ]


@register
def somebody_is_told(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if settings.OFFICE_EMAILS or not settings.PRODUCTION:
        return []
    return [
        Warning(
            "OFFICE_EMAILS is not set: nobody is told by e-mail that QuickBooks' sign-in ends.",
            hint="Set it to the addresses of the office, and EMAIL_URL to the mail server.",
            id="quickbooks_integration.W004",
        )
    ]


@register
def keys_are_fernet_keys(app_configs: Any, **options: Any) -> list[CheckMessage]:
    try:
        cipher()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint='Make one with: python -c "from cryptography.fernet import Fernet; '
                'print(Fernet.generate_key().decode())"',
                id="quickbooks_integration.E003",
            )
        ]
    return []
