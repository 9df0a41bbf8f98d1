"""Lets a request meet an injected fault."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from quickbooks_integration.emulator.errors import GatewayRefusal, forbidden, system_failure, throttled, unauthorized
from quickbooks_integration.emulator.faults import FaultRule
from quickbooks_integration.emulator.messages import Delivery, Request, Response
from quickbooks_integration.emulator.transport import HTML, JSON, gateway_refusal, service_fault

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

Proceed = Callable[[], Response]
OUTAGE = GatewayRefusal(500, "InternalServerError", "3100", "SERVICE", None)
REFUSALS: dict[str, Callable[[], GatewayRefusal]] = {
    "unauthorized": lambda: unauthorized("Token expired"),
    "forbidden": forbidden,
    "throttled": throttled,
}
LOAD_BALANCER = {
    "unavailable": (503, "503 Service Temporarily Unavailable"),
    "bad_gateway": (502, "502 Bad Gateway"),
}
# How a connection ends, and whether the request is carried out before.
LOST = {
    "reset": (Delivery.RESET, False),
    "drop": (Delivery.CLOSE, False),
    "timeout": (Delivery.CLOSE, False),
    "commit_then_drop": (Delivery.CLOSE, True),
    "timeout_after_commit": (Delivery.CLOSE, True),
}


def meet(rule: FaultRule | None, world: "World", request: Request, proceed: Proceed) -> Response:
    """The answer to a request, spoiled as the rule says."""
    if rule is None:
        return proceed()
    if rule.kind == "slow":
        world.wait(rule.seconds)
        return proceed()
    if rule.kind == "garbage":
        proceed()
        return Response(200, b'{"QueryResponse": <<<\x00 this is not what you asked for', JSON)
    if rule.kind == "half_body":
        return replace(proceed(), delivery=Delivery.HALF)
    if rule.kind in LOST:
        return _lost(rule, world, proceed)
    return _refusal(rule, world, request)


def _lost(rule: FaultRule, world: "World", proceed: Proceed) -> Response:
    delivery, carried_out = LOST[rule.kind]
    if carried_out:
        proceed()
    if rule.kind.startswith("timeout"):
        world.wait(rule.seconds)
    return Response(delivery=delivery)


def _refusal(rule: FaultRule, world: "World", request: Request) -> Response:
    now = world.clock.now()
    if rule.kind in REFUSALS:
        return gateway_refusal(REFUSALS[rule.kind](), rule.form, now)
    if rule.kind in LOAD_BALANCER:
        status, title = LOAD_BALANCER[rule.kind]
        return Response(
            status, f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode(), HTML
        )
    if rule.kind == "server_error" and rule.form == "gateway":
        return gateway_refusal(OUTAGE, "json", now)
    fault = system_failure("injected") if rule.kind == "server_error" else rule.service_fault()
    return service_fault(request, world.switches, now, fault)
