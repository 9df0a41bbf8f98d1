"""One call of the accounting API, as the functions that answer it see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quickbooks_integration.emulator import xml_body
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, load_json
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.messages import Request, Response

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

Reply = Document | Response  # a body that gets the usual envelope, or a whole answer such as a PDF


@dataclass(frozen=True)
class Call:
    world: "World"
    company: Company
    request: Request
    values: Mapping[str, str]  # what the braces of the route's pattern stand for
    client_id: str

    @property
    def included(self) -> frozenset[str]:
        """What the address asks for beside the usual: include=invoiceLink, include=allowduplicatedocnum."""
        return frozenset(self.request.query.get("include", "").lower().replace(" ", "").split(","))

    def body(self) -> Document:
        """The body as an object. Raises 2300."""
        return body_of(self.request.body)


def body_of(text: bytes) -> Document:
    """A body, or the part of a form, as an object, whether it is JSON or XML. Raises 2300."""
    if not text.strip():
        raise refusal("2300", "ObjectParserError: Request Body is Empty")
    try:
        body = xml_body.read(text) if xml_body.is_xml(text) else load_json(text)
    except ValueError as error:
        raise refusal("2300", f"ObjectParserError: {error}") from error
    if not isinstance(body, dict):
        raise refusal("2300", "ObjectParserError: The request body is not a JSON object")
    return body
