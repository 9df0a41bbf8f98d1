import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from attackacrack.embedded import folders, stop


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can enter; pytest's own belongs to root alone when root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="embedded-")).resolve()
    made.chmod(0o755)
    yield made
    for data in [path.parent for path in made.rglob("serve.lock")]:
        stop(data)
        shutil.rmtree(folders._reserve(data), ignore_errors=True)
    shutil.rmtree(made)


@pytest.fixture
def data(place: Path) -> Path:
    """Not there yet: whoever starts the servers makes it."""
    return place / "data"
