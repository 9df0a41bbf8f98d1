"""Apps, connections and tokens, with the rules of their life. Times are seconds on the emulator's clock."""

import base64
import json
import secrets
import threading
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.clock import Clock
from quickbooks_integration.emulator.errors import forbidden, unauthorized
from quickbooks_integration.emulator.switches import Switches

ACCOUNTING = "com.intuit.quickbooks.accounting"
DAY = 24 * 3600
ACTIVE, REVOKED, DISCONNECTED = "active", "revoked", "disconnected"
WRONG_TOKEN = "Incorrect or invalid refresh token"


@dataclass
class App:
    client_id: str
    client_secret: str
    name: str = "Test app"
    redirect_uris: list[str] = field(default_factory=list)


@dataclass
class Connection:
    """What a person agreed to once: an app may use a company until this ends."""

    id: str
    client_id: str
    realm: str
    scope: str
    since: float
    state: str = ACTIVE


@dataclass
class Code:
    value: str
    connection_id: str
    redirect_uri: str
    expires_at: float
    used: bool = False


@dataclass
class RefreshToken:
    value: str
    connection_id: str
    issued_at: float
    expires_at: float
    replaced_at: float | None = None


@dataclass
class AccessToken:
    value: str
    connection_id: str
    expires_at: float
    revoked: bool = False


