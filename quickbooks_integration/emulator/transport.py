"""Answers of the accounting API: envelopes, headers, and the shapes of refusals."""

import random
from datetime import datetime
from typing import Any

from quickbooks_integration.emulator import xml_form
from quickbooks_integration.emulator.clock import with_milliseconds
from quickbooks_integration.emulator.documents import Document, dump_json
from quickbooks_integration.emulator.errors import GatewayRefusal, Problem, ServiceFault
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.switches import Switches

JSON = "application/json;charset=UTF-8"
XML = "application/xml;charset=UTF-8"
HTML = "text/html;charset=utf-8"
FIXED_HEADERS = {
    "qbo-version": "2073.223",
    "expires": "0",
    "cache-control": "max-age=0, no-cache, no-store, must-revalidate, private",
    "strict-transport-security": "max-age=31536000",
}


def new_tid(source: random.Random, now: datetime) -> str:
    """The id that Intuit's support asks for, in the form of a trace root."""
    return f"1-{int(now.timestamp()):08x}-{source.getrandbits(96):024x}"


def wants_json(request: Request, switches: Switches) -> bool:
    return "json" in request.header("accept").lower() or switches.answer_without_accept == "json"


def answer(request: Request, switches: Switches, now: datetime, body: Document, status: int = 200) -> Response:
    """`body` with the server's time, as JSON or XML."""
    body = {**body, "time": with_milliseconds(now)}
    if wants_json(request, switches):
        return Response(status, dump_json(body), JSON)
    return Response(status, xml_form.answer(body), XML)


def fault_body(fault: ServiceFault) -> Document:
    return {"Fault": {"Error": [_error(problem) for problem in fault.problems], "type": fault.type}}


def _error(problem: Problem) -> Document:
    return {"Message": problem.message, "Detail": problem.detail, "code": problem.code, "element": problem.element}


def service_fault(request: Request, switches: Switches, now: datetime, fault: ServiceFault) -> Response:
    return answer(request, switches, now, fault_body(fault), fault.status)


def gateway_refusal(refused: GatewayRefusal, form: str, now: datetime) -> Response:
    """`form` is json, xml, html or empty: the gateway does not look at what the client accepts."""
    if form == "empty":
        return Response(refused.status, b"")
    if form == "html":
        return Response(refused.status, f"<html><body><h1>{refused.status}</h1></body></html>".encode(), HTML)
    if form == "xml":
        return Response(refused.status, xml_form.answer(_xml_fault(refused, now)), XML)
    return Response(refused.status, dump_json(_gateway_body(refused, now)), JSON)


def _gateway_body(refused: GatewayRefusal, now: datetime) -> Document:
    error = {"message": refused.message, "detail": refused.detail, "code": refused.code, "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": refused.type},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(now.timestamp() * 1000),
        "status": None,
        "cdcresponse": [],
    }


def _xml_fault(refused: GatewayRefusal, now: datetime) -> Document:
    """A 401 in XML comes from the service behind the gateway and has its own words."""
    error: dict[str, Any] = {"code": refused.code, "Message": refused.message}
    type = refused.type
    if refused.detail:
        error["Detail"] = refused.detail
    if refused.status == 401:
        type = "AuthenticationFault"
        error = {
            "code": "100",
            "Message": "General Authentication Error",
            "Detail": "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401",
        }
    return {"Fault": {"type": type, "Error": [error]}, "time": with_milliseconds(now)}


def add_headers(response: Response, tid: str, milliseconds: int, source: random.Random) -> None:
    trace = f"{source.getrandbits(128):032x}"
    response.headers = {
        "intuit_tid": tid,
        **FIXED_HEADERS,
        "service-time": f"total={milliseconds}, db={milliseconds // 2}",
        "x-request-id": trace,
        "x-spanid": trace[:16],
        **response.headers,
    }
