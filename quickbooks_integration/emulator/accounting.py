"""The way of a request through the accounting API: gateway checks, requestid, then the function of its route."""

from typing import TYPE_CHECKING

from quickbooks_integration.emulator import injection, routes
from quickbooks_integration.emulator.call import Call, body_of
from quickbooks_integration.emulator.entity_calls import operation_of
from quickbooks_integration.emulator.errors import GatewayRefusal, ServiceFault, forbidden, unsupported
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.oauth.endpoints import bearer
from quickbooks_integration.emulator.transport import answer, gateway_refusal, service_fault

if TYPE_CHECKING:
    from quickbooks_integration.emulator.application import Trace
    from quickbooks_integration.emulator.world import World


def handle(world: "World", request: Request, trace: "Trace") -> Response:
    """Answer a request below /v3/company/."""
    segments = request.segments
    trace.realm = segments[2] if len(segments) > 2 else ""
    match = routes.match(request.method, segments[3:])
    if match:
        trace.entity = match.values.get("entity", "")
        trace.route = _operation(request) if match.route.name == "write" else match.route.name
    rule = world.faults.next(trace.route, request.method, trace.entity, trace.realm)
    trace.fault = rule.kind if rule else ""
    try:
        return injection.meet(rule, world, request, lambda: _checked(world, request, trace, match))
    except GatewayRefusal as refused:
        return gateway_refusal(refused, _form(world, refused), world.clock.now())
    except ServiceFault as fault:
        return service_fault(request, world.switches, world.clock.now(), fault)


def _operation(request: Request) -> str:
    """create, update, delete or void; what can't be read counts as create and is refused later."""
    try:
        body = body_of(request.body)
    except ServiceFault:
        body = {}
    operation = operation_of(dict(request.query), body)
    return operation if operation in routes.OPERATIONS else "unknown"


def _form(world: "World", refused: GatewayRefusal) -> str:
    forms = {401: world.switches.unauthorized_body, 429: world.switches.throttled_body}
    return forms.get(refused.status, "json")


def _checked(world: "World", request: Request, trace: "Trace", match: "routes.Match | None") -> Response:
    client_id = world.grants.check(bearer(request), trace.realm)
    company = world.companies.get(trace.realm)
    if company is None:
        raise forbidden(world.switches.unknown_realm_status)
    world.limits.check(trace.realm, client_id, batch=trace.route == "batch")
    if match is None:
        raise unsupported(f"Could not find resource for relative : {request.path}")
    if match.route.metered:
        world.limits.check_meter(client_id)
    call = Call(world, company, request, match.values, client_id)
    response = company.request_ids.once(request, world.switches, lambda: _run(call, match.route))
    if match.route.metered and response.status == 200:
        world.limits.meter(client_id)
    return response


def _run(call: Call, route: "routes.Route") -> Response:
    world = call.world
    # Seen: the time of an answer lies before that of the object which the call created.
    now = world.clock.now()
    try:
        reply = route.run(call)
    except ServiceFault as fault:
        return service_fault(call.request, world.switches, now, fault)
    return reply if isinstance(reply, Response) else answer(call.request, world.switches, now, reply)
