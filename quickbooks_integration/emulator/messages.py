"""A request and an answer, independent of the socket that carries them."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import parse_qsl


class Delivery(Enum):
    """How the socket treats an answer; everything but WHOLE is an injected fault."""

    WHOLE = "whole"
    HALF = "half"  # half of the bytes, then a reset
    CLOSE = "close"  # the connection ends without an answer
    RESET = "reset"  # the connection is reset without an answer


# The address under which the client of the request under way reached the emulator; "" outside of a request.
REACHED_AT: ContextVar[str] = ContextVar("REACHED_AT", default="")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    @property
    def segments(self) -> list[str]:
        return [part for part in self.path.split("/") if part]

    @property
    def content_type(self) -> str:
        return self.header("content-type").split(";")[0].strip().lower()

    def form(self) -> dict[str, str]:
        """Fields of a form body; undecodable bytes become replacement characters and simply match nothing."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass
class Response:
    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain;charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE


def parse_query(text: str) -> dict[str, str]:
    """Query parameters; of a repeated one the first counts."""
    values: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        values.setdefault(name, value)
    return values
