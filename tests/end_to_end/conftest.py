from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.attackacrack.conftest import data, place  # noqa: F401
from tests.attackacrack.test_demo import environment  # noqa: F401


@pytest.fixture
def page(chromium_path: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(30_000)
        yield page
        browser.close()
