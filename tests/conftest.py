import os
import shutil

import pytest
from django.db import connection

from tests import redis_databases, template_database

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROME_ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def pytest_configure(config: pytest.Config) -> None:
    redis_databases.use_test_databases()
    template_database.restore_instead_of_flush()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        template_database.prepare(connection)


@pytest.fixture(autouse=True)
def _empty_redis() -> None:
    redis_databases.empty()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium. Without one a browser test is skipped; REQUIRE_BROWSER=1 makes that a failure."""
    names = [os.environ.get("CHROMIUM_PATH"), *CHROMIUM_NAMES, CHROME_ON_MACOS]
    found = next((path for path in map(shutil.which, filter(None, names)) if path), None)
    if found:
        return found
    message = "No Chromium was found. Install it, or set CHROMIUM_PATH to its program."
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(message)
    pytest.skip(message)
