"""Reads multipart/form-data, tolerantly: line feeds alone, blank lines around, base64 parts are all in use."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message

HEAD_END = re.compile(rb"\r?\n\r?\n")
REST_OF_LINE = re.compile(rb"[ \t]*(\r?\n|\Z)")


@dataclass(frozen=True)
class Part:
    name: str
    file_name: str
    content_type: str
    content: bytes


def parts_of(content_type: str, body: bytes) -> list[Part]:
    """The parts of a form, in their order. Raises ValueError for what is not one."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_maintype() != "multipart" or not isinstance(boundary, str) or not boundary:
        raise ValueError("The request is not multipart/form-data with a boundary")
    return [_part(text) for text in _between(body, b"--" + boundary.encode("latin-1", "replace"))]


def _between(body: bytes, marker: bytes) -> Iterator[bytes]:
    start, ended = None, False
    for line_start, line_end, last in _markers(body, marker):
        if start is not None:
            # The line break before a marker belongs to the marker.
            yield body[start:line_start].removesuffix(b"\n").removesuffix(b"\r")
        start, ended = line_end, last
        if last:
            break
    if not ended:
        raise ValueError("The form has no closing boundary")


def _markers(body: bytes, marker: bytes) -> Iterator[tuple[int, int, bool]]:
    """Lines that are boundaries: where each starts and ends, and whether it closes the form."""
    at = body.find(marker)
    while at >= 0:
        after = at + len(marker)
        last = body.startswith(b"--", after)
        line = REST_OF_LINE.match(body, after + 2 if last else after)
        if line and (at == 0 or body[at - 1 : at] == b"\n"):
            yield at, line.end(), last
        at = body.find(marker, after)


def _part(text: bytes) -> Part:
    end = HEAD_END.search(text)
    if end is None:
        raise ValueError("A part of the form has no headers")
    head = message_from_string(text[: end.start()].decode("utf-8", "replace"))
    name = head.get_param("name", "", "content-disposition")
    content = text[end.end() :]
    if str(head.get("Content-Transfer-Encoding", "")).strip().lower() == "base64":
        try:
            content = base64.b64decode(content)
        except binascii.Error as error:
            raise ValueError(f"A part of the form is not base64: {error}") from error
    kind = head.get_content_type() if head.get("Content-Type") else ""
    return Part(str(name), head.get_filename("") or "", kind, content)
