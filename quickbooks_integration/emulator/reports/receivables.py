"""What customers owe: by age, and in one sum."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.balances import SIGNS
from quickbooks_integration.emulator.money.rounding import ZERO
from quickbooks_integration.emulator.reports.customers import grand_total, known, tree_of_customers
from quickbooks_integration.emulator.reports.layout import column, header, report, summary
from quickbooks_integration.emulator.reports.parameters import Parameters
from quickbooks_integration.emulator.reports.postings import Books, amount_of, day_of, value_of


@dataclass(frozen=True)
class Due:
    customer: str
    day: date  # when it was due; what has no due date counts from its own
    amount: Decimal


def aged_receivables(company: Company, given: Mapping[str, str]) -> Document:
    """Open amounts at the report's day, by the days since they were due."""
    asked = Parameters(company, given)
    first, last = _days(asked)
    length, count = asked.number("aging_period", 30, 365), asked.number("num_periods", 4, 24)
    aged_at = last if asked.choice("aging_method", "report_date", "report_date", "current") == "report_date" else None
    wanted, books = asked.customers, Books(company)
    tree = tree_of_customers(books, count + 2, own_when_empty=ZERO)
    for due in open_amounts(books, last):
        if not wanted or due.customer in wanted:
            days = ((aged_at or company.clock.today()) - due.day).days
            tree.add(known(books, due.customer), min(max(0, -(-days // length)), count), due.amount)
    rows, total = tree.rows()
    head = header(
        company,
        "AgedReceivables",
        {"report_date": last.isoformat(), "NoReportData": "false" if rows else "true"},
        DateMacro="" if asked.text("report_date") else asked.macro("today"),
        StartPeriod=first,
        EndPeriod=last,
        SummarizeColumnsBy="Total",
        Customer=",".join(sorted(wanted)),
    )
    rows = grand_total(rows, summary("TOTAL", total, "GrandTotal"))
    return report(head, {"Column": list(_age_columns(length, count))}, rows)


def customer_balance(company: Company, given: Mapping[str, str]) -> Document:
    """The open amount of each customer at the report's day."""
    asked = Parameters(company, given)
    _, last = _days(asked)
    wanted, books = asked.customers, Books(company)
    tree = tree_of_customers(books, 1)
    for due in open_amounts(books, last):
        if not wanted or due.customer in wanted:
            tree.add(known(books, due.customer), 0, due.amount)
    rows, total = tree.rows()
    head = header(
        company,
        "CustomerBalance",
        {"report_date": last.isoformat(), "NoReportData": "false" if rows else "true"},
        DateMacro="" if asked.text("report_date") else asked.macro("all"),
        Customer=",".join(sorted(wanted)),
    )
    columns = {"Column": [column("", "Customer"), column("Total", "Money")]}
    return report(head, columns, grand_total(rows, summary("TOTAL", total, "GrandTotal")))


def open_amounts(books: Books, at: date) -> Iterator[Due]:
    """What was open at the end of a day: what is open now, and what payments of later days have settled since."""
    later = _settled_after(books, at)
    for kind, (name, sign) in SIGNS.items():
        for document in books.documents[kind]:
            if day_of(document) > at:
                continue
            amount = Decimal(document.get(name, 0)) + later.get((kind, document["Id"]), ZERO)
            if amount:
                day = date.fromisoformat(document["DueDate"][:10]) if "DueDate" in document else day_of(document)
                yield Due(value_of(document, "CustomerRef"), day, sign * amount)


def _settled_after(books: Books, at: date) -> dict[tuple[str, str], Decimal]:
    """Amounts by what they settled, of payments of later days; payments themselves are settled by nothing."""
    found: dict[tuple[str, str], Decimal] = {}
    for payment in books.documents["Payment"]:
        if day_of(payment) <= at:
            continue
        for line in payment.get("Line", ()):
            for linked in line.get("LinkedTxn", ()):
                key = (linked.get("TxnType", ""), linked.get("TxnId", ""))
                found[key] = found.get(key, ZERO) + amount_of(line)
    return found


def _days(asked: Parameters) -> tuple[date, date]:
    """First and last day; the last is the day of the report."""
    if day := asked.day("report_date"):
        return day, day
    first, last = asked.period("today")
    today = asked.company.clock.today()
    return first or last or today, last or today


def _age_columns(length: int, count: int) -> Iterator[Document]:
    yield column("", "Customer")
    yield column("Current", "Money", "current")
    for number in range(count):
        low, high = number * length + 1, (number + 1) * length
        last = number == count - 1
        title = f"{low} and over" if last else f"{low} - {high}"
        yield column(title, "Money", str(number + 1) if not last else "over")
    yield column("Total", "Money", "total")
