"""Reading and writing single entities. `write_one` is also what a batch does with each of its items."""

from quickbooks_integration.emulator.call import Call
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entities.kind import Kind, existing, stored
from quickbooks_integration.emulator.errors import not_found, unsupported


def read(call: Call) -> Document:
    kind = KINDS[call.values["entity"]]
    shown = read_one(call.company, kind, call.values["id"])[kind.name]
    return {kind.name: kind.extended(call.company, shown, call.included)}


def read_one(company: Company, kind: Kind, id: str) -> Document:
    return {kind.name: kind.present(company, existing(company, kind, id), "read")}


def read_company_info(call: Call) -> Document:
    if call.values["id"] not in (call.company.realm, call.company.only("CompanyInfo")["Id"]):
        raise not_found()
    return _only(call.company, "CompanyInfo")


def read_preferences(call: Call) -> Document:
    return _only(call.company, "Preferences")


def _only(company: Company, entity: str) -> Document:
    return {entity: KINDS[entity].present(company, company.only(entity), "read")}


def operation_of(query: dict[str, str], body: Document) -> str:
    """create, update, delete, void, or whatever else the address asks for."""
    operation = query.get("operation", "").lower()
    if operation in ("", "update"):
        if query.get("include", "").lower() == "void":
            return "void"
        return "update" if operation or body.get("Id") not in (None, "") else "create"
    return operation


def write(call: Call) -> Document:
    kind = KINDS[call.values["entity"]]
    body = call.body()
    operation = operation_of(dict(call.request.query), body)
    return write_one(call.company, kind, operation, body, call.included)


def write_one(
    company: Company, kind: Kind, operation: str, body: Document, include: frozenset[str] = frozenset()
) -> Document:
    """Carry out one operation, all of it or nothing. Returns `{"Customer": {...}}`. Raises ServiceFault."""
    if operation == "create":
        with company.changing():
            company.included = include
            shown = kind.present(company, kind.create(company, body), "write")
            return {kind.name: kind.extended(company, shown, include)}
    verbs = {"update": kind.update, "delete": kind.delete, "void": kind.void}
    if operation not in verbs:
        raise unsupported(operation)
    with company.changing():
        company.included = include
        before = _target(company, kind, operation, body)
        document = verbs[operation](company, before, body)
        if operation == "delete":
            return {kind.name: document}
        return {kind.name: kind.extended(company, kind.present(company, document, "write"), include)}


def _target(company: Company, kind: Kind, operation: str, body: Document) -> Document:
    """Settings of which a company has only one may be updated without naming their Id."""
    if kind.name in ("CompanyInfo", "Preferences") and operation == "update":
        body = {"Id": company.only(kind.name)["Id"], **body}
    return stored(company, kind, body)
