from __future__ import annotations

import gc
import os
import shutil
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import xdist
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from pytest_django.plugin import blocking_manager_key
from whitenoise.middleware import WhiteNoiseMiddleware

from tests import redis_databases, template_database

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROME_ON_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# The emulator's need no database: they run while the template is built. Then the two that take longest: begun at the end,
# they would be waited for.
FIRST = (
    "tests/quickbooks_integration/emulator/",
    "tests/end_to_end/test_money.py",
    "tests/end_to_end/test_first_day.py",
)


def pytest_configure(config: pytest.Config) -> None:
    # Half a million objects live as long as the run. Looking through them again and again for cycles is a twentieth of
    # its time, and a third of the migrations'.
    gc.set_threshold(20_000, 20, 50)
    # A third of a second for each person that a test makes is half of all tests' time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    # By default an example may take 200 ms, which on a busy machine fails tests that are right.
    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")
    user_logged_in.connect(_as_if_just_signed_in)
    _find_static_files_once()
    redis_databases.use_test_databases()
    template_database.restore_instead_of_flush()


def pytest_sessionstart(session: pytest.Session) -> None:
    if xdist.is_xdist_controller(session) and not session.config.option.collectonly:
        template_database.build_beside(session.config.stash[blocking_manager_key])


@pytest.hookimpl(trylast=True)  # after pytest-django, which puts what needs a database first
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in FIRST])


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def _find_static_files_once() -> None:
    """Every test client loads the middleware anew; to look up 200 files each time takes as long as a small page."""
    find, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def find_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            find(middleware)
            found.update(middleware.files)
        middleware.files.update(found)

    WhiteNoiseMiddleware.add_files_from_finders = find_once


def _as_if_just_signed_in(request: HttpRequest, user: User, **signal: Any) -> None:
    """`force_login` goes past allauth; without this every test would be asked for a password."""
    from allauth.account.internal.flows.login import get_authentication_records, record_authentication

    if not get_authentication_records(request, user):
        record_authentication(request, user, method="password")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker) -> None:
    with django_db_blocker.unblock():
        template_database.prepare(connection)


@pytest.fixture(autouse=True)
def _always_open(settings) -> None:
    """The office works all day and every day: what a test sees does not depend on when it runs."""
    settings.WORKING_HOURS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "0:00-23:59")
    settings.FEDERAL_HOLIDAYS, settings.HOLIDAYS = False, []


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
