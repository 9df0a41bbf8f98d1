from collections.abc import Iterator

import pytest

from quickbooks_integration import connecting, consenting
from quickbooks_integration.emulator import Emulator
from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.service import QuickBooksService


@pytest.fixture
def emulator(settings) -> Iterator[Emulator]:
    """A QuickBooks of its own on a free port, which every Intuit address of the settings points to."""
    with Emulator(company="craig", limits=False) as running:
        point_to(running, settings)
        yield running


def point_to(emulator: Emulator, settings) -> None:
    settings.QUICKBOOKS_EMULATOR_URL = emulator.url
    settings.QUICKBOOKS_CLIENT_ID = emulator.client_id
    settings.QUICKBOOKS_CLIENT_SECRET = emulator.client_secret
    settings.QUICKBOOKS_REDIRECT_URI = "http://localhost:5000/auth/quickbooks/callback"
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0  # no waiting
    settings.QUICKBOOKS_REQUESTS_AT_ONCE = 0
    settings.QUICKBOOKS_OUTAGE_AFTER = 1_000_000  # a test says itself when trouble is an outage
    settings.QUICKBOOKS_RETRY_SECONDS = settings.QUICKBOOKS_PAUSE_SECONDS = 0.01


@pytest.fixture
def connected(db, emulator: Emulator) -> QuickBooksAuth:
    """A company that was connected through the sign-in's real addresses."""
    service = QuickBooksService()
    state = "a state that this browser was given"
    answer = consenting.agree(service.get_authorization_url(state))
    tokens = service.exchange_code_for_tokens(answer["code"], answer["state"])
    auth = connecting.store(answer["realmId"], tokens, by=None)
    connecting.read_name(auth)
    emulator.requests.clear()
    return auth
