"""Requests, faults, clock and switches: what the machine does, not what the office does."""

from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator import faults as injected
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages.html import (
    Markup,
    button,
    choice,
    facts,
    field,
    form,
    hidden,
    joined,
    link,
    table,
    tag,
)
from quickbooks_integration.emulator.pages.layout import page, refused, said

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

SHOWN_REQUESTS = 200
REFRESH_SECONDS = 5
STEPS = {"1 minute": 60, "1 hour": 3600, "1 day": 86400, "30 days": 30 * 86400, "101 days": 101 * 86400}
# Names of routes that faults are useful for; see routes.py.
FAULT_ROUTES = (
    *("", "query", "read", "create", "update", "delete", "void", "batch", "cdc", "send", "pdf", "report", "upload"),
    *("token", "revoke", "companyinfo", "preferences"),
)
FAULT_FORMS = ("json", "xml", "html", "empty", "gateway")


def watching(request: Request, name: str) -> tuple[int, Markup]:
    """Seconds until the page reloads itself, and the link that starts or ends that."""
    if request.query.get("watch"):
        return REFRESH_SECONDS, tag("p", f"Reloads every {REFRESH_SECONDS} seconds. ", link(f"/{name}", "Stop"))
    return 0, tag("p", link(f"/{name}?watch=1", f"Reload every {REFRESH_SECONDS} seconds"))


# Requests


def requests(world: "World", request: Request) -> Response:
    rows = [
        (
            tag("span", entry.time[11:19], class_="whole"),
            f"{entry.method} {entry.path}",
            entry.query,
            tag("span", entry.status or "lost", class_="state"),
            f"{entry.milliseconds:,}",
            entry.tid,
            entry.fault,
        )
        for entry in reversed(world.requests.entries(most=SHOWN_REQUESTS))
    ]
    refresh, watch = watching(request, "requests")
    counts = ", ".join(f"{route} {count:,}" for route, count in sorted(world.requests.counts().items()))
    heads = ("Time", "Request", "Query", "Status", "ms$", "intuit_tid", "Fault")
    return page(
        world,
        "Requests",
        tag("p", f"So far: {counts}." if counts else "No app has asked for anything yet."),
        watch,
        table(heads, rows, "The log is empty."),
        form("/requests", button("Empty the log", class_="quiet"), class_="row"),
        here="requests",
        refresh=refresh,
    )


def forget_requests(world: "World", request: Request) -> Response:
    world.requests.clear()
    return requests(world, request)


# Faults


def faults(world: "World", request: Request, banner: Any = "", status: int = 200) -> Response:
    rows = [
        (
            rule["kind"],
            ", ".join(rule[part] for part in ("route", "method", "entity", "realm") if rule[part]) or "everything",
            f"{rule['probability']:.0%}",
            "always" if rule["count"] is None else str(rule["count"]),
            str(rule["used"]),
            form("/faults", hidden(action="remove", id=rule["id"]), button("Remove", class_="quiet")),
        )
        for rule in world.faults.rules()
    ]
    clear = form("/faults", hidden(action="clear"), button("Remove all", class_="quiet"), class_="row") if rows else ""
    return page(
        world,
        "Faults",
        tag("p", "An app that asks for something meets these instead of, or beside, the right answer."),
        table(("Fault", "Where", "Share", "How often", "Used$", "Action"), rows, "Nothing goes wrong at present."),
        clear,
        tag("h2", "Add a fault"),
        _fault_form(),
        tag("h2", "What they do"),
        facts({kind: meaning.replace("`", "") for kind, meaning in injected.KINDS.items()}),
        here="faults",
        banner=banner,
        status=status,
    )


def _fault_form() -> Markup:
    return form(
        "/faults",
        hidden(action="add"),
        choice("Fault", "kind", list(injected.KINDS)),
        choice("On requests of this kind", "route", FAULT_ROUTES),
        field("Entity", "entity", hint="such as Customer; empty for all"),
        field("How often", "count", "1", hint="empty for always", inputmode="numeric"),
        field("Share of the requests, in percent", "percent", "100", inputmode="decimal"),
        field("Seconds", "seconds", "5", hint="for slow and timeout", inputmode="decimal"),
        choice("Form of the body", "form", FAULT_FORMS),
        button("Add"),
        class_="panel",
    )


