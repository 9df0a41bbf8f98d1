"""What a browser may do with our pages: the Content-Security-Policy, and what no page ever needs."""

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponseBase

INTUIT = "https://*.intuit.com"  # its authorisation page leads on to its sign-in, and Chrome checks each step
PERMISSIONS = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


def content_policy(emulator: str) -> dict[str, object]:
    """django-csp's directives. emulator: its address where it stands for Intuit, else ""."""
    return {
        "default-src": [NONE],
        # The theme's pages are Alpine expressions (x-data, x-on), which Alpine compiles with Function(). Its build
        # for strict policies knows neither arrow functions nor localStorage, and the theme uses both.
        # Without inline scripts: markup that slips into a page runs only if it is an Alpine attribute.
        "script-src": [SELF, UNSAFE_EVAL],
        "script-src-attr": [NONE],
        "style-src": [SELF],
        # Alpine writes the width of a list's bar of actions as a style attribute.
        "style-src-attr": [UNSAFE_INLINE],
        "img-src": [SELF, "data:"],  # the square that an authenticator app reads
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        # Connect is a form of ours that is answered with a redirect to the authorisation page.
        "form-action": [SELF, emulator or INTUIT],
    }


class PermissionsMiddleware:
    """A page of ours asks for no camera, place or payment, nor may anything that gets into it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
