"""Profit and loss: accounts of income and expense as trees, with the sums that lead to the net income."""

from collections.abc import Mapping
from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.reports.date_macros import Period
from quickbooks_integration.emulator.reports.layout import (
    Cells,
    Leaf,
    Tree,
    add,
    header,
    money_columns,
    report,
    section,
    summary,
)
from quickbooks_integration.emulator.reports.parameters import Parameters
from quickbooks_integration.emulator.reports.periods import Column, place_of, within
from quickbooks_integration.emulator.reports.postings import Books, value_of

# Seen: sections by type of account; the last three appear only when something is in them.
TYPES = {
    "Income": "Income",
    "Expense": "Expenses",
    "Cost of Goods Sold": "Cost of Goods Sold",
    "Other Income": "Other Income",
    "Other Expense": "Other Expenses",
}
GROUPS = {"Cost of Goods Sold": "COGS", "Other Income": "OtherIncome", "Other Expenses": "OtherExpenses"}


@dataclass
class Part:
    rows: list[Document]
    total: Cells


def profit_and_loss(company: Company, given: Mapping[str, str]) -> Document:
    asked = Parameters(company, given)
    period, basis, wanted = asked.period(), asked.basis, asked.customers
    columns = asked.columns(period)
    parts = _parts(Books(company), basis, period, columns, wanted)
    any_rows = any(part.rows for part in parts.values())
    head = header(
        company,
        "ProfitAndLoss",
        {"AccountingStandard": "GAAP", "NoReportData": "false" if any_rows else "true"},
        DateMacro=asked.macro_shown,
        ReportBasis=basis,
        StartPeriod=period[0],
        EndPeriod=period[1],
        SummarizeColumnsBy=asked.unit_shown,
        Customer=",".join(sorted(wanted)),
    )
    return report(head, money_columns("Account", columns), _sections(parts))


def _parts(books: Books, basis: str, period: Period, columns: list[Column], wanted: frozenset[str]) -> dict[str, Part]:
    width = len(columns) + 1
    trees = {name: Tree(width) for name in TYPES.values()}
    of_account: dict[str, Tree] = {}
    for id, account in books.accounts.items():
        name = TYPES.get(account.get("AccountType", ""))
        if name:
            of_account[id] = trees[name]
            trees[name].leaves[id] = Leaf(id, account["Name"], value_of(account, "ParentRef"))
    for posting in books.postings(basis):
        chosen = not wanted or posting.customer in wanted
        if chosen and posting.account in of_account and within(period, posting.day):
            of_account[posting.account].add(posting.account, place_of(columns, posting.day), posting.amount)
    return {name: Part(*tree.rows()) for name, tree in trees.items()}


def _sections(parts: dict[str, Part]) -> list[Document]:
    income, costs, expenses = parts["Income"], parts["Cost of Goods Sold"], parts["Expenses"]
    gross = add(income.total, costs.total, -1)
    operating = add(gross, expenses.total, -1)
    rows = [_shown("Income", income)]
    if costs.rows:
        rows.append(_shown("Cost of Goods Sold", costs))
    rows += [summary("Gross Profit", gross, "GrossProfit"), _shown("Expenses", expenses)]
    rows.append(summary("Net Operating Income", operating, "NetOperatingIncome"))
    other = _others(parts, rows)
    return [*rows, summary("Net Income", add(operating, other), "NetIncome")]


def _others(parts: dict[str, Part], rows: list[Document]) -> Cells:
    """Adds the sections beside the business, if there is anything in them. Returns their sum."""
    total: Cells = [None] * len(parts["Income"].total)
    for name, sign in (("Other Income", 1), ("Other Expenses", -1)):
        if parts[name].rows:
            rows.append(_shown(name, parts[name]))
            total = add(total, parts[name].total, sign)
    if any(amount is not None for amount in total):
        rows.append(summary("Net Other Income", total, "NetOtherIncome"))
    return total


def _shown(name: str, part: Part) -> Document:
    return section(name, part.rows, part.total, GROUPS.get(name, name))
