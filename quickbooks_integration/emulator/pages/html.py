"""Elements of HTML. Every text that is put into one is escaped, unless it is an element itself."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any

WITHOUT_END = frozenset(("input", "br", "meta"))


class Markup(str):
    """Text that is HTML already. Only this module makes it."""

    __slots__ = ()


def tag(element: str, /, *content: Any, **attributes: Any) -> Markup:
    """An element. `class_` and `for_` lose their underscore; None, False and "" as content or attribute are left out."""
    opening = f"<{element}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Markup(opening if element in WITHOUT_END else f"{opening}{joined(content)}</{element}>")


def joined(content: Iterable[Any]) -> Markup:
    return Markup("".join(_text(part) for part in content))


def style(rules: str) -> Markup:
    """Rules of our own, which need no escaping."""
    return Markup(f"<style>{rules}</style>")


def document(*content: Any) -> bytes:
    """A whole page. Odd characters that are no text at all become question marks."""
    return f"<!doctype html>{tag('html', *content, lang='en')}".encode("utf-8", "replace")


def link(target: str, /, *content: Any, **attributes: Any) -> Markup:
    return tag("a", *content, href=target, **attributes)


def button(label: str, **attributes: Any) -> Markup:
    return tag("button", label, **attributes)


def hidden(**values: Any) -> Markup:
    return joined(tag("input", type="hidden", name=name, value=str(value)) for name, value in values.items())


def form(target: str, /, *content: Any, method: str = "post", **attributes: Any) -> Markup:
    return tag("form", *content, action=target, method=method, **attributes)


def field(label: str, name: str, value: Any = "", hint: str = "", wide: bool = False, **attributes: Any) -> Markup:
    """A labelled input, in a label so that no id is needed; a wide one takes what its row has left."""
    note = tag("small", hint) if hint else ""
    entered = tag("input", name=name, value=str(value), **{"type": "text", **attributes})
    return tag("label", tag("span", label), entered, note, class_="wide" if wide else None)


def choice(label: str, name: str, options: Sequence[Any], chosen: Any = "") -> Markup:
    items = (tag("option", _option(option), value=str(option), selected=option == chosen) for option in options)
    return tag("label", tag("span", label), tag("select", *items, name=name))


def area(label: str, name: str, value: str = "") -> Markup:
    return tag("label", tag("span", label), tag("textarea", value, name=name, rows="3"))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> Markup:
    """Rows under heads; on a telephone each row becomes a card that repeats the heads. Heads that end in $ are money."""
    named = [(head.rstrip("$"), "money" if head.endswith("$") else None) for head in heads]
    body = [
        tag(
            "tr",
            *(tag("td", cell, data_label=head, class_=look) for cell, (head, look) in zip(row, named, strict=True)),
        )
        for row in rows
    ]
    if not body:
        return tag("p", empty, class_="empty")
    head = tag("thead", tag("tr", *(tag("th", name, class_=look) for name, look in named)))
    return tag("table", head, tag("tbody", *body))


def facts(values: Mapping[str, Any]) -> Markup:
    """Names with their values; those without a value are left out."""
    pairs = ((name, value) for name, value in values.items() if value not in ("", None))
    return tag("dl", *(joined((tag("dt", name), tag("dd", value))) for name, value in pairs))


def fold(title: str, *content: Any, **attributes: Any) -> Markup:
    """Something that opens on a click: details, or a button that should not be pressed by mistake."""
    return tag("details", tag("summary", title), *content, **attributes)


def plain(number: Any) -> str:
    """A number without zeros at its end."""
    return "" if number is None else f"{Decimal(number).normalize():f}"


def _option(option: Any) -> str:
    return str(option) if str(option) else "any"


def _text(part: Any) -> str:
    if isinstance(part, Markup):
        return part
    return "" if part is None or part is False else escape(str(part))


def _attribute(name: str, value: Any) -> str:
    written = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {written}" if value is True else f' {written}="{escape(str(value))}"'
