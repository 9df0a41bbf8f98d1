"""Admin forms as a browser sends them."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client


class _Form(HTMLParser):
    """Collects what the page's main form would send: inputs, selects, text areas."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        name = found.get("name") or ""
        if tag == "input" and name and found.get("type") not in ("submit", "file", "button"):
            if found.get("type") in ("checkbox", "radio") and "checked" not in found:
                return
            self.values[name] = found.get("value") or ("on" if found.get("type") == "checkbox" else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in found:
            self.values[self._select] = found.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] += data.removeprefix("\n")


class OpenForm:
    """A form that somebody has open: read once, changed at leisure, sent later."""

    def __init__(self, client: Client, url: str) -> None:
        self.client, self.url = client, url
        self.read(client.get(url))

    def read(self, page: HttpResponse) -> None:
        assert page.status_code == 200
        form = _Form()
        form.feed(page.content.decode())
        self.values = {name: value for name, value in form.values.items() if "__prefix__" not in name}

    def add_row(self, prefix: str, **values: str) -> None:
        number = int(self.values[f"{prefix}-TOTAL_FORMS"])
        self.values[f"{prefix}-TOTAL_FORMS"] = str(number + 1)
        self.values |= {f"{prefix}-{number}-{name}": value for name, value in values.items()}

    def save(self, **changes: str | None) -> HttpResponse:
        """Sends the form. A page that comes back with errors is read, as it stands in the browser then."""
        for name, value in changes.items():
            name = name.replace("__", "-")
            if value is None:
                self.values.pop(name, None)
            else:
                self.values[name] = value
        page = self.client.post(self.url, {**self.values, "_save": "Save"})
        if page.status_code == 200:
            self.read(page)
        return page


def errors_of(page: HttpResponse) -> dict[str, Any]:
    """{field: sentences} of the form and its rows; "rows" for what concerns rows as a whole."""
    assert page.status_code == 200, "the form was saved"
    found = {name: list(sentences) for name, sentences in page.context["adminform"].form.errors.items()}
    for rows in page.context["inline_admin_formsets"]:
        for form in rows.formset.forms:
            found |= {f"{form.prefix}-{name}": list(sentences) for name, sentences in form.errors.items()}
        if rows.formset.non_form_errors():
            found["rows"] = list(rows.formset.non_form_errors())
    return found
