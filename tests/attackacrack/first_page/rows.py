"""Rows for the tests of the first page."""

from datetime import timedelta

from django.utils import timezone

from quickbooks_integration.models import QuickBooksAuth


def connected() -> QuickBooksAuth:
    """A company whose sign-in is good for a while; nothing answers there."""
    now = timezone.now()
    return QuickBooksAuth.objects.create(
        company_id="1", company_name="Bay State", environment="sandbox", access_token="a", refresh_token="b",
        expires_at=now + timedelta(hours=1), refresh_expires_at=now + timedelta(days=90), refreshed_at=now,
        connected_at=now,
    )  # fmt: skip
