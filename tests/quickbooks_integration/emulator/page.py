"""A page of the emulator as a person uses it: text, links, forms."""

from html.parser import HTMLParser
from typing import Any

import requests

from .client import Client


class Page(HTMLParser):
    """Forms, links and text of a page; fails on a page that is not well formed."""

    VOID = ("input", "br", "meta")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []
        self._open: list[str] = []
        self._named = ""
        self.feed(text)
        assert self._open == []

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        values = dict(attributes)
        self.tags.add(tag)
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append({"action": values["action"], "method": values["method"], "fields": {}})
        if tag == "a":
            self.links.append(values["href"])
        if tag in ("input", "textarea", "select") and (values.get("type") != "checkbox" or "checked" in values):
            self.forms[-1]["fields"][values["name"]] = values.get("value", "")
            self._named = values["name"]
        if tag == "option" and "selected" in values:
            self.forms[-1]["fields"][self._named] = values["value"]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("style", "title"):
            self.words.append(data)
            if self._open[-1] == "textarea":
                self.forms[-1]["fields"][self._named] = data

    def form(self, action: str, having: str = "") -> dict[str, str]:
        """The fields of the only form that goes to an address ending like this (and has that field)."""
        fitting = [form for form in self.forms if form["action"].endswith(action)]
        (found,) = [form for form in fitting if not having or having in form["fields"]]
        return dict(found["fields"])


def look(api: Client, path: str, status: int = 200) -> Page:
    answer = requests.get(f"{api.emulator.url}{path}", timeout=10)
    assert answer.status_code == status, Page(answer.text).text[:500]
    return Page(answer.text)


def here(api: Client, path: str = "") -> str:
    return f"/companies/{api.emulator.realm}{path}"


def press(api: Client, path: str, action: str, status: int = 200, having: str = "", **changes: str) -> Page:
    """Fill in the form on a page and send it; the page that is shown then."""
    fields = {**look(api, path).form(action, having), **changes}
    answer = requests.post(f"{api.emulator.url}{here(api, action)}", data=fields, timeout=10)
    assert answer.status_code == status, Page(answer.text).text[:500]
    return Page(answer.text)


def send(api: Client, path: str, status: int = 200, **fields: str) -> Page:
    answer = requests.post(f"{api.emulator.url}{path}", data=fields, timeout=10)
    assert answer.status_code == status, Page(answer.text).text[:500]
    return Page(answer.text)