def change_faults(world: "World", request: Request) -> Response:
    entered = request.form()
    if entered.get("action") == "clear":
        world.faults.clear()
        return faults(world, request, said("All faults are removed."))
    try:
        if entered.get("action") == "remove":
            world.faults.remove(int(entered.get("id", "")))
            return faults(world, request, said("The fault is removed."))
        world.faults.add(entered.get("kind", ""), **_fault_options(entered))
    except ValueError as error:
        return faults(world, request, refused(f"No fault was added. {error}"), 400)
    return faults(world, request, said("The fault is added."))


def _fault_options(entered: dict[str, str]) -> dict[str, Any]:
    count = entered.get("count", "").strip()
    return {
        "route": entered.get("route", ""),
        "entity": entered.get("entity", "").strip(),
        "form": entered.get("form", "json"),
        "count": int(count) if count else None,
        "probability": min(max(_number(entered.get("percent"), "100") / 100, 0), 1),
        "seconds": min(max(_number(entered.get("seconds"), "5"), 0), 600),
    }


def _number(text: str | None, otherwise: str) -> float:
    """Raises ValueError, also for NaN and infinity."""
    number = float(text or otherwise)
    if not abs(number) < 1e12:
        raise ValueError(f"'{text}' is not a number.")
    return number


# Clock


def clock(world: "World", request: Request, banner: Any = "", status: int = 200) -> Response:
    steps = joined(
        form("/clock", hidden(action="advance", seconds=seconds), button(f"Forward {name}"))
        for name, seconds in STEPS.items()
    )
    free = form("/clock", hidden(action="advance"), field("Seconds", "seconds", "600"), button("Move"), class_="row")
    stand = form("/clock", hidden(action="freeze"), button("Stop the clock", class_="quiet"))
    run = form("/clock", hidden(action="resume"), button("Let it run", class_="quiet"))
    return page(
        world,
        "Clock",
        facts({"Time here": world.now_text()}),
        tag(
            "p", "Tokens expire, limits refill and webhooks are repeated by this clock. Negative seconds move it back."
        ),
        tag("div", steps, class_="row"),
        free,
        tag("div", stand, run, class_="row"),
        here="clock",
        banner=banner,
        status=status,
    )


def change_clock(world: "World", request: Request) -> Response:
    entered = request.form()
    try:
        if entered.get("action") == "freeze":
            world.clock.freeze()
        elif entered.get("action") == "resume":
            world.clock.resume()
        else:
            world.clock.advance(_number(entered.get("seconds"), "0"))
    except (ValueError, OverflowError):
        return clock(world, request, refused("The clock was not moved: give seconds as a number, such as 3600."), 400)
    return clock(world, request, said(f"It is now {world.now_text()}."))


# Switches


def switches(world: "World", request: Request, banner: Any = "", status: int = 200) -> Response:
    rows = [
        (
            tag("label", tag("span", name), _setting(name, told)),
            told["meaning"],
            str(told["default"]) if told["value"] == told["default"] else tag("strong", f"{told['default']} (changed)"),
        )
        for name, told in world.switches.describe().items()
    ]
    intro = "What public sources leave open, each with the value that is believed. Change one to test the other case."
    return page(
        world,
        "Switches",
        tag("p", intro),
        form("/switches", table(("Value", "Meaning", "Default"), rows, ""), tag("p", button("Save the changes"))),
        here="switches",
        banner=banner,
        status=status,
    )


def _setting(name: str, told: dict[str, Any]) -> Markup:
    if not told["choices"]:
        return tag("input", type="text", name=name, value=str(told["value"]))
    options = (tag("option", str(item), value=str(item), selected=item == told["value"]) for item in told["choices"])
    return tag("select", *options, name=name)


def change_switches(world: "World", request: Request) -> Response:
    """All that differ are set, or none if one of them makes no sense."""
    before = world.switches.values()
    changed = {name: text for name, text in request.form().items() if name in before and text != str(before[name])}
    try:
        for name, text in changed.items():
            world.switches.set(name, text)
    except ValueError as error:
        for name in changed:
            world.switches.set(name, before[name])
        return switches(world, request, refused(f"Nothing was changed. {error}"), 400)
    return switches(world, request, said(f"Changed: {', '.join(changed)}." if changed else "Nothing was different."))
