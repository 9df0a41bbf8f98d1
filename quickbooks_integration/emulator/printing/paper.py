"""What stands on a printed document: company, customer, number and dates, lines, totals, the message."""

import textwrap
from collections.abc import Iterable, Iterator
from decimal import Decimal

from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.printing.pdf import BOLD, HEIGHT, WIDTH, Page, document

LEFT, RIGHT, TOP, BOTTOM = 54, WIDTH - 54, 60, HEIGHT - 60
QUANTITY, RATE = 400, 470  # right edges of the columns before the amount
STEP = 14
LONGEST_TEXT = 58  # characters of a description that fit beside the numbers
TITLES = {
    "Invoice": "INVOICE",
    "Estimate": "ESTIMATE",
    "SalesReceipt": "SALES RECEIPT",
    "CreditMemo": "CREDIT MEMO",
    "RefundReceipt": "REFUND RECEIPT",
    "Payment": "PAYMENT RECEIPT",
    "PurchaseOrder": "PURCHASE ORDER",
}
DATES = (("TxnDate", "Date"), ("DueDate", "Due date"), ("ExpirationDate", "Expires"))


class Paper:
    """Pages that grow downwards."""

    def __init__(self) -> None:
        self.pages = [Page()]
        self.top: float = TOP

    @property
    def page(self) -> Page:
        return self.pages[-1]

    def down(self, step: float = STEP) -> None:
        self.top += step
        if self.top > BOTTOM:
            self.pages.append(Page())
            self.top = TOP


def print_document(entity: str, shown: Document, company: Document) -> bytes:
    """The PDF of a document as a client sees it, that is with names on its references."""
    paper = Paper()
    _head(paper, entity, shown, company)
    if entity == "Payment":
        _applied(paper, shown)
    else:
        _lines(paper, shown)
    _totals(paper, entity, shown)
    _message(paper, shown)
    return document(paper.pages, f"{TITLES[entity]} {_number(shown)}")


def _number(shown: Document) -> str:
    return str(shown.get("DocNumber") or shown["Id"])


def _head(paper: Paper, entity: str, shown: Document, company: Document) -> None:
    paper.page.text(LEFT, paper.top, str(company.get("CompanyName", "")), 14, BOLD)
    paper.page.text_right(RIGHT, paper.top, TITLES[entity], 14, BOLD)
    paper.down(STEP + 4)
    facts = [f"No. {_number(shown)}", *(f"{word}: {shown[name]}" for name, word in DATES if name in shown)]
    ours = address_lines(company.get("CompanyAddr", {}))
    _beside(paper, ours, facts)
    paper.down()
    name = (shown.get("CustomerRef") or shown.get("VendorRef") or {}).get("name", "")
    theirs = address_lines(shown.get("BillAddr", {}))
    _beside(paper, ["To", *([] if name in theirs else [name]), *theirs], [])
    paper.down()


def _beside(paper: Paper, left: list[str], right: list[str]) -> None:
    for number in range(max(len(left), len(right))):
        if number < len(left):
            paper.page.text(LEFT, paper.top, left[number])
        if number < len(right):
            paper.page.text_right(RIGHT, paper.top, right[number])
        paper.down()


def address_lines(address: Document) -> list[str]:
    """An address as it stands on an envelope."""
    state = f"{address.get('CountrySubDivisionCode', '')} {address.get('PostalCode', '')}".strip()
    place = ", ".join(part for part in (address.get("City", ""), state) if part)
    lines = [address.get(f"Line{number}", "") for number in range(1, 6)]
    return [line for line in (*lines, place) if line]


def _lines(paper: Paper, shown: Document) -> None:
    _row(paper, ["Description"], "Qty", "Rate", "Amount", BOLD)
    paper.page.line(LEFT, RIGHT, paper.top - STEP + 4)
    for text, quantity, rate, amount in _line_rows(shown.get("Line", ())):
        _row(paper, textwrap.wrap(text, LONGEST_TEXT) or [""], quantity, rate, amount)
    paper.page.line(LEFT, RIGHT, paper.top - STEP + 4)


def _row(paper: Paper, texts: list[str], quantity: str, rate: str, amount: str, font: str = "F1") -> None:
    for edge, value in ((QUANTITY, quantity), (RATE, rate), (RIGHT, amount)):
        paper.page.text_right(edge, paper.top, value, font=font)
    for text in texts:
        paper.page.text(LEFT, paper.top, text, font=font)
        paper.down()


def _line_rows(lines: Iterable[Document]) -> Iterator[tuple[str, str, str, str]]:
    """Description, quantity, rate, amount of what a customer sees as a line."""
    for line in lines:
        detail = line.get(line["DetailType"], {})
        amount = money(line["Amount"]) if "Amount" in line else ""
        if line["DetailType"] == "GroupLineDetail":
            yield line.get("Description") or detail.get("GroupItemRef", {}).get("name", ""), "", "", ""
            yield from _line_rows(detail.get("Line", ()))
        elif line["DetailType"] == "DescriptionOnly":
            yield line.get("Description", ""), "", "", amount
        elif line["DetailType"] not in ("SubTotalLineDetail", "DiscountLineDetail"):
            name = (detail.get("ItemRef") or detail.get("AccountRef") or {}).get("name", "")
            rate = money(detail["UnitPrice"]) if "UnitPrice" in detail else ""
            text = " - ".join(dict.fromkeys(part for part in (name, line.get("Description", "")) if part))
            yield text, _plain(detail.get("Qty", "")), rate, amount


def _applied(paper: Paper, shown: Document) -> None:
    for line in shown.get("Line", ()):
        for linked in line.get("LinkedTxn", ()):
            _row(paper, [f"{linked['TxnType']} {linked['TxnId']}"], "", "", money(line["Amount"]))


def _totals(paper: Paper, entity: str, shown: Document) -> None:
    rows: list[tuple[str, Decimal]] = []
    for line in shown.get("Line", ()):
        if line.get("DetailType") == "SubTotalLineDetail":
            rows.append(("Subtotal", line["Amount"]))
        elif line.get("DetailType") == "DiscountLineDetail":
            rows.append(("Discount", -line.get("Amount", Decimal(0))))
    if tax := shown.get("TxnTaxDetail", {}).get("TotalTax"):
        rows.append(("Tax", tax))
    rows.append(("Total", shown.get("TotalAmt", Decimal(0))))
    if entity == "Invoice":
        rows.append(("Balance due", shown.get("Balance", Decimal(0))))
    for name, amount in rows:
        font = BOLD if name in ("Total", "Balance due") else "F1"
        paper.page.text(RATE - 60, paper.top, name, font=font)
        paper.page.text_right(RIGHT, paper.top, money(amount), font=font)
        paper.down()


def _message(paper: Paper, shown: Document) -> None:
    paper.down()
    for line in textwrap.wrap(str((shown.get("CustomerMemo") or {}).get("value", "")), 90):
        paper.page.text(LEFT, paper.top, line)
        paper.down()


def money(amount: Decimal | int) -> str:
    return f"{amount:,.2f}"


def _plain(number: Decimal | int | str) -> str:
    """A quantity without needless zeros."""
    return f"{number.normalize():f}" if isinstance(number, Decimal) else str(number)
