"""/healthz and /readyz, for machines that watch: without a sign-in, a session or a host name of ours."""

from collections.abc import Callable
from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse

from attackacrack.health import readiness

NOT_KEPT = {"Cache-Control": "no-store"}


class HealthMiddleware:
    """First of all: a watching machine asks by address over plain HTTP, which the rest would refuse or redirect."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain", headers=NOT_KEPT)
        if request.path == "/readyz":
            return ready()
        return self.get_response(request)


def ready() -> JsonResponse:
    """200 if everything works, else 503; {"ready": bool, "parts": {"redis": {"ok": bool, "why": "..."}}}."""
    parts = readiness.parts()
    is_ready = all(part.ok for part in parts.values())
    content = {"ready": is_ready, "parts": {name: asdict(part) for name, part in parts.items()}}
    return JsonResponse(content, status=200 if is_ready else 503, headers=NOT_KEPT)
