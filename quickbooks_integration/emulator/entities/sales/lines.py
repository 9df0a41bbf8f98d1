"""What becomes of the lines of a request: ids, items, accounts, tax codes, checked amounts, and a subtotal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.references import check_reference
from quickbooks_integration.emulator.errors import ServiceFault, missing_parameter, refusal
from quickbooks_integration.emulator.money.amounts import fits
from quickbooks_integration.emulator.money.rounding import cents, total_of

ITEM, GROUP, TEXT = "SalesItemLineDetail", "GroupLineDetail", "DescriptionOnly"
DISCOUNT, SUBTOTAL = "DiscountLineDetail", "SubTotalLineDetail"
TAXED, NOT_TAXED = "TAX", "NON"
NO_EXTENSIONS: list[Document] = []
NO_DETAIL: Document = {}
ITEM_DETAIL_ORDER = ("ItemRef", "ClassRef", "UnitPrice", "Qty", "ItemAccountRef", "TaxCodeRef", "ServiceDate")


@dataclass
class LineDesk:
    """Settles the lines of one form, given the lines that it had before."""

    company: Company
    before: dict[str, Document]  # by Id, nested ones too
    taxable_customer: bool
    american: bool
    highest: int = 0
    used: set[str] = field(default_factory=set)

    def settled(self, lines: Sequence[Document]) -> list[Document]:
        """Lines as they are stored, without subtotal and discount. Raises 2020, 2500, 6000, 6070, 6100."""
        self.highest = max((int(id) for id in self.before if id.isdecimal()), default=0)
        found = [self._line(line) for line in lines if line.get("DetailType") not in (SUBTOTAL, DISCOUNT)]
        for position, line in enumerate(every_line(found), start=1):
            line["LineNum"] = position
        return found

    def _line(self, line: Document) -> Document:
        kind = line.get("DetailType")
        if kind is None:
            raise missing_parameter("Line.DetailType")
        if kind == GROUP:
            return self._group(line)
        return self._item(line) if kind == ITEM else self._text(line)

    def _start(self, line: Document) -> Document:
        """Id and description. Intuit: an unknown Id, or none, makes a new line."""
        id = str(line.get("Id", ""))
        if id not in self.before or id in self.used:
            self.highest += 1
            id = str(self.highest)
        self.used.add(id)
        started: Document = {"Id": id, "LineNum": 0}
        if "Description" in line:
            started["Description"] = line["Description"]
        return started

    def _text(self, line: Document) -> Document:
        detail = line.get("DescriptionLineDetail", NO_DETAIL)
        return {
            **self._start(line),
            "DetailType": TEXT,
            "DescriptionLineDetail": detail,
            "CustomExtensions": NO_EXTENSIONS,
        }

    def _item(self, line: Document) -> Document:
        settled = self._start(line)
        detail = line.get(ITEM, NO_DETAIL)
        settled["Amount"] = _amount(line, detail)
        if settled["Amount"] < 0 and self.company.switches.negative_lines == "refuse":
            raise refusal("2290", "Invalid Amount : A line can't be below zero.", "Line.Amount")
        if links := _links(line):
            settled["LinkedTxn"] = links
        settled["DetailType"] = ITEM
        settled[ITEM] = self._item_detail(detail, self.before.get(settled["Id"], NO_DETAIL).get(ITEM, NO_DETAIL))
        settled["CustomExtensions"] = NO_EXTENSIONS
        return settled

    def _item_detail(self, detail: Document, before: Document) -> Document:
        item = self._sold_item(detail, before)
        found = {key: value for key, value in detail.items() if key != "TaxInclusiveAmt" or not self.american}
        found["ItemRef"] = {"value": item["Id"]}
        if account := item.get("IncomeAccountRef"):
            found["ItemAccountRef"] = {"value": account["value"]}
        if "ClassRef" in found and found["ClassRef"] != before.get("ClassRef"):
            check_reference(self.company, "Class", found["ClassRef"]["value"], "Line.SalesItemLineDetail.ClassRef")
        self._settle_tax_code(found, item)
        ordered = {name: found.pop(name) for name in ITEM_DETAIL_ORDER if name in found}
        return {**ordered, **found}

    def _sold_item(self, detail: Document, before: Document) -> Document:
        """The item of a line; without one it is the company's usual item."""
        element = "Line.SalesItemLineDetail.ItemRef"
        if "ItemRef" not in detail and self.company.switches.line_without_item == "refuse":
            raise missing_parameter(element)
        id = detail.get("ItemRef", {}).get("value") or preferences.default_item(self.company)
        item = self.company.find("Item", id) if before.get("ItemRef", {}).get("value") == id else None
        item = item or check_reference(self.company, "Item", id, element)
        if item.get("Type") in ("Category", "Group"):
            raise refusal("6000", "Business Validation Error: A category or a group can't be sold as an item.", element)
        return item

    def _settle_tax_code(self, detail: Document, item: Document) -> None:
        """US forms know TAX and NON on their lines; elsewhere it is a real tax code."""
        if not self.american:
            if code := detail.get("TaxCodeRef"):
                check_reference(self.company, "TaxCode", code["value"], "Line.SalesItemLineDetail.TaxCodeRef")
            return
        usual = TAXED if item.get("Taxable") and self.taxable_customer else NOT_TAXED
        code = detail.setdefault("TaxCodeRef", {"value": usual})
        if code["value"] not in (TAXED, NOT_TAXED):
            raise refusal(
                "6100",
                f"Invalid Tax code : a line takes TAX or NON. Supplied value:{code['value']}",
                "Line.SalesItemLineDetail.TaxCodeRef",
            )

    def _group(self, line: Document) -> Document:
        """A group is shown with its parts; a request may leave them to the item's own list."""
        detail = line.get(GROUP, NO_DETAIL)
        element = "Line.GroupLineDetail.GroupItemRef"
        if "GroupItemRef" not in detail:
            raise missing_parameter(element)
        item = check_reference(self.company, "Item", detail["GroupItemRef"]["value"], element)
        if item.get("Type") != "Group":
            raise refusal("6000", f"Business Validation Error: {item.get('Name')} is not a group.", element)
        settled = self._start(line)
        quantity = detail.get("Quantity", 1)
        parts = [self._line(part) for part in detail.get("Line") or self._parts(item, quantity)]
        return {
            **settled,
            "Amount": total_of(part.get("Amount", 0) for part in parts),
            "DetailType": GROUP,
            GROUP: {"GroupItemRef": {"value": item["Id"]}, "Quantity": quantity, "Line": parts},
            "CustomExtensions": NO_EXTENSIONS,
        }

    def _parts(self, group: Document, quantity: Decimal) -> Iterator[Document]:
        for part in group.get("ItemGroupDetail", {}).get("ItemGroupLine", ()):
            item = self.company.find("Item", part["ItemRef"]["value"]) or {}
            amount, price = part.get("Qty", 1) * quantity, Decimal(item.get("UnitPrice", 0))
            found = {"Amount": cents(amount * price), "DetailType": ITEM}
            if "Description" in item:
                found["Description"] = item["Description"]
            yield {**found, ITEM: {"ItemRef": {"value": item.get("Id")}, "Qty": amount, "UnitPrice": price}}


