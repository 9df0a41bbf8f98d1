"""All transactions: the ones with rules, and a table of the others with what queries may ask of them."""

from quickbooks_integration.emulator.entities.deposits import DEPOSIT_KIND
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Day, Field, Number, Reference, Text
from quickbooks_integration.emulator.entities.generic import GenericKind, balanced, given_total, sum_of_lines
from quickbooks_integration.emulator.entities.kind import Kind
from quickbooks_integration.emulator.entities.payments import PAYMENT
from quickbooks_integration.emulator.entities.sales.credit_memos import CREDIT_MEMO
from quickbooks_integration.emulator.entities.sales.estimates import ESTIMATE
from quickbooks_integration.emulator.entities.sales.invoices import INVOICE
from quickbooks_integration.emulator.entities.sales.receipts import REFUND_RECEIPT, SALES_RECEIPT


def _numbered(**more: Field) -> dict[str, Field]:
    return {"DocNumber": Text(longest=21, **QUERYABLE), **more}


def _reference(to: str) -> Reference:
    return Reference(to=to, **QUERYABLE)


AMOUNT = Number(**QUERYABLE)
BILL = _numbered(
    VendorRef=_reference("Vendor"),
    TotalAmt=AMOUNT,
    Balance=Number(read_only=True, **QUERYABLE),
    DueDate=Day(**QUERYABLE),
)
GENERIC: tuple[Kind, ...] = (
    GenericKind("Bill", BILL, needs=("VendorRef", "Line"), total=sum_of_lines, has_balance=True),
    GenericKind(
        "BillPayment",
        _numbered(VendorRef=_reference("Vendor"), TotalAmt=AMOUNT),
        needs=("VendorRef", "TotalAmt", "PayType", "Line"),
        total=given_total,
    ),
    GenericKind(
        "Purchase",
        _numbered(TotalAmt=AMOUNT, PaymentType=Text(**QUERYABLE), AccountRef=_reference("Account")),
        needs=("AccountRef", "PaymentType", "Line"),
        total=sum_of_lines,
    ),
    GenericKind(
        "PurchaseOrder",
        _numbered(VendorRef=_reference("Vendor"), TotalAmt=AMOUNT),
        needs=("VendorRef", "Line"),
        total=sum_of_lines,
        posting=False,
    ),
    GenericKind(
        "VendorCredit",
        _numbered(VendorRef=_reference("Vendor"), TotalAmt=AMOUNT),
        needs=("VendorRef", "Line"),
        total=sum_of_lines,
    ),
    GenericKind("JournalEntry", _numbered(TotalAmt=AMOUNT), needs=("Line",), total=balanced),
    GenericKind("Transfer", {"Amount": AMOUNT}, needs=("FromAccountRef", "ToAccountRef", "Amount")),
    GenericKind("CreditCardPayment", {"Amount": AMOUNT}, needs=("BankAccountRef", "CreditCardAccountRef", "Amount")),
    GenericKind(
        "TimeActivity",
        {"CustomerRef": _reference("Customer")},
        sequence="TimeActivity",
        needs=("NameOf",),
        posting=False,
    ),
    GenericKind(
        "ReimburseCharge",
        {"CustomerRef": _reference("Customer"), "Amount": AMOUNT},
        can_create=False,
        can_update=False,
    ),
    GenericKind("InventoryAdjustment", _numbered(), needs=("AdjustAccountRef", "Line")),
    GenericKind(
        "RecurringTransaction", {"Name": Text(**QUERYABLE)}, sequence="RecurringTransaction", dated=False, posting=False
    ),
    GenericKind("Budget", {"Name": Text(**QUERYABLE)}, sequence="Budget", dated=False, can_create=False),
    GenericKind(
        "ExchangeRate",
        {"SourceCurrencyCode": Text(**QUERYABLE), "AsOfDate": Day(**QUERYABLE)},
        sequence="ExchangeRate",
        dated=False,
        can_create=False,
    ),
    GenericKind("JournalCode", {"Name": Text(**QUERYABLE)}, sequence="JournalCode", dated=False, needs=("Name",)),
    GenericKind(
        "TaxPayment",
        {"PaymentDate": Day(**QUERYABLE)},
        sequence="TaxPayment",
        dated=False,
        can_create=False,
        can_update=False,
    ),
)
TRANSACTIONS: tuple[Kind, ...] = (
    ESTIMATE,
    INVOICE,
    PAYMENT,
    CREDIT_MEMO,
    SALES_RECEIPT,
    REFUND_RECEIPT,
    DEPOSIT_KIND,
    *GENERIC,
)
