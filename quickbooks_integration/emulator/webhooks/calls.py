"""Webhooks in the control API."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.documents import load_json
from quickbooks_integration.emulator.messages import Request

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World


def overview(world: "World", request: Request) -> Any:
    webhooks = world.webhooks
    return {
        "url": webhooks.endpoint.url,
        "client_id": webhooks.endpoint.client_id,
        "entities": sorted(webhooks.endpoint.entities),
        "waiting": [vars(event) for event in webhooks.waiting()],
        "dropped": [vars(event) for event in list(webhooks.dropped)],
        "deliveries": [item.as_json() for item in webhooks.deliveries(int(request.query.get("limit", "100")))],
    }


def configure(world: "World", request: Request) -> Any:
    """What is not named keeps its value."""
    before, body = world.webhooks.endpoint, _body(request)
    unknown = set(body) - {"url", "verifier_token", "entities", "client_id"}
    if unknown:
        raise ValueError(f"Webhooks have no setting {', '.join(sorted(unknown))}.")
    endpoint = world.webhooks.configure(
        str(body.get("url", before.url)),
        str(body.get("verifier_token", before.verifier_token)),
        body.get("entities", before.entities),
        str(body.get("client_id", before.client_id)),
    )
    return {"url": endpoint.url, "client_id": endpoint.client_id, "entities": sorted(endpoint.entities)}


def forget(world: "World", request: Request) -> Any:
    world.webhooks.clear()
    return {}


def send(world: "World", request: Request) -> Any:
    """Answers when each delivery that waits was tried once."""
    return {"done": world.webhooks.send_now(float(_body(request).get("seconds", 10)))}


def replay(world: "World", request: Request) -> Any:
    return {"number": world.webhooks.replay(int(_body(request)["number"])).number}


def _body(request: Request) -> dict[str, Any]:
    body = load_json(request.body) if request.body.strip() else {}
    if not isinstance(body, dict):
        raise ValueError("The body should be a JSON object.")
    return body


HANDLERS: dict[tuple[str, str], Callable[["World", Request], Any]] = {
    ("GET", "webhooks"): overview,
    ("POST", "webhooks"): configure,
    ("DELETE", "webhooks"): forget,
    ("POST", "webhooks/send"): send,
    ("POST", "webhooks/replay"): replay,
}
