"""Fields of sales forms and their lines."""

from typing import Any

from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
    Anything,
    Boolean,
    Choice,
    Day,
    Field,
    Number,
    Record,
    Records,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.shapes import EMAIL_PARTS, address, email

LINE_TYPES = (
    "SalesItemLineDetail",
    "GroupLineDetail",
    "DescriptionOnly",
    "DiscountLineDetail",
    "SubTotalLineDetail",
)
LINKED = Record(
    parts={"TxnId": Text(), "TxnType": Text(), "TxnLineId": Text()},
    class_name="LinkedTxn",
)
ITEM_DETAIL = Record(
    parts={
        "ItemRef": Reference(to="Item"),
        "ClassRef": Reference(to="Class"),
        "UnitPrice": Number(),
        "Qty": Number(),
        "ItemAccountRef": Reference(read_only=True),
        "TaxCodeRef": Reference(plain=True),
        "ServiceDate": Day(),
        "DiscountRate": Number(),
        "DiscountAmt": Number(),
        "TaxInclusiveAmt": Number(),
        "RatePercent": Number(),
        "MarkupInfo": Anything(),
        "PriceLevelRef": Reference(plain=True),
        "TaxClassificationRef": Reference(plain=True),
        "DeferredRevenue": Anything(),
    },
    class_name="SalesItemLineDetail",
)
DISCOUNT_DETAIL = Record(
    parts={
        "PercentBased": Boolean(),
        "DiscountPercent": Number(),
        "DiscountAccountRef": Reference(to="Account"),
        "ClassRef": Reference(to="Class"),
        "TaxCodeRef": Reference(plain=True),
        "Discount": Anything(),
        "ServiceDate": Day(),
    },
    class_name="DiscountLineDetail",
)
LINE_PARTS: dict[str, Field] = {
    "Id": Text(),
    "LineNum": Number(),
    "Description": Text(longest=4000),
    "Amount": Number(),
    "DetailType": Choice(choices=LINE_TYPES),
    "LinkedTxn": Records(item=LINKED),
    "SalesItemLineDetail": ITEM_DETAIL,
    "DescriptionLineDetail": Record(
        parts={"ServiceDate": Day(), "TaxCodeRef": Reference(plain=True)}, class_name="DescriptionLineDetail"
    ),
    "DiscountLineDetail": DISCOUNT_DETAIL,
    "SubTotalLineDetail": Anything(),
    "SubtotalLineDetail": Anything(),  # a well-known library spells it so
    "CustomField": Anything(),
    "CustomExtensions": Anything(),
    "Received": Anything(),
    "ProjectRef": Reference(plain=True),
}
NESTED_LINE = Record(parts=LINE_PARTS, class_name="Line")
LINE = Record(
    parts={
        **LINE_PARTS,
        "GroupLineDetail": Record(
            parts={
                "GroupItemRef": Reference(to="Item"),
                "Quantity": Number(),
                "Line": Records(item=NESTED_LINE),
                "ServiceDate": Day(),
            },
            class_name="GroupLineDetail",
        ),
    },
    class_name="Line",
)
TAX_DETAIL = Record(
    parts={
        "TxnTaxCodeRef": Reference(to="TaxCode"),
        "DefaultTaxCodeRef": Reference(plain=True),
        "TotalTax": Number(),
        "TaxLine": Anything(),
        "UseAutomatedSalesTax": Boolean(),
    },
    class_name="TxnTaxDetail",
)
CUSTOM_FIELD = Record(
    parts={
        "DefinitionId": Text(),
        "Name": Text(),
        "Type": Text(),
        "StringValue": Text(longest=31),
        **{name: Anything() for name in ("BooleanValue", "DateValue", "NumberValue")},
    },
    class_name="CustomField",
)
LONG_EMAIL_PARTS = {**EMAIL_PARTS, "Address": Text(longest=200)}


def _long_email() -> Record:
    return Record(parts=LONG_EMAIL_PARTS, class_name="EmailAddress")


def form_fields(**more: Any) -> dict[str, Field]:
    """What every sales form has; `more` replaces or adds."""
    return {
        "DocNumber": Text(longest=21, **QUERYABLE),
        "CustomField": Records(item=CUSTOM_FIELD),
        "CustomerRef": Reference(to="Customer", **QUERYABLE),
        "CustomerMemo": Record(parts={"value": Text(longest=1000), "id": Anything()}, class_name="MemoRef"),
        "ProjectRef": Reference(plain=True, filterable=True),
        "ClassRef": Reference(to="Class"),
        "SalesTermRef": Reference(to="Term"),
        "BillAddr": address(),
        "ShipAddr": address(),
        "ShipFromAddr": address(),
        "FreeFormAddress": Boolean(read_only=True),
        "ShipDate": Day(),
        "ShipMethodRef": Reference(plain=True),
        "TrackingNum": Text(),
        "Line": Records(item=LINE),
        "LinkedTxn": Records(item=LINKED, read_only=True),
        "TxnTaxDetail": TAX_DETAIL,
        "GlobalTaxCalculation": Choice(choices=("TaxExcluded", "TaxInclusive", "NotApplicable")),
        "ApplyTaxAfterDiscount": Boolean(),
        "TotalAmt": Number(read_only=True, **QUERYABLE),
        "Balance": Number(read_only=True),
        "BillEmail": email(),
        "BillEmailCc": _long_email(),
        "BillEmailBcc": _long_email(),
        "EmailStatus": Choice(choices=("NotSet", "NeedToSend", "EmailSent")),
        "PrintStatus": Choice(choices=("NotSet", "NeedToPrint", "PrintComplete")),
        "DeliveryInfo": Anything(read_only=True),
        "DepositToAccountRef": Reference(to="Account"),
        "PaymentMethodRef": Reference(to="PaymentMethod"),
        "PaymentRefNum": Text(longest=21, **QUERYABLE),
        "TxnStatus": Text(read_only=True),
        "InvoiceLink": Text(read_only=True),
        "CreditCardPayment": Anything(),
        "CheckPayment": Anything(),
        "PaymentType": Text(),
        "ShippingTaxIncluded": Anything(),
        **more,
    }


# The order of keys in recorded answers. What was never recorded is put where the schema has it.
COMMON_START = ("domain", "sparse", "Id", "SyncToken", "MetaData", "CustomField", "DocNumber", "TxnDate")
COMMON_PARTIES = (
    "CustomerRef",
    "CustomerMemo",
    "BillAddr",
    "ShipAddr",
    "FreeFormAddress",
    "ShipFromAddr",
    "ProjectRef",
    "ClassRef",
    "SalesTermRef",
    "DueDate",
    "ShipMethodRef",
    "ShipDate",
    "TrackingNum",
    "GlobalTaxCalculation",
    "TotalAmt",
    "ApplyTaxAfterDiscount",
    "PrintStatus",
    "EmailStatus",
    "BillEmail",
    "BillEmailCc",
    "BillEmailBcc",
    "Balance",
    "DepositToAccountRef",
    "PaymentMethodRef",
    "PaymentRefNum",
    "DeliveryInfo",
)
LINE_SHAPE = ("Id", "LineNum", "Description", "Amount", "LinkedTxn", "DetailType")


def form_shape(*first: str, status: bool = False) -> tuple[str, ...]:
    """The order of keys in answers; `first` is what stands before everything else."""
    money = ("DepartmentRef", "CurrencyRef", "ExchangeRate", "PrivateNote", *(("TxnStatus",) if status else ()))
    return (*first, *COMMON_START, *money, "LinkedTxn", "Line", "TxnTaxDetail", *COMMON_PARTIES)
