"""What the documents point to is there: pictures, files, and the places in the menu."""

import re
from pathlib import Path

import pytest

from attackacrack import navigation
from tests.people import office  # noqa: F401

CHECKOUT = Path(__file__).resolve().parents[1]
DOCUMENTS = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
LINKS = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")
# **QuickBooks → Check**: the menu's section, and the entry in it.
PLACES = re.compile(r"\*{1,2}(\w+)\s→\s(\w[\w -]*\w)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_points_to_is_there(document: Path) -> None:
    missing = [link for link in LINKS.findall(document.read_text()) if not (document.parent / link).exists()]
    assert missing == []


def test_every_place_in_the_menu_that_the_office_is_told_of_is_there(rf, office) -> None:  # noqa: F811
    request = rf.get("/")
    request.user = office
    menu = {(section["title"], item["title"]) for section in navigation.sidebar(request) for item in section["items"]}
    told = {place for document in DOCUMENTS for place in PLACES.findall(document.read_text())}
    assert len(told) > 8
    assert told - menu == set()
