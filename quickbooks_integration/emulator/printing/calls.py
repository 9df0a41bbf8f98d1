"""The address of a document's PDF."""

from quickbooks_integration.emulator.call import Call, Reply
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entities.kind import existing
from quickbooks_integration.emulator.errors import unsupported
from quickbooks_integration.emulator.messages import Response
from quickbooks_integration.emulator.printing.paper import TITLES, print_document

PDF = "application/pdf"
ACCEPTS = (PDF, "application/*", "*/*")


def pdf(call: Call) -> Reply:
    """Raises 500 for what has no PDF and for a client that accepts none, and 610."""
    kind = KINDS[call.values["entity"]]
    if kind.name not in TITLES:
        raise unsupported(f"pdf {kind.name}")
    if not _accepts_pdf(call) and call.world.switches.pdf_without_accept == "refuse":
        raise unsupported("pdf without Accept: application/pdf")
    document = existing(call.company, kind, call.values["id"])
    shown = kind.present(call.company, document, "read")
    return Response(200, print_document(kind.name, shown, call.company.only("CompanyInfo")), PDF)


def _accepts_pdf(call: Call) -> bool:
    accepted = [part.split(";")[0].strip().lower() for part in call.request.header("accept").split(",")]
    return accepted == [""] or any(part in ACCEPTS for part in accepted)
