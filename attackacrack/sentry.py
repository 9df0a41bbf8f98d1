"""Errors go to Sentry where its address is set: masked, and without what belongs to people."""

from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

from attackacrack.masking import masked_value


def start(dsn: str, environment: str) -> None:
    """Does nothing, and imports nothing, without an address or without the library: a check says the latter."""
    if not dsn or not is_installed():
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        send_default_pii=False,
        include_local_variables=False,  # they hold tokens
        max_request_body_size="never",
        before_send=_masked,
        before_breadcrumb=_masked,
        before_send_log=_masked,
        traces_sample_rate=None,
        server_name="",
    )


def is_installed() -> bool:
    return find_spec("sentry_sdk") is not None


def _masked(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """Without the person and the request's form, cookies and query; every text that is left is masked."""
    event.pop("user", None)
    request = event.get("request", {})
    for part in ("cookies", "data", "headers", "env", "query_string"):
        request.pop(part, None)
    return masked_value(event)


@register
def sentry_can_start(app_configs: Any, **options: Any) -> list[CheckMessage]:
    if not settings.SENTRY_DSN or is_installed():
        return []
    return [
        Warning(
            "SENTRY_DSN is set, but sentry-sdk is not installed: no error is sent anywhere.",
            hint="Install it with: make setup",
            id="attackacrack.W001",
        )
    ]
