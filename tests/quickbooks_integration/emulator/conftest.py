from collections.abc import Iterator

import pytest

from quickbooks_integration.emulator import Emulator

from .app import App
from .client import Client
from .recorded import FROZEN


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An empty company without rate limits."""
    with Emulator(company="empty", limits=False) as running:
        yield running


@pytest.fixture
def api(emulator: Emulator) -> Client:
    return Client(emulator)


@pytest.fixture
def craig() -> Iterator[Client]:
    """Intuit's sample company without rate limits."""
    with Emulator(company="craig", limits=False) as running:
        yield Client(running)


@pytest.fixture
def may(craig: Client) -> Client:
    """The sample company in May 2026, when its answers were recorded."""
    craig.emulator.clock.freeze(FROZEN)
    return craig


@pytest.fixture
def app(emulator: Emulator) -> App:
    """An app that is not connected yet."""
    return App(emulator)
