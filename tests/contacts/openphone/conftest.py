from collections.abc import Iterator
from typing import Any

import pytest

from contacts.openphone.emulator import Emulator, signing


@pytest.fixture
def openphone(db: None, settings: Any) -> Iterator[Emulator]:
    """An OpenPhone of its own on a free port, which the settings point to."""
    with Emulator() as running:
        settings.OPENPHONE_API_URL, settings.OPENPHONE_API_KEY = running.url, running.key
        settings.OPENPHONE_WEBHOOK_KEYS = [f"whsec_{signing.KEY}"]
        settings.OPENPHONE_REQUESTS_PER_SECOND = 0  # no waiting
        settings.OPENPHONE_RETRY_SECONDS = 0.001
        settings.OPENPHONE_HISTORY_DAYS = 40
        yield running
