"""Sales by customer: what was sold, before tax, less discounts, credits and refunds."""

from collections.abc import Mapping

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.reports.customers import grand_total, known, tree_of_customers
from quickbooks_integration.emulator.reports.layout import header, money_columns, report, summary
from quickbooks_integration.emulator.reports.parameters import Parameters
from quickbooks_integration.emulator.reports.periods import place_of, within
from quickbooks_integration.emulator.reports.postings import Books


def customer_sales(company: Company, given: Mapping[str, str]) -> Document:
    asked = Parameters(company, given)
    period, basis, wanted = asked.period(), asked.basis, asked.customers
    columns = asked.columns(period)
    books = Books(company)
    tree = tree_of_customers(books, len(columns) + 1)
    for posting in books.postings(basis):
        if posting.sale and within(period, posting.day) and (not wanted or posting.customer in wanted):
            tree.add(known(books, posting.customer), place_of(columns, posting.day), posting.amount)
    rows, total = tree.rows()
    head = header(
        company,
        "CustomerSales",
        {"NoReportData": "false" if rows else "true"},
        DateMacro=asked.macro_shown,
        ReportBasis=basis,
        StartPeriod=period[0],
        EndPeriod=period[1],
        SummarizeColumnsBy=asked.unit_shown,
        Customer=",".join(sorted(wanted)),
    )
    return report(head, money_columns("Customer", columns), grand_total(rows, summary("TOTAL", total, "GrandTotal")))
