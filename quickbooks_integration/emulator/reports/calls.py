"""The address of reports. A report is the whole body: no envelope, no `time` of its own; XML only when asked for."""

from collections.abc import Callable, Mapping

from quickbooks_integration.emulator import xml_form
from quickbooks_integration.emulator.call import Call, Reply
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, dump_json
from quickbooks_integration.emulator.errors import unsupported
from quickbooks_integration.emulator.messages import Response
from quickbooks_integration.emulator.reports.customer_sales import customer_sales
from quickbooks_integration.emulator.reports.profit_and_loss import profit_and_loss
from quickbooks_integration.emulator.reports.receivables import aged_receivables, customer_balance
from quickbooks_integration.emulator.transport import JSON, XML, wants_json

REPORTS: dict[str, Callable[[Company, Mapping[str, str]], Document]] = {
    "customersales": customer_sales,
    "agedreceivables": aged_receivables,
    "customerbalance": customer_balance,
    "profitandloss": profit_and_loss,
}


def report(call: Call) -> Reply:
    found = report_of(call.company, call.values["name"], call.request.query)
    if "xml" in call.request.header("accept").lower() and not wants_json(call.request, call.world.switches):
        return Response(200, xml_form.report(found), XML)
    return Response(200, dump_json(found), JSON)


def report_of(company: Company, name: str, given: Mapping[str, str]) -> Document:
    """Raises 500 for a report that does not exist or that the emulator has not, 2170 and 2500 for bad parameters."""
    make = REPORTS.get(name.lower())
    if make is None:
        raise unsupported(f"reports/{name[:100]}")
    return make(company, given)
