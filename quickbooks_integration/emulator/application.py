"""From a request to an answer: finds the part that is responsible, adds headers, logs."""

import sys
import time
import traceback
from dataclasses import dataclass

from quickbooks_integration.emulator import accounting, control, injection, pages, routes
from quickbooks_integration.emulator.attachments import downloads
from quickbooks_integration.emulator.errors import system_failure
from quickbooks_integration.emulator.messages import REACHED_AT, Request, Response
from quickbooks_integration.emulator.transport import add_headers, new_tid, service_fault
from quickbooks_integration.emulator.world import LoggedRequest, World


@dataclass
class Trace:
    """What the log will say about a request, filled in on its way."""

    route: str = "unknown"
    entity: str = ""
    realm: str = ""
    fault: str = ""


class Application:
    def __init__(self, world: World) -> None:
        self.world = world

    def handle(self, request: Request) -> Response:
        """Never raises: an error of the emulator's own is a 500 and goes to the error output."""
        trace, started = Trace(), time.perf_counter()
        REACHED_AT.set(self.world.base_url(request))
        tid = new_tid(self.world.random, self.world.clock.now())
        try:
            response = self._answer(request, trace)
        except Exception:
            traceback.print_exc(file=sys.stderr)
            fault = system_failure("The emulator failed, see its error output")
            response = service_fault(request, self.world.switches, self.world.clock.now(), fault)
        milliseconds = int((time.perf_counter() - started) * 1000)
        add_headers(response, tid, milliseconds, self.world.random)
        if trace.route not in ("control", "page"):  # the log is about what apps do
            self._log(request, response, trace, tid, milliseconds)
        if request.method != "GET":
            self.world.changed.set()
        return response

    def _answer(self, request: Request, trace: Trace) -> Response:
        if request.path.startswith("/v3/company/"):
            return accounting.handle(self.world, request, trace)
        if request.path.startswith("/control"):
            trace.route = "control"
            return control.handle(self.world, request)
        if request.path.startswith("/files/"):
            trace.route = "file"
            return downloads.file(self.world, request)
        key = (request.method, request.path.rstrip("/") or "/")
        if key in routes.SIGN_IN:
            trace.route, endpoint = routes.SIGN_IN[key]
            rule = self.world.faults.next(trace.route, request.method)
            trace.fault = rule.kind if rule else ""
            return injection.meet(rule, self.world, request, lambda: endpoint(self.world, request))
        if shown := pages.answer(self.world, request):
            trace.route = "page"
            return shown
        return Response(404, b"There is nothing at this address.\n")

    def _log(self, request: Request, response: Response, trace: Trace, tid: str, milliseconds: int) -> None:
        self.world.requests.add(
            LoggedRequest(
                time=self.world.now_text(),
                method=request.method,
                path=request.path,
                query=_readable(request),
                route=trace.route,
                entity=trace.entity,
                realm=trace.realm,
                status=response.status,
                tid=tid,
                milliseconds=milliseconds,
                fault=trace.fault,
            )
        )


def _readable(request: Request) -> str:
    """The statement of a query, otherwise the parameters; never a body, which may hold secrets."""
    if request.path.rstrip("/").endswith("/query"):
        statement = request.query.get("query") or request.body[:2000].decode("utf-8", "replace")
        return statement[:2000]
    hidden = ("code", "state")
    return "&".join(f"{name}={value}" for name, value in request.query.items() if name not in hidden)[:2000]
