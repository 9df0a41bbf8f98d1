"""Which address does what. A new part of the API adds its rows to ROUTES or OPERATIONS.

Addresses of the accounting API stand under /v3/company/{realm}. A part in braces matches anything; `{entity}` matches
only known entities, and the last row that fits them all is the entity itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quickbooks_integration.emulator import batch, change_feed, entity_calls, query_calls, sending, tax_service
from quickbooks_integration.emulator.attachments import downloads, uploads
from quickbooks_integration.emulator.call import Call, Reply
from quickbooks_integration.emulator.entities import kind_of
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.oauth import endpoints
from quickbooks_integration.emulator.printing import calls as printing
from quickbooks_integration.emulator.reports import calls as reports

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World


@dataclass(frozen=True)
class Route:
    method: str
    pattern: str  # below /v3/company/{realm}
    name: str
    run: Callable[[Call], Reply]
    metered: bool = False  # Intuit: a CorePlus call


@dataclass(frozen=True)
class Match:
    route: Route
    values: Mapping[str, str] = field(default_factory=dict)


ROUTES = (
    Route("GET", "query", "query", query_calls.query, metered=True),
    Route("POST", "query", "query", query_calls.query, metered=True),
    Route("GET", "cdc", "cdc", change_feed.changes, metered=True),
    Route("GET", "reports/{name}", "report", reports.report, metered=True),
    Route("POST", "batch", "batch", batch.run),
    Route("POST", "{entity}/{id}/send", "send", sending.send),
    Route("GET", "{entity}/{id}/pdf", "pdf", printing.pdf, metered=True),
    Route("POST", "upload", "upload", uploads.upload),
    Route("POST", "taxservice/taxcode", "taxservice", tax_service.create),
    Route("GET", "download/{id}", "download", downloads.address),
    Route("GET", "companyinfo/{id}", "companyinfo", entity_calls.read_company_info, metered=True),
    Route("GET", "preferences", "preferences", entity_calls.read_preferences, metered=True),
    Route("GET", "{entity}/{id}", "read", entity_calls.read, metered=True),
    Route("POST", "{entity}", "write", entity_calls.write),
)
# What `write` turns out to be, for the log and for injected faults.
OPERATIONS = ("create", "update", "delete", "void")

SignIn = Callable[["World", Request], Response]
SIGN_IN: dict[tuple[str, str], tuple[str, SignIn]] = {
    ("GET", "/.well-known/openid_configuration"): ("discovery", endpoints.discovery),
    ("GET", "/.well-known/openid_sandbox_configuration"): ("discovery", endpoints.discovery),
    ("GET", "/op/v1/jwks"): ("keys", endpoints.keys),
    ("GET", "/connect/oauth2"): ("authorize", endpoints.authorize),
    ("POST", "/connect/oauth2"): ("authorize", endpoints.authorize),
    ("POST", "/oauth2/v1/tokens/bearer"): ("token", endpoints.token),
    ("POST", "/v2/oauth2/tokens/revoke"): ("revoke", endpoints.revoke),
    ("GET", "/v1/openid_connect/userinfo"): ("userinfo", endpoints.userinfo),
}


def match(method: str, segments: list[str]) -> Match | None:
    """The route for the part of an address below the realm."""
    for route in ROUTES:
        if route.method == method and (values := _values(route.pattern.split("/"), segments)) is not None:
            return Match(route, values)
    return None


def _values(pattern: list[str], segments: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(segments):
        return None
    values: dict[str, str] = {}
    for wanted, actual in zip(pattern, segments, strict=True):
        if wanted == "{entity}":
            kind = kind_of(actual)
            if kind is None:
                return None
            values["entity"] = kind.name
        elif wanted.startswith("{"):
            values[wanted.strip("{}")] = actual
        elif wanted != actual.lower():
            return None
    return values
