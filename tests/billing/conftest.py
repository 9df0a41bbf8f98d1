from collections.abc import Iterator

import pytest

from tests.billing.signals import listening
from tests.people import (  # noqa: F401
    bookkeeper,
    bookkeeper_client,
    marketer,
    marketer_client,
    office,
    office_client,
    technician,
)


@pytest.fixture
def told() -> Iterator[list[tuple[str, int, str]]]:
    """(kind, id, origin) of each signal of billing."""
    with listening() as heard:
        yield heard
