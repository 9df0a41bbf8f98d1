"""Documents for tests that need some."""

from typing import Any

from .client import Client


def service(api: Client, name: str = "Wall") -> str:
    """The id of a service item, made when it is first needed."""
    found = api.query(f"SELECT Id FROM Item WHERE Name = '{name}'").json()["QueryResponse"]
    if found:
        return str(found["Item"][0]["Id"])
    accounts = api.query("SELECT Id FROM Account WHERE AccountType = 'Income'").json()["QueryResponse"]["Account"]
    saved = api.save("Item", Name=name, Type="Service", IncomeAccountRef={"value": accounts[0]["Id"]})
    return str(saved["Id"])


def line(api: Client, amount: float = 100, **fields: Any) -> dict[str, Any]:
    detail = {"ItemRef": {"value": service(api)}}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail, **fields}


def sell(
    api: Client, entity: str = "Invoice", customer: str = "1", amount: float = 100, **fields: Any
) -> dict[str, Any]:
    """A stored sales form with one line."""
    needed = {"DepositToAccountRef": {"value": bank(api)}} if entity == "RefundReceipt" else {}
    body = {"CustomerRef": {"value": customer}, "Line": [line(api, amount)], **needed, **fields}
    return api.save(entity, **body)


def bank(api: Client) -> str:
    accounts = api.query("SELECT Id FROM Account WHERE AccountType = 'Bank'").json()["QueryResponse"]["Account"]
    return str(accounts[0]["Id"])


def pay(api: Client, amount: float, invoice: str = "", customer: str = "1", **fields: Any) -> dict[str, Any]:
    """A payment, applied to an invoice if one is named."""
    applied = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}
    body = {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": [applied] if invoice else [], **fields}
    return api.save("Payment", **body)
