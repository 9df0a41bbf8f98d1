"""Where Intuit lives. An emulator takes the place of all of it."""

from dataclasses import dataclass

from django.conf import settings

from quickbooks_integration.models import QuickBooksAuth

SANDBOX_API = "https://sandbox-quickbooks.api.intuit.com"
LIVE_API = "https://quickbooks.api.intuit.com"

# The web pages that people see. Not documented by Intuit: these are the addresses that QuickBooks itself shows.
APPS = {
    QuickBooksAuth.Environment.SANDBOX: "https://app.sandbox.qbo.intuit.com/app",
    QuickBooksAuth.Environment.PRODUCTION: "https://app.qbo.intuit.com/app",
}
PAGES = {
    "customer": "customerdetail?nameId=", "estimate": "estimate?txnId=", "invoice": "invoice?txnId=",
    "payment": "recvpayment?txnId=", "sales_receipt": "salesreceipt?txnId=",
}  # fmt: skip


@dataclass(frozen=True)
class Addresses:
    """Base of the API (without /v3), and the three addresses of the sign-in."""

    api: str
    authorize: str
    token: str
    revoke: str


def current() -> Addresses:
    """The addresses of the configured environment."""
    emulator = settings.QUICKBOOKS_EMULATOR_URL
    api = SANDBOX_API if settings.QUICKBOOKS_SANDBOX else LIVE_API
    # Intuit: sandbox and live companies share the sign-in; the client id decides between them.
    return Addresses(
        api=emulator or api,
        authorize=f"{emulator or 'https://appcenter.intuit.com'}/connect/oauth2",
        token=f"{emulator or 'https://oauth.platform.intuit.com'}/oauth2/v1/tokens/bearer",
        revoke=f"{emulator or 'https://developer.api.intuit.com'}/v2/oauth2/tokens/revoke",
    )


def environment() -> str:
    """Which books the settings point at: one of QuickBooksAuth.Environment."""
    if settings.QUICKBOOKS_EMULATOR_URL:
        return QuickBooksAuth.Environment.EMULATOR
    if settings.QUICKBOOKS_SANDBOX:
        return QuickBooksAuth.Environment.SANDBOX
    return QuickBooksAuth.Environment.PRODUCTION


def page_of(auth: QuickBooksAuth, entity_type: str, entity_id: str) -> str:
    """The web page on which QuickBooks shows this object to people; "" when there is none."""
    if not entity_id or entity_type not in PAGES:
        return ""
    if auth.environment != QuickBooksAuth.Environment.EMULATOR:
        return f"{APPS[QuickBooksAuth.Environment(auth.environment)]}/{PAGES[entity_type]}{entity_id}"
    emulator = settings.QUICKBOOKS_EMULATOR_URL
    return f"{emulator}/companies/{auth.company_id}/{entity_type.replace('_', '')}/{entity_id}" if emulator else ""
