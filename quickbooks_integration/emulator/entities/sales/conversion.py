"""Links between estimates and invoices: one invoice for one estimate, seen from both sides."""

from collections.abc import Iterable, Sequence

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.registry import KINDS
from quickbooks_integration.emulator.entities.sales.lines import every_line
from quickbooks_integration.emulator.errors import ServiceFault, refusal

ESTIMATE, INVOICE = "Estimate", "Invoice"
LINKABLE = ("Pending", "Accepted")  # Intuit: a closed or rejected estimate can't be invoiced


def links(document: Document | None, kind: str) -> list[str]:
    """Ids of the documents of one kind that a document is linked to."""
    return [link["TxnId"] for link in (document or {}).get("LinkedTxn", ()) if link.get("TxnType") == kind]


def link(kind: str, id: str) -> Document:
    return {"TxnId": id, "TxnType": kind}


def settle_links(draft: Draft) -> None:
    """LinkedTxn of an invoice: the estimates that it may have, and what QuickBooks itself linked. Raises 620."""
    fields, before = draft.fields, draft.before
    asked = fields.pop("LinkedTxn", None) or []
    own = links(before, ESTIMATE)
    wanted = [*links({"LinkedTxn": asked}, ESTIMATE), *_on_lines(fields["Line"])]
    chosen = [id for id in dict.fromkeys(wanted) if id in own or _may_link(draft, id)]
    made_by_quickbooks = [each for each in (before or {}).get("LinkedTxn", ()) if each["TxnType"] != ESTIMATE]
    activities = [link("TimeActivity", id) for id in links({"LinkedTxn": asked}, "TimeActivity")]
    others = [each for each in made_by_quickbooks if each not in activities]
    fields["LinkedTxn"] = [*(link(ESTIMATE, id) for id in chosen), *activities, *others]
    if dropped := set(wanted) - set(chosen):
        fields["Line"] = without_line_links(fields["Line"], dropped)


def _on_lines(lines: Sequence[Document]) -> list[str]:
    return [id for line in every_line(lines) for id in links(line, ESTIMATE)]


def _may_link(draft: Draft, id: str) -> bool:
    company = draft.company
    estimate = company.find(ESTIMATE, id)
    if estimate is None:
        raise _can_not("620")
    if estimate.get("CustomerRef", {}).get("value") != draft.fields["CustomerRef"]["value"]:
        raise _can_not(company.switches.foreign_estimate)
    if estimate.get("TxnStatus", "Pending") in LINKABLE and not links(estimate, INVOICE):
        return True
    if company.switches.unlinkable_estimate == "620":
        raise _can_not("620")
    return False


def _can_not(code: str) -> ServiceFault:
    detail = "Transaction cannot be linked."
    return refusal(code, detail if code == "620" else f"Business Validation Error: {detail}", "LinkedTxn")


def move_estimates(company: Company, before: Document | None, after: Document | None) -> None:
    """Close the estimates that an invoice gained, reopen those that it lost. Seen: their SyncToken does not move."""
    old, new = links(before, ESTIMATE), links(after, ESTIMATE)
    for id in new:
        if id not in old and after:
            _close(company, id, after["Id"])
    for id in old:
        if id not in new and before:
            _reopen(company, id, before["Id"])


def _close(company: Company, id: str, invoice: str) -> None:
    status = company.switches.estimate_after_link
    company.touch(KINDS[ESTIMATE], id, TxnStatus=status, LinkedTxn=[link(INVOICE, invoice)])


def _reopen(company: Company, id: str, invoice: str) -> None:
    estimate = company.find(ESTIMATE, id)
    if estimate is None:
        return
    left = [each for each in estimate.get("LinkedTxn", ()) if each != link(INVOICE, invoice)]
    status = estimate.get("TxnStatus")
    if company.switches.estimate_reopens and status in ("Closed", "Converted"):
        status = "Pending"
    company.touch(KINDS[ESTIMATE], id, TxnStatus=status, LinkedTxn=left or None)


def forget_estimate(company: Company, estimate: Document) -> None:
    """The estimate is deleted: its invoice stands alone from now on."""
    for id in links(estimate, INVOICE):
        if invoice := company.find(INVOICE, id):
            left = [each for each in invoice["LinkedTxn"] if each != link(ESTIMATE, estimate["Id"])]
            lines = without_line_links(invoice["Line"], {estimate["Id"]})
            company.touch(KINDS[INVOICE], id, LinkedTxn=left, Line=lines)


def without_line_links(lines: Sequence[Document], estimates: Iterable[str]) -> list[Document]:
    return [_without(line, set(estimates)) for line in lines]


def _without(line: Document, estimates: set[str]) -> Document:
    if "LinkedTxn" not in line:
        return line
    left = [each for each in line["LinkedTxn"] if each["TxnType"] != ESTIMATE or each["TxnId"] not in estimates]
    rest = {key: value for key, value in line.items() if key != "LinkedTxn"}
    return {key: (left if key == "LinkedTxn" else rest[key]) for key in line if key != "LinkedTxn" or left}
