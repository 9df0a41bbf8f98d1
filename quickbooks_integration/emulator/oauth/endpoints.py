"""The addresses of the sign-in server: discovery, consent, tokens, revocation, user information."""

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from quickbooks_integration.emulator.documents import dump_json, load_json
from quickbooks_integration.emulator.errors import GatewayRefusal
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.oauth import pages
from quickbooks_integration.emulator.oauth.grants import ACCOUNTING, App, TokenError

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

JSON = "application/json;charset=utf-8"
HTML = "text/html;charset=utf-8"
SCOPES = frozenset((ACCOUNTING, "com.intuit.quickbooks.payment", "openid", "profile", "email", "phone", "address"))
LOOPBACK = ("127.0.0.1", "localhost", "::1")
REQUEST_FIELDS = ("client_id", "response_type", "scope", "redirect_uri", "state")


def discovery(world: "World", request: Request) -> Response:
    base = world.base_url(request)
    return _json(
        {
            "issuer": f"{base}/op/v1",
            "authorization_endpoint": f"{base}/connect/oauth2",
            "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
            "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
            "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
            "jwks_uri": f"{base}/op/v1/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile", "address", "phone"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
        }
    )


def keys(world: "World", request: Request) -> Response:
    return _json({"keys": []})


# Consent


def authorize(world: "World", request: Request) -> Response:
    """The consent page, and the answer to it."""
    asked = request.form() if request.method == "POST" else dict(request.query)
    reason = _refusal_reason(world, asked)
    if reason:
        return _page(pages.refused(reason), 400)
    error = _request_error(asked)
    if error or asked.get("decision") == "cancel":
        return _back(asked, error=error or "access_denied")
    realms = list(world.companies)
    realm = asked.get("realm", "") if request.method == "POST" else (realms[0] if world.switches.auto_approve else "")
    if realm in world.companies:
        return _approved(world, asked, realm)
    companies = [(realm, company.name) for realm, company in world.companies.items()]
    fields = {name: asked[name] for name in REQUEST_FIELDS}
    return _page(pages.consent(world.grants.apps[asked["client_id"]].name, companies, fields))


def _approved(world: "World", asked: Mapping[str, str], realm: str) -> Response:
    code = world.grants.authorize(asked["client_id"], realm, asked["redirect_uri"], asked["scope"])
    return _back(asked, code=code, realmId=realm if ACCOUNTING in asked["scope"].split() else "")


def _refusal_reason(world: "World", asked: Mapping[str, str]) -> str:
    """Why the request can't be answered by going back to the app; empty if it can."""
    app = world.grants.apps.get(asked.get("client_id", ""))
    if app is None:
        return "The client_id of the app is not known here. Check the app's settings."
    if not _may_redirect(world, app, asked.get("redirect_uri", "")):
        return "The redirect_uri is not one of the addresses that the app registered."
    if not asked.get("state"):
        return "The state parameter is missing. It protects the connection against forged answers."
    return ""


def _may_redirect(world: "World", app: App, uri: str) -> bool:
    if uri in app.redirect_uris:
        return True
    try:
        parts = urlsplit(uri)
        local = parts.scheme in ("http", "https") and parts.hostname in LOOPBACK
    except ValueError:
        return False
    clean = uri.isprintable() and " " not in uri and not parts.query and not parts.fragment
    return world.switches.loopback_redirects and local and clean


def _request_error(asked: Mapping[str, str]) -> str:
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    scopes = asked.get("scope", "").split()
    return "" if scopes and SCOPES.issuperset(scopes) else "invalid_scope"


def _back(asked: Mapping[str, str], **values: str) -> Response:
    """Send the browser to the app with the outcome."""
    values = {name: value for name, value in {**values, "state": asked["state"]}.items() if value}
    mark = "&" if urlsplit(asked["redirect_uri"]).query else "?"
    return Response(302, headers={"Location": f"{asked['redirect_uri']}{mark}{urlencode(values)}"})


# Tokens


def token(world: "World", request: Request) -> Response:
    form = request.form()
    try:
        app = _app(world, request, form)
        return _json(_with_expiry(request, _tokens(world, app, form)))
    except TokenError as refused:
        body = {"error": refused.error}
        if refused.description:
            body["error_description"] = refused.description
        return _json(body, refused.status)


def _tokens(world: "World", app: App, form: Mapping[str, str]) -> dict[str, Any]:
    kind = form.get("grant_type", "")
    if kind == "authorization_code":
        if not form.get("code") or not form.get("redirect_uri"):
            raise TokenError("invalid_request", "code and redirect_uri are required")
        return world.grants.exchange(app, form["code"], form["redirect_uri"])
    if kind == "refresh_token":
        if not form.get("refresh_token"):
            raise TokenError("invalid_request", "refresh_token is required")
        return world.grants.refresh(app, form["refresh_token"])
    raise TokenError("unsupported_grant_type" if kind else "invalid_request")


def _with_expiry(request: Request, tokens: dict[str, Any]) -> dict[str, Any]:
    """Intuit: the five-year limit is told only to clients that ask for it."""
    if request.header("x-include-refresh-token-hard-expires-in").lower() != "true":
        tokens.pop("x_refresh_token_hard_expires_in")
    return tokens


def _app(world: "World", request: Request, form: Mapping[str, str]) -> App:
    """The app by Basic authentication, or by its id and secret in the form."""
    scheme, _, encoded = request.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return world.grants.app(form.get("client_id", ""), form.get("client_secret", ""))
    try:
        client_id, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise TokenError("invalid_client", status=401) from None
    return world.grants.app(client_id, secret)


def revoke(world: "World", request: Request) -> Response:
    try:
        app = _app(world, request, {} if request.content_type == "application/json" else request.form())
        value = _token_to_revoke(request)
        known = world.grants.revoke(app, value)
        if not known and (not value or world.switches.unknown_token_revoked != 200):
            raise TokenError("invalid_request", "The token is not known")
    except TokenError as refused:
        return _json({"error": refused.error}, refused.status)
    return Response(200, b"", JSON)


def _token_to_revoke(request: Request) -> str:
    if request.content_type != "application/json":
        return request.form().get("token", "")
    try:
        body = load_json(request.body)
    except ValueError:
        raise TokenError("invalid_request") from None
    return str(body.get("token", "")) if isinstance(body, dict) else ""


def userinfo(world: "World", request: Request) -> Response:
    try:
        connection = world.grants.connection_of(bearer(request))
    except GatewayRefusal:
        return _json({"error": "invalid_token"}, 401)
    if "openid" not in connection.scope.split():
        return _json({"error": "insufficient_scope"}, 403)
    body: dict[str, Any] = {"sub": f"user-{connection.realm}"}
    if "email" in connection.scope.split():
        body |= {"email": "owner@example.com", "emailVerified": True}
    if "profile" in connection.scope.split():
        body |= {"givenName": "Company", "familyName": "Owner"}
    return _json(body)


def bearer(request: Request) -> str:
    scheme, _, value = request.header("authorization").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(status, dump_json(body), JSON, {"cache-control": "no-cache, no-store", "pragma": "no-cache"})


def _page(body: bytes, status: int = 200) -> Response:
    # Intuit: the consent page must not be shown in a frame.
    headers = {
        "X-Frame-Options": "DENY",
        "Content-Security-Policy": "frame-ancestors 'none'",
        "cache-control": "no-store",
    }
    return Response(status, body, HTML, headers)
