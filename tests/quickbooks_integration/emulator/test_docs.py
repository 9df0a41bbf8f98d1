"""docs/emulator.md says what is true. `python -m tests.quickbooks_integration.emulator.test_docs` renews its tables."""

import argparse
import inspect
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
import requests
from quickbooks import QuickBooks

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.bookkeeper import Bookkeeper
from quickbooks_integration.emulator.command import add_arguments
from quickbooks_integration.emulator.control import HANDLERS
from quickbooks_integration.emulator.faults import KINDS, OPTIONS
from quickbooks_integration.emulator.routes import ROUTES, SIGN_IN
from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.verbs import VERBS

from .client import Client
from .webhook_receiver import receiving

DOCUMENT = Path(__file__).parents[3] / "docs" / "emulator.md"
PART = re.compile(r"(<!-- generated: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def options() -> str:
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    rows = []
    for action in parser._actions:
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        default = f" (`{action.default}`)" if action.default and action.default is not True else ""
        rows.append((f"`{action.option_strings[0]}{value}`", f"{action.help}{default}"))
    return table(("option", "meaning (default)"), rows)


def faults() -> str:
    return table(("fault", "what happens"), ((f"`{kind}`", meaning) for kind, meaning in KINDS.items()))


def verbs() -> str:
    rows = []
    for name, meaning in sorted(VERBS.items()):
        arguments = list(inspect.signature(getattr(Bookkeeper, name)).parameters.values())[1:]
        shown = ", ".join(_argument(argument) for argument in arguments)
        rows.append((f"`{name}`", shown, meaning))
    return table(("verb", "arguments", "what it does"), rows)


def _argument(argument: inspect.Parameter) -> str:
    if argument.kind is argument.VAR_KEYWORD:
        return f"any {argument.name}"
    return f"`{argument.name}`" + ("" if argument.default is argument.empty else " (optional)")


def switches() -> str:
    rows = (
        (f"`{name}`", f"`{told['default']}`", ", ".join(f"`{item}`" for item in told["choices"]), told["meaning"])
        for name, told in Switches().describe().items()
    )
    return table(("switch", "default", "choices", "meaning"), rows)


GENERATED = {"options": options, "faults": faults, "verbs": verbs, "switches": switches}


def renewed(text: str) -> str:
    return PART.sub(lambda part: f"{part[1]}{GENERATED[part[2]]()}{part[4]}", text)


def examples() -> list[list[str]]:
    """The calls of the chapter on the control API: method, address, body."""
    chapter = DOCUMENT.read_text().split("## The control API")[1].split("## Switches")[0]
    return [_call(line) for line in chapter.splitlines() if line.startswith("curl ")]


def _call(line: str) -> list[str]:
    words = shlex.split(line.split(" > ")[0], posix=True)[1:]
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    body = words[words.index("-d") + 1] if "-d" in words else ""
    return [method, next(word for word in words if word.startswith("$QB")), body]


# Tests


@pytest.mark.parametrize("name", GENERATED)
def test_the_tables_are_those_of_the_code(name: str) -> None:
    (found,) = [part[3] for part in PART.finditer(DOCUMENT.read_text()) if part[2] == name]
    renew = "Stale: run python -m tests.quickbooks_integration.emulator.test_docs"
    assert found == GENERATED[name](), renew


def test_every_example_of_the_control_api_works() -> None:
    saved = b""
    with receiving() as receiver, Emulator("craig", limits=False) as emulator:
        for method, address, body in examples():
            url = address.replace("$QB", emulator.url).replace("$REALM", emulator.realm)
            data = saved if body == "@state.json" else body.replace("$HOOK", receiver.url).encode()
            answer = requests.request(method, url, data=data, timeout=20)
            assert answer.status_code == 200, (method, address, answer.text)
            saved = answer.content if address.endswith("/state") else saved
        assert receiver.events() == [("qbo.customer.updated.v1", "1")] * 2


def test_every_address_of_the_control_api_has_an_example() -> None:
    shown = {
        (method, address.removeprefix("$QB/control").strip("/").split("?")[0]) for method, address, _ in examples()
    }
    assert set(HANDLERS) - shown == set()
    assert {("POST", "companies/$REALM/connect"), ("POST", "companies/$REALM/send")} <= shown


def test_every_route_and_option_of_faults_is_named() -> None:
    chapter = DOCUMENT.read_text().split("## Faults")[1].split("## The control API")[0]
    names = {route.name for route in ROUTES} - {"write"} | {name for name, _ in SIGN_IN.values()} - {"keys"}
    assert [name for name in sorted(names | set(OPTIONS)) if f"`{name}`" not in chapter] == []


def test_the_examples_for_python_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one for tests as it stands; the one for python-quickbooks against a running emulator."""
    inside = [code for code in _python_examples() if "with Emulator(" in code]
    exec(compile(inside[0], str(DOCUMENT), "exec"), {})
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(QuickBooks, "api_url_v3", "")
    client = [code for code in _python_examples() if "QuickBooks(" in code]
    with Emulator("craig", realm="42", access_token="t", limits=False) as emulator:
        exec(compile(client[0].replace("http://127.0.0.1:8081", emulator.url), str(DOCUMENT), "exec"), {})
        assert emulator.requests.counts() == {"discovery": 1, "query": 1}


def _python_examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def test_the_example_for_curl_works() -> None:
    with Emulator("craig", realm="42", access_token="t", limits=False) as emulator:
        path = "query?query=select%20*%20from%20Customer%20maxresults%202"
        assert path in DOCUMENT.read_text()
        assert len(Client(emulator, "t").get(path).json()["QueryResponse"]["Customer"]) == 2


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text()))
