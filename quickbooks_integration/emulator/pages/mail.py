"""What leaves the company: e-mails to customers, webhooks to the app."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.clock import PACIFIC
from quickbooks_integration.emulator.documents import load_json
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages.documents import pretty
from quickbooks_integration.emulator.pages.html import (
    Markup,
    button,
    facts,
    field,
    fold,
    form,
    hidden,
    joined,
    link,
    table,
    tag,
)
from quickbooks_integration.emulator.pages.layout import LISTS, page, refused, said
from quickbooks_integration.emulator.pages.machine import watching
from quickbooks_integration.emulator.webhooks.deliveries import WAITING

if TYPE_CHECKING:
    from quickbooks_integration.emulator.webhooks.deliveries import Delivery
    from quickbooks_integration.emulator.webhooks.events import Event
    from quickbooks_integration.emulator.world import World

SHOWN = 100
SHOWN_EVENTS = 5
SECONDS_TO_SEND = 5


def emails(world: "World", request: Request) -> Response:
    rows = [
        (
            tag("span", mail.time[:16].replace("T", " "), class_="whole"),
            ", ".join(filter(None, (mail.to, mail.cc, mail.bcc))),
            mail.subject,
            _document(world, mail.realm, mail.entity, mail.id),
            joined((tag("div", ", ".join(mail.files)), fold("Text", tag("pre", mail.text)))),
        )
        for mail in reversed(world.outbox.mails()[-SHOWN:])
    ]
    return page(
        world,
        "E-mails",
        tag("p", "What companies would have sent to their customers. Nothing leaves this machine."),
        table(("Time", "To", "Subject", "Document", "Content"), rows, "No e-mail was sent yet."),
        here="emails",
    )


def webhooks(world: "World", request: Request, banner: Any = "", status: int = 200) -> Response:
    hooks = world.webhooks
    waiting, refresh = hooks.waiting(), watching(request, "webhooks")
    told = {
        "Address": hooks.endpoint.url or "none: nobody is told of changes",
        "Form": world.switches.webhook_format,
        "Waiting events": f"{len(waiting):,}",
        "Lost on purpose": f"{len(hooks.dropped):,}" if hooks.dropped else "",
    }
    send = form("/webhooks", hidden(action="send"), button("Send what waits now"), class_="row")
    return page(
        world,
        "Webhooks",
        facts(told),
        send if hooks.endpoint.url else "",
        tag("p", _summary(waiting)) if waiting else "",
        tag("h2", "Deliveries"),
        refresh[1],
        table(HEADS, [_row(world, item) for item in reversed(hooks.deliveries(SHOWN))], "Nothing was sent yet."),
        fold("Where to send ...", _address_form(hooks.endpoint.url)),
        here="webhooks",
        banner=banner,
        refresh=refresh[0],
        status=status,
    )


HEADS = ("Number", "Events", "State", "Attempts", "Body", "Action")


def _row(world: "World", delivery: "Delivery") -> tuple[Any, ...]:
    attempts = [
        tag("div", f"{attempt.time[11:19]} {attempt.status or attempt.error} ({attempt.milliseconds:,} ms)")
        for attempt in delivery.attempts
    ]
    if attempts and delivery.state == WAITING:
        attempts.append(tag("div", f"next at {datetime.fromtimestamp(delivery.due, PACIFIC):%Y-%m-%d %H:%M:%S}"))
    number = f"{delivery.number}, again {delivery.replay_of}" if delivery.replay_of else str(delivery.number)
    return (
        number,
        _events(world, delivery.events),
        tag("span", delivery.state, class_="state"),
        joined(attempts) or "not yet",
        fold("Show", tag("pre", pretty(load_json(delivery.body)))),
        form("/webhooks", hidden(action="replay", number=delivery.number), button("Send again", class_="quiet")),
    )


def _events(world: "World", events: "list[Event]") -> Markup:
    shown = [
        tag("div", f"{event.operation} ", _document(world, event.realm, event.entity, event.entity_id))
        for event in events[:SHOWN_EVENTS]
    ]
    more = tag("div", f"and {len(events) - SHOWN_EVENTS:,} more") if len(events) > SHOWN_EVENTS else ""
    return joined((*shown, more))


def _document(world: "World", realm: str, entity: str, id: str) -> Markup | str:
    """A link to a document, if there is a page for it."""
    company = world.companies.get(realm)
    name = f"{entity} {id}"
    if company is None or entity.lower() not in LISTS or company.find(entity, id) is None:
        return name
    return link(f"/companies/{realm}/{entity.lower()}/{id}", name)


def _summary(waiting: "list[Event]") -> str:
    parts = [f"{event.operation} {event.entity} {event.entity_id}" for event in waiting[:SHOWN_EVENTS]]
    return f"Next: {', '.join(parts)}{' ...' if len(waiting) > SHOWN_EVENTS else '.'}"


def _address_form(url: str) -> Markup:
    return form(
        "/webhooks",
        hidden(action="configure"),
        field("Address", "url", url, hint="on this machine, such as http://127.0.0.1:8000/webhooks; empty for none"),
        field("Verifier token", "verifier_token", hint="empty keeps the one that is set", autocomplete="off"),
        button("Save"),
    )


def change_webhooks(world: "World", request: Request) -> Response:
    entered, hooks = request.form(), world.webhooks
    try:
        if entered.get("action") == "send":
            done = hooks.send_now(SECONDS_TO_SEND)
            return webhooks(
                world, request, said("Tried once." if done else "The app is slow; some is still under way.")
            )
        if entered.get("action") == "replay":
            again = hooks.replay(int(entered.get("number", "")))
            hooks.settle(SECONDS_TO_SEND)
            return webhooks(world, request, said(f"Sent again as number {again.number}."))
        token = entered.get("verifier_token", "").strip() or hooks.endpoint.verifier_token
        url = entered.get("url", "").strip()
        hooks.configure(url, token, hooks.endpoint.entities, hooks.endpoint.client_id)
    except ValueError as error:
        return webhooks(world, request, refused(f"Nothing was done. {error}"), 400)
    return webhooks(world, request, said("Saved."))
