import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from playwright.sync_api import Page, sync_playwright

from attackacrack import embedded
from attackacrack.backups import programs
from tests.attackacrack.conftest import data, place  # noqa: F401
from tests.attackacrack.test_demo import environment  # noqa: F401


@pytest.fixture
def migrated(environment: dict[str, str], data: Path, django_db_setup: None) -> dict[str, str]:  # noqa: F811
    """The environment of a demo that has its tables already: with `make test-long` the demos wait for all migrations."""
    if os.environ.get("DATABASE_URL"):
        return environment
    servers = embedded.ensure(data)
    ours = programs.environment(connection.settings_dict["NAME"])
    dump = [programs.program("pg_dump"), "--no-owner", "--exclude-schema=pristine"]
    tables = subprocess.run(dump, env=ours, check=True, stdout=subprocess.PIPE).stdout
    fill = [programs.program("psql"), "-XqU", servers.database_user, "-h", servers.socket_folder]
    fill += ["-d", servers.database_name, "-v", "ON_ERROR_STOP=1", "--single-transaction"]
    subprocess.run(fill, env=ours, check=True, input=tables, stdout=subprocess.DEVNULL)
    return environment


@pytest.fixture
def page(chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        yield page
        browser.close()
