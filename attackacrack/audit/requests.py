"""What the history says of a change that somebody makes at a page."""

from typing import Any

from django.http import HttpRequest
from pghistory import middleware

from contacts.before_first import ADMIN


class HistoryMiddleware(middleware.HistoryMiddleware):
    """Person and address, and that it was a page; what the page sets off, such as a merge, names its own source."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"source": ADMIN, **super().get_context(request)}