class TokenError(Exception):
    """A refusal of the token endpoint: `error` and perhaps a description."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class Grants:
    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches
        self._lock = threading.RLock()
        self.apps: dict[str, App] = {}
        self.fixed_tokens: set[str] = set()
        self._connections: dict[str, Connection] = {}
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, RefreshToken] = {}
        self._access: dict[str, AccessToken] = {}

    def add_app(self, app: App) -> None:
        with self._lock:
            self.apps[app.client_id] = app

    def app(self, client_id: str, client_secret: str) -> App:
        """Raises invalid_client; blanks around a secret count, as with Intuit."""
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret.encode(), client_secret.encode()):
            raise TokenError("invalid_client", status=401)
        return app

    def connections(self) -> list[Connection]:
        with self._lock:
            return list(self._connections.values())

    def is_connected(self, realm: str, client_id: str = "") -> bool:
        """Whether the app, or any app, may use the company now. A fixed token counts: who uses it never connects."""
        with self._lock:
            return bool(self.fixed_tokens) or any(
                connection.realm == realm and connection.state == ACTIVE
                for connection in self._connections.values()
                if not client_id or connection.client_id == client_id
            )

    # Consent and tokens

    def authorize(self, client_id: str, realm: str, redirect_uri: str, scope: str) -> str:
        """The person agreed: a code for the app, good for one exchange."""
        now = self._clock.timestamp()
        connection = Connection(secrets.token_hex(8), client_id, realm, scope, now)
        code = Code(
            "AB1" + secrets.token_urlsafe(36),
            connection.id,
            redirect_uri,
            now + self._switches.authorization_code_seconds,
        )
        with self._lock:
            self._connections[connection.id] = connection
            self._codes[code.value] = code
        return code.value

    def exchange(self, app: App, value: str, redirect_uri: str) -> dict[str, Any]:
        """Tokens for a code. A code that comes a second time ends what was issued for it."""
        with self._lock:
            code = self._codes.get(value)
            if code is None or self._connections[code.connection_id].client_id != app.client_id:
                raise TokenError("invalid_grant", "Invalid authorization code")
            connection = self._connections[code.connection_id]
            if code.used:
                connection.state = REVOKED
                raise TokenError("invalid_grant", "Authorization code was already used")
            if code.expires_at <= self._clock.timestamp():
                raise TokenError("invalid_grant", "Authorization code has expired")
            if code.redirect_uri != redirect_uri:
                raise TokenError("invalid_grant", "The redirect_uri is not the one of the authorization request")
            code.used = True
            return self._issue(connection, self._new_refresh_token(connection))

    def refresh(self, app: App, value: str) -> dict[str, Any]:
        """New access token, and a new refresh token when it is time to rotate."""
        with self._lock:
            token = self._refresh.get(value)
            connection = self._connections[token.connection_id] if token else None
            if token is None or connection is None or connection.client_id != app.client_id:
                raise TokenError("invalid_grant", WRONG_TOKEN)
            self._check_life(token, connection)
            return self._issue(connection, self._rotated(token, connection))

    def _check_life(self, token: RefreshToken, connection: Connection) -> None:
        now = self._clock.timestamp()
        if token.replaced_at is not None:
            lives = self._switches.replaced_refresh_token == "lives_24h" and now < token.replaced_at + DAY
            if not lives:
                raise TokenError("invalid_grant", WRONG_TOKEN)
        hard_end = connection.since + self._switches.hard_expiry_seconds
        if connection.state != ACTIVE or min(token.expires_at, hard_end) <= now:
            raise TokenError("invalid_grant", self._switches.expired_refresh_description)

    def _rotated(self, token: RefreshToken, connection: Connection) -> RefreshToken:
        now = self._clock.timestamp()
        if token.replaced_at is not None:
            return self._newest(connection)
        if self._switches.refresh_rotation == "daily" and now < token.issued_at + DAY:
            token.expires_at = now + self._switches.refresh_token_seconds
            return token
        token.replaced_at = now
        return self._new_refresh_token(connection)

    def _newest(self, connection: Connection) -> RefreshToken:
        own = [token for token in self._refresh.values() if token.connection_id == connection.id]
        return max(own, key=lambda token: (token.replaced_at is None, token.issued_at))

    def _new_refresh_token(self, connection: Connection) -> RefreshToken:
        now = self._clock.timestamp()
        expires = now + self._switches.refresh_token_seconds
        token = RefreshToken(f"RT1-192-H0-{int(expires)}{secrets.token_hex(12)}", connection.id, now, expires)
        self._refresh[token.value] = token
        return token

    def _issue(self, connection: Connection, refresh_token: RefreshToken) -> dict[str, Any]:
        now = self._clock.timestamp()
        self._forget_old(now)
        access = AccessToken(_opaque_token(), connection.id, now + self._switches.access_token_seconds)
        self._access[access.value] = access
        return {
            "token_type": "bearer",
            "access_token": access.value,
            "refresh_token": refresh_token.value,
            "expires_in": self._switches.access_token_seconds,
            "x_refresh_token_expires_in": round(refresh_token.expires_at - now),
            "x_refresh_token_hard_expires_in": round(connection.since + self._switches.hard_expiry_seconds - now),
        }

    def _forget_old(self, now: float) -> None:
        """Tokens that ended over a day ago answer like unknown ones; a long run must not keep them all."""
        if len(self._access) > 1000:
            self._access = {value: token for value, token in self._access.items() if token.expires_at > now - DAY}
        if len(self._refresh) > 10000:
            self._refresh = {value: token for value, token in self._refresh.items() if not token.replaced_at}

    # Ending

    def revoke(self, app: App, value: str) -> bool:
        """End an access token, or with a refresh token the whole connection. False for an unknown token."""
        with self._lock:
            token = self._refresh.get(value) or self._access.get(value)
            if token is None or self._connections[token.connection_id].client_id != app.client_id:
                return False
            if isinstance(token, AccessToken):
                token.revoked = True
            else:
                self._connections[token.connection_id].state = REVOKED
            return True

    def disconnect(self, realm: str, client_id: str = "") -> int:
        """The person ended it inside QuickBooks. Returns how many connections that were active this ended."""
        with self._lock:
            ended = [
                connection
                for connection in self._connections.values()
                if connection.realm == realm
                and connection.state == ACTIVE
                and (not client_id or connection.client_id == client_id)
            ]
            for connection in ended:
                connection.state = DISCONNECTED
            return len(ended)

    # Checking

    def connection_of(self, bearer: str) -> Connection:
        """The connection behind an access token that is still good. Raises the gateway's 401 or 403."""
        if not bearer:
            raise unauthorized(None)
        token = self._access.get(bearer)
        if token is None:
            known_form = 40 <= len(bearer) <= 4096
            raise unauthorized("Token is invalid" if known_form else "Malformed bearer token: too short or too long")
        connection = self._connections[token.connection_id]
        if token.revoked or connection.state == REVOKED:
            raise unauthorized("Token revoked")
        if token.expires_at <= self._clock.timestamp():
            raise unauthorized("Token expired")
        if connection.state == DISCONNECTED:
            raise forbidden()
        return connection

    def check(self, bearer: str, realm: str) -> str:
        """The client id that may work with this company. Raises the gateway's 401 or 403."""
        if bearer in self.fixed_tokens:
            return "fixed-token"
        connection = self.connection_of(bearer)
        if connection.realm != realm or ACCOUNTING not in connection.scope.split():
            raise forbidden()
        return connection.client_id

    # Saving

    def dump(self) -> dict[str, Any]:
        with self._lock:
            return {
                "apps": [asdict(app) for app in self.apps.values()],
                "connections": [asdict(item) for item in self._connections.values()],
                "codes": [asdict(item) for item in self._codes.values()],
                "refresh_tokens": [asdict(item) for item in self._refresh.values()],
                "access_tokens": [asdict(item) for item in self._access.values()],
            }

    def restore(self, saved: dict[str, Any]) -> None:
        with self._lock:
            self.apps = {item["client_id"]: App(**item) for item in saved["apps"]}
            self._connections = {item["id"]: Connection(**_inexact(item)) for item in saved["connections"]}
            self._codes = {item["value"]: Code(**_inexact(item)) for item in saved["codes"]}
            self._refresh = {item["value"]: RefreshToken(**_inexact(item)) for item in saved["refresh_tokens"]}
            self._access = {item["value"]: AccessToken(**_inexact(item)) for item in saved["access_tokens"]}


def _inexact(saved: dict[str, Any]) -> dict[str, Any]:
    """Times are floats here; a saved state is read with decimals, for the money in it."""
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in saved.items()}


def _opaque_token() -> str:
    """Long and in the form of Intuit's: five parts, the second one empty."""
    head = base64.urlsafe_b64encode(json.dumps({"enc": "A128CBC-HS256", "alg": "dir"}).encode()).decode().rstrip("=")
    return f"{head}..{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(540)}.{secrets.token_urlsafe(16)}"
