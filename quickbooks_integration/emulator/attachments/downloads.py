"""What answers a temporary address, in the manner of the storage service that the real ones point at."""

from typing import TYPE_CHECKING
from urllib.parse import quote

from quickbooks_integration.emulator.attachments.links import is_expired, is_signed, temporary_address
from quickbooks_integration.emulator.call import Call, Reply
from quickbooks_integration.emulator.entities.attachable import ATTACHABLE
from quickbooks_integration.emulator.entities.kind import existing
from quickbooks_integration.emulator.errors import not_found
from quickbooks_integration.emulator.messages import Request, Response

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

SEGMENTS = 4  # files, realm, id, file name
PLAIN = "text/plain;charset=UTF-8"


def address(call: Call) -> Reply:
    """The temporary address of a file, as plain text. Raises 610, also for a note without a file."""
    document = existing(call.company, ATTACHABLE, call.values["id"])
    if "FileAccessUri" not in document:
        raise not_found()
    found = temporary_address(call.company.realm, document["Id"], document["FileName"], call.world.clock)
    return Response(200, found.encode(), PLAIN)


def file(world: "World", request: Request) -> Response:
    segments = request.segments
    if request.method not in ("GET", "HEAD") or len(segments) != SEGMENTS:
        return _refusal(404, "NoSuchKey", "The specified key does not exist.")
    _, realm, id, _ = segments
    if not is_signed(realm, id, request.query):
        return _refusal(403, "SignatureDoesNotMatch", "The signature does not match.")
    if is_expired(request.query, world.clock):
        return _refusal(403, "AccessDenied", "Request has expired")
    company = world.companies.get(realm)
    document, content = (company.find("Attachable", id), company.files.get(id)) if company else (None, None)
    if document is None or content is None:
        return _refusal(404, "NoSuchKey", "The specified key does not exist.")
    disposition = f"attachment; filename*=UTF-8''{quote(document['FileName'], safe='')}"
    return Response(200, content, document["ContentType"], {"Content-Disposition": disposition})


def _refusal(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, text.encode(), "application/xml")
