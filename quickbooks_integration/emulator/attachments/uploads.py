"""The upload address: files with or without what is to be said about them."""

from dataclasses import dataclass

from quickbooks_integration.emulator.attachments.multipart import Part, parts_of
from quickbooks_integration.emulator.call import Call, body_of
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.attachable import ATTACHABLE
from quickbooks_integration.emulator.entities.kind import stored
from quickbooks_integration.emulator.errors import ServiceFault, missing_parameter, refusal
from quickbooks_integration.emulator.transport import fault_body

METADATA, CONTENT = "file_metadata", "file_content"
MEGABYTE = 1024 * 1024
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Upload:
    content: Part
    metadata: Part | None


def upload(call: Call) -> Document:
    """One answer per file, HTTP 200 whatever becomes of them. Raises 2300, 2020 and 6030 for the form as a whole."""
    uploads = _uploads(call)
    most = call.world.switches.attachment_megabytes
    if sum(len(each.content.content) for each in uploads) > most * MEGABYTE:
        raise refusal("6030", f"The attachments are larger than {most} MB in all", CONTENT)
    return {"AttachableResponse": [_answer(call.company, each) for each in uploads]}


def _uploads(call: Call) -> list[Upload]:
    """Files in their order, each with the metadata of the same number: file_content_01 and file_metadata_01."""
    try:
        parts = parts_of(call.request.header("content-type"), call.request.body)
    except ValueError as error:
        raise refusal("2300", f"ObjectParserError: {error}") from error
    metadata = {part.name.removeprefix(METADATA): part for part in parts if part.name.startswith(METADATA)}
    files = [part for part in parts if not part.name.startswith(METADATA)]
    if not files:
        raise missing_parameter(f"{CONTENT}_01")
    return [Upload(part, metadata.get(part.name.removeprefix(CONTENT))) for part in files]


def _answer(company: Company, each: Upload) -> Document:
    try:
        body = body_of(each.metadata.content) if each.metadata else {}
        with company.changing():
            document = _kept(company, body, each.content)
            company.files[document["Id"]] = each.content.content
            return {"Attachable": ATTACHABLE.present(company, document, "write")}
    except ServiceFault as fault:
        return fault_body(fault)


def _kept(company: Company, body: Document, part: Part) -> Document:
    """The record of a file, new or, with an Id, replaced."""
    filled = {
        **body,
        "FileName": body.get("FileName") or part.file_name or "attachment",
        "ContentType": body.get("ContentType") or part.content_type or UNKNOWN_TYPE,
    }
    if body.get("Id"):
        document = ATTACHABLE.update(company, stored(company, ATTACHABLE, body), filled)
    else:
        document = ATTACHABLE.create(company, filled)
    address = f"/v3/company/{company.realm}/download/{document['Id']}"
    document = {**document, "FileAccessUri": address, "Size": len(part.content)}
    company.put(ATTACHABLE, document["Id"], document)
    return document
