"""The query address."""

from quickbooks_integration.emulator.call import Call
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import kind_of
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.query import evaluation
from quickbooks_integration.emulator.query.conditions import invalid
from quickbooks_integration.emulator.query.grammar import parse


def query(call: Call) -> Document:
    """The statement is a parameter of a GET or the body of a POST."""
    statement = call.request.query.get("query", "")
    if call.request.method == "POST" and call.request.body:
        try:
            statement = call.request.body.decode()
        except UnicodeDecodeError:
            raise refusal("4000", "QueryParserError: The statement is not UTF-8 text") from None
    return {"QueryResponse": answer(call.company, statement, call.included)}


def answer(company: Company, statement: str, include: frozenset[str] = frozenset()) -> Document:
    """The QueryResponse of a statement; batch uses it too. Raises 4000 and 4001."""
    parsed = parse(statement)
    kind = kind_of(parsed.entity)
    if kind is None:
        raise invalid(f"Invalid context declaration: {parsed.entity}")
    page = evaluation.run(company, kind, parsed)
    if parsed.count:
        return {"totalCount": page.total}
    if not page.documents:
        return {}
    rows = (kind.extended(company, kind.present(company, document, "query"), include) for document in page.documents)
    shown = [evaluation.project(row, kind, parsed.projection) for row in rows]
    response: Document = {kind.name: shown, "startPosition": page.start, "maxResults": len(shown)}
    if kind.page_has_total:
        # Seen: the size of this page, not of the whole result.
        response["totalCount"] = len(shown)
    return response
