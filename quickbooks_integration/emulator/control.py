"""The control API under /control: for tests, demos and the emulator's own page. JSON in and out, no sign-in.

GET  /control                                   what is here, and these addresses
GET  /control/requests?limit=100                the request log, oldest first; DELETE empties it
GET  /control/counts                            requests by route, metered calls by app and month
GET  /control/faults                            injected faults; POST adds one, DELETE removes all or ?id=N
GET  /control/switches                          open behaviours; POST {"name": value, ...} changes them
POST /control/clock                             {"freeze": true | "2026-05-05T02:00:00-07:00"} {"advance": seconds} {"resume": true}
POST /control/limits                            {"enabled": false}
POST /control/apps                              {"client_id", "client_secret", "name", "redirect_uris"}
POST /control/companies                         {"company": "empty", "realm": "", "seed": 1}
POST /control/companies/{realm}/connect         tokens without the consent page: {"client_id": ""}
POST /control/companies/{realm}/send            mail a form by hand: {"entity": "Invoice", "id": "9", "to": ""}
POST /control/companies/{realm}/{verb}          act as the bookkeeper: create_customer, merge_customers, disconnect ...
GET  /control/emails?realm=                     the e-mails that were "sent", oldest first; DELETE empties the outbox
GET  /control/webhooks?limit=100                where events go, what waits, the deliveries with their attempts
POST /control/webhooks                          {"url", "verifier_token", "entities": [], "client_id": ""}; DELETE forgets them
POST /control/webhooks/send                     send what waits now: no window, no pause before a retry
POST /control/webhooks/replay                   {"number": 7} sends the same bytes again
GET  /control/state                             everything as one object; PUT puts it back
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator import snapshot
from quickbooks_integration.emulator.bookkeeper import VERBS, Bookkeeper
from quickbooks_integration.emulator.documents import dump_json, load_json
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.errors import ServiceFault
from quickbooks_integration.emulator.loading import LoadingError, documents_of, load
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.oauth.grants import ACCOUNTING, App, TokenError
from quickbooks_integration.emulator.sending import send_one
from quickbooks_integration.emulator.transport import fault_body
from quickbooks_integration.emulator.webhooks import calls as webhook_calls

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

JSON = "application/json;charset=utf-8"


class ControlError(Exception):
    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def handle(world: "World", request: Request) -> Response:
    """Errors answer {"error": a sentence}; a refusal by the rules of the books also carries the fault."""
    try:
        result = _run(world, request)
    except ServiceFault as fault:
        return _json({"error": str(fault), **fault_body(fault)}, fault.status)
    except ControlError as error:
        return _json({"error": str(error)}, error.status)
    except (ValueError, TypeError, KeyError, LoadingError, TokenError) as error:
        return _json({"error": str(error)}, 400)
    return _json(result)


def _run(world: "World", request: Request) -> Any:
    segments = request.segments[1:]
    if len(segments) == 3 and segments[0] == "companies" and request.method == "POST":
        return _act(world, segments[1], segments[2], _body(request))
    handler = HANDLERS.get((request.method, "/".join(segments)))
    if handler is None:
        raise ControlError(f"There is no {request.method} {request.path}.", 404)
    return handler(world, request)


def _act(world: "World", realm: str, name: str, arguments: dict[str, Any]) -> Any:
    if realm not in world.companies:
        raise ControlError(f"There is no company with the realm id {realm}.", 404)
    if name == "connect":
        return connect(world, realm, str(arguments.get("client_id", "")))
    if name == "send":
        return _send(world, realm, **arguments)
    if name not in VERBS:
        raise ControlError(f"The bookkeeper does not know '{name}'. Known are: {', '.join(VERBS)}.", 404)
    result = getattr(Bookkeeper(world.companies[realm], world.grants), name)(**arguments)
    world.changed.set()
    return {"result": result}


def connect(world: "World", realm: str, client_id: str = "") -> dict[str, Any]:
    """A token pair as after consent, for the first app or the one named."""
    app = world.grants.apps[client_id] if client_id else next(iter(world.grants.apps.values()))
    uri = "http://127.0.0.1/callback"
    code = world.grants.authorize(app.client_id, realm, uri, ACCOUNTING)
    return world.grants.exchange(app, code, uri)


def _send(world: "World", realm: str, entity: str, id: str, to: str = "") -> Any:
    return {"result": send_one(world, world.companies[realm], KINDS[entity], id, to)[entity]}


def _overview(world: "World", request: Request) -> Any:
    companies = [
        {
            "realm": realm,
            "name": company.name,
            "documents": {name: len(company.all(name)) for name in company.entities()},
        }
        for realm, company in world.companies.items()
    ]
    return {"companies": companies, "time": world.now_text(), "verbs": VERBS, "help": __doc__}


def _requests(world: "World", request: Request) -> Any:
    return world.requests.as_json(int(request.query.get("limit", "100")))


def _forget_requests(world: "World", request: Request) -> Any:
    world.requests.clear()
    return {}


def _emails(world: "World", request: Request) -> Any:
    return [asdict(mail) for mail in world.outbox.mails(request.query.get("realm", ""))]


def _forget_emails(world: "World", request: Request) -> Any:
    world.outbox.clear()
    return {}


def _counts(world: "World", request: Request) -> Any:
    return {"requests": world.requests.counts(), "core_plus": world.limits.counts()}


def _faults(world: "World", request: Request) -> Any:
    return world.faults.rules()


def _add_fault(world: "World", request: Request) -> Any:
    body = _body(request)
    return {"id": world.faults.add(str(body.pop("kind", "")), **body).id}


def _remove_faults(world: "World", request: Request) -> Any:
    if "id" in request.query:
        world.faults.remove(int(request.query["id"]))
    else:
        world.faults.clear()
    return world.faults.rules()


def _switches(world: "World", request: Request) -> Any:
    for name, value in _body(request).items() if request.method == "POST" else ():
        world.switches.set(name, value)
    return world.switches.describe()


def _clock(world: "World", request: Request) -> Any:
    body = _body(request)
    if body.get("resume"):
        world.clock.resume()
    if at := body.get("freeze"):
        world.clock.freeze(None if at is True else datetime.fromisoformat(str(at)))
    if "advance" in body:
        world.clock.advance(float(body["advance"]))
    return {"time": world.now_text()}


def _limits(world: "World", request: Request) -> Any:
    world.limits.enabled = _body(request).get("enabled") is not False
    world.limits.forget()
    return {"enabled": world.limits.enabled}


def _add_app(world: "World", request: Request) -> Any:
    app = App(**_body(request))
    world.grants.add_app(app)
    return {"client_id": app.client_id}


def _add_company(world: "World", request: Request) -> Any:
    body = _body(request)
    company = world.new_company(str(body.get("realm", "")))
    chosen = body.get("company", "empty")
    seed = int(body.get("seed", world.seed))
    load(company, *documents_of(chosen, seed, world.clock.today()))
    world.open_company(company)
    return {"realm": company.realm}


def _state(world: "World", request: Request) -> Any:
    return snapshot.dump(world)


def _restore(world: "World", request: Request) -> Any:
    snapshot.restore(world, _body(request))
    return {}


def _body(request: Request) -> dict[str, Any]:
    body = load_json(request.body) if request.body.strip() else {}
    if not isinstance(body, dict):
        raise ControlError("The body should be a JSON object.")
    return body


def _json(body: Any, status: int = 200) -> Response:
    return Response(status, dump_json(body), JSON)


HANDLERS: dict[tuple[str, str], Callable[["World", Request], Any]] = {
    ("GET", ""): _overview,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget_requests,
    ("GET", "counts"): _counts,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _remove_faults,
    ("GET", "switches"): _switches,
    ("POST", "switches"): _switches,
    ("POST", "clock"): _clock,
    ("POST", "limits"): _limits,
    ("POST", "apps"): _add_app,
    ("POST", "companies"): _add_company,
    ("GET", "emails"): _emails,
    ("DELETE", "emails"): _forget_emails,
    **webhook_calls.HANDLERS,
    ("GET", "state"): _state,
    ("PUT", "state"): _restore,
}