def every_line(lines: Sequence[Document]) -> Iterator[Document]:
    """The lines with the parts of groups after their group."""
    for line in lines:
        yield line
        yield from line.get(GROUP, NO_DETAIL).get("Line", ())


def sold_lines(lines: Sequence[Document]) -> Iterator[Document]:
    """Lines that sell an item, those inside groups too."""
    return (line for line in every_line(lines) if line.get("DetailType") == ITEM)


def by_id(lines: Sequence[Document]) -> dict[str, Document]:
    return {line["Id"]: line for line in every_line(lines) if "Id" in line}


def kept_lines(lines: Sequence[Document]) -> list[Document]:
    """Lines without the subtotal and the discount, which are made anew."""
    return [line for line in lines if line.get("DetailType") not in (SUBTOTAL, DISCOUNT)]


def merged(before: Sequence[Document], sent: Sequence[Document]) -> list[Document]:
    """The lines from before, those with a known Id as they were sent now, and after them the new ones."""
    known = {str(line.get("Id", "")): line for line in sent if line.get("Id")}
    old_ids = {line["Id"] for line in before if "Id" in line}
    kept = [known.get(line.get("Id", ""), line) for line in before]
    if any(line.get("DetailType") == DISCOUNT for line in sent):
        kept = [line for line in kept if line.get("DetailType") != DISCOUNT]
    return [*kept, *(line for line in sent if str(line.get("Id", "")) not in old_ids)]


def subtotal_line(amount: Decimal) -> Document:
    return {"Amount": amount, "DetailType": SUBTOTAL, SUBTOTAL: NO_DETAIL}


def subtotal_of(lines: Sequence[Document]) -> Decimal:
    return total_of(line.get("Amount", 0) for line in kept_lines(lines))


def unexplained(lines: Sequence[Document]) -> Decimal:
    """Seen: some invoices have a subtotal of charges that no line shows. What is missing goes on to be there."""
    stated = [line["Amount"] for line in lines if line.get("DetailType") == SUBTOTAL]
    return stated[0] - subtotal_of(lines) if stated else Decimal(0)


def _links(line: Document) -> list[Document]:
    return [
        {"TxnId": link["TxnId"], "TxnType": link["TxnType"]}
        for link in line.get("LinkedTxn", ())
        if link.get("TxnId") and link.get("TxnType")
    ]


def _amount(line: Document, detail: Document) -> Decimal:
    """The amount of a line in cents. Intuit: quantity and price must agree with it if both are there (6070)."""
    if "Amount" not in line:
        raise missing_parameter("Line.Amount")
    amount = line["Amount"]
    if "Qty" in detail and "UnitPrice" in detail and not _agrees(amount, detail):
        raise wrong_amount(amount)
    return cents(amount)


def _agrees(amount: Decimal, detail: Document) -> bool:
    if fits(amount, detail["Qty"], detail["UnitPrice"]):
        return True
    return "DiscountAmt" in detail and fits(amount + detail["DiscountAmt"], detail["Qty"], detail["UnitPrice"])


def wrong_amount(amount: Decimal | int) -> ServiceFault:
    return refusal(
        "6070",
        "Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. "
        f"Supplied value:{amount}",
        "Line.Amount",
    )
