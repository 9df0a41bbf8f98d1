"""The way to where a quote or an invoice is sent by e-mail, once an app that can send has added it."""

from collections.abc import Callable

from django.urls import NoReverseMatch, reverse

from billing.models import Invoice, Quote

SENDS = "quickbooks_integration.add_emailsending"


def send_action(document: Quote | Invoice, may: Callable[[str], bool]) -> tuple[str, str] | None:
    """Label and address; None for who may not send it, or where nothing can."""
    model = document._meta.model_name
    if not (may(f"billing.change_{model}") and may(SENDS)):
        return None
    try:
        page = reverse(f"admin:billing_{model}_quickbooks_send", args=[document.pk])
    except NoReverseMatch:
        return None
    return ("Send again" if document.sent_at else "Send"), page
