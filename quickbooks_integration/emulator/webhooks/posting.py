"""One POST to the app, and the check of where it may go."""

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit


def checked_address(url: str, remote_allowed: bool) -> str:
    """The same address. Raises ValueError: a test system tells nobody outside this machine unless it was asked to."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ValueError(f"The webhook address '{url}' is not an http or https address.")
    if not remote_allowed and not is_loopback(parts.hostname or ""):
        raise ValueError(
            f"The webhook address '{url}' is not on this machine. Use 127.0.0.1, or start with --remote-webhook."
        )
    return url


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class Post:
    """Sends once and waits for the status; redirects are not followed, the answer's body is not read."""

    def __init__(self, url: str, seconds: float) -> None:
        self._parts = urlsplit(url)
        self._seconds = seconds
        self._connection = _connection(self._parts, seconds)

    def send(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """The status, or 0 and the reason in words."""
        end = time.monotonic() + self._seconds
        try:
            self._connection.request("POST", _target(self._parts), body, dict(headers))
            if self._connection.sock:
                self._connection.sock.settimeout(max(end - time.monotonic(), 0.001))
            return self._connection.getresponse().status, ""
        except TimeoutError:
            return 0, f"no answer within {self._seconds:g} seconds"
        except ConnectionRefusedError:
            return 0, "nothing listens at this address"
        except (OSError, http.client.HTTPException) as error:
            return 0, f"the connection failed: {error or type(error).__name__}"
        finally:
            self._connection.close()

    def abort(self) -> None:
        """End it from another thread; `send` returns as after a lost connection."""
        connected = self._connection.sock
        if connected is None:
            return
        try:
            connected.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It ended by itself in the meantime.
            return


def _connection(parts: SplitResult, seconds: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=seconds)
    context = ssl.create_default_context()
    if is_loopback(host):
        # No public authority signs a certificate for this machine.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=context)


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
