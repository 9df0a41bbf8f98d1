"""Full import of a company: 10,000 customers, 30,000 invoices of four lines, 25,000 payments. Read from QuickBooks,
rehearsed, committed, with the sums of every contact; against a floor that only fetches, decodes and COPYs the same
columns into copies of the same tables, with their indexes, foreign keys and triggers. Both ask the same server for the
same pages."""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import simplejson

from bench import timing
from bench.database import scratch_database
from bench.pull_customers import REALM, customer, prepare_connection, tables_like

CUSTOMERS, INVOICES, PAYMENTS, LINES, ROUNDS = 10_000, 30_000, 25_000, 4, 3
BEGAN, FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC), date(2021, 1, 1)
FIRST_PAYMENT = 100_000
ITEMS = 20
MOST_MEMORY_MB = 500


def changed(number: int) -> str:
    return (BEGAN + timedelta(minutes=number)).isoformat()


def day(number: int) -> str:
    return (FIRST_DAY + timedelta(days=number % 1800)).isoformat()


def line(invoice: int, number: int) -> dict[str, Any]:
    quantity, price = 1 + (invoice + number) % 7, 100 + (invoice * 7 + number) % 900
    return {
        "Id": str(number), "LineNum": number, "Description": f"Crack {number} of house {invoice}, poured wall, injected",
        "Amount": quantity * price, "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {
            "ItemRef": {"value": str(1 + (invoice + number) % ITEMS), "name": "Crack injection"},
            "UnitPrice": price, "Qty": quantity, "ItemAccountRef": {"value": "79", "name": "Sales"},
            "TaxCodeRef": {"value": "NON"},
        },
        "CustomExtensions": [],
    }  # fmt: skip


def invoice(number: int) -> dict[str, Any]:
    lines = [line(number, position) for position in range(1, LINES + 1)]
    total = sum(one["Amount"] for one in lines)
    is_paid = number <= PAYMENTS
    payer = 1 + number % CUSTOMERS
    return {
        "AllowIPNPayment": False, "AllowOnlinePayment": False, "AllowOnlineCreditCardPayment": True,
        "AllowOnlineACHPayment": True, "domain": "QBO", "sparse": False, "Id": str(number), "SyncToken": "1",
        "MetaData": {"CreateTime": changed(number), "LastUpdatedTime": changed(number)}, "CustomField": [],
        "DocNumber": str(1000 + number), "TxnDate": day(number), "DueDate": day(number + 30),
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "LinkedTxn": [{"TxnId": str(FIRST_PAYMENT + number), "TxnType": "Payment"}] if is_paid else [],
        "Line": [*lines, {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
        "TxnTaxDetail": {"TotalTax": 0}, "CustomerRef": {"value": str(payer), "name": f"Given Family {payer}"},
        "BillAddr": {"Id": str(number), "Line1": f"{number} Main St", "City": "Quincy", "PostalCode": "02169"},
        "ShipFromAddr": {"Id": str(number), "Line1": "1 Sierra Way", "Line2": "Quincy, MA 02169"},
        "FreeFormAddress": True, "SalesTermRef": {"value": "3", "name": "Net 30"}, "TotalAmt": total,
        "ApplyTaxAfterDiscount": False, "PrintStatus": "NeedToPrint", "EmailStatus": "NotSet",
        "Balance": 0 if is_paid else total,
    }  # fmt: skip


def payment(number: int) -> dict[str, Any]:
    paid = sum(line(number, position)["Amount"] for position in range(1, LINES + 1))
    payer = 1 + number % CUSTOMERS
    extra = {"name": "{http://schema.intuit.com/finance/v3}NameValue", "nil": False, "globalScope": True}
    return {
        "CustomerRef": {"value": str(payer), "name": f"Given Family {payer}"}, "DepositToAccountRef": {"value": "4"},
        "PaymentMethodRef": {"value": "2"}, "PaymentRefNum": str(number), "TotalAmt": paid, "UnappliedAmt": 0,
        "ProcessPayment": False, "domain": "QBO", "sparse": False, "Id": str(FIRST_PAYMENT + number), "SyncToken": "0",
        "MetaData": {"CreateTime": changed(number), "LastUpdatedTime": changed(number)}, "TxnDate": day(number + 20),
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "Line": [{
            "Amount": paid, "LinkedTxn": [{"TxnId": str(number), "TxnType": "Invoice"}],
            "LineEx": {"any": [extra | {"value": {"Name": "txnId", "Value": str(number)}},
                               extra | {"value": {"Name": "txnReferenceNumber", "Value": str(1000 + number)}}]},
        }],
    }  # fmt: skip


LISTS = {
    "Item": [{"Id": str(number), "SyncToken": "0", "Name": f"Crack injection {number}", "Type": "Service", "Active": True,
              "UnitPrice": 100, "MetaData": {"LastUpdatedTime": changed(number)}} for number in range(1, ITEMS + 1)],
    "Term": [{"Id": "3", "Name": "Net 30", "Active": True}],
    "PaymentMethod": [{"Id": "2", "Name": "Check", "Active": True}],
    "Account": [{"Id": "4", "Name": "Undeposited Funds", "FullyQualifiedName": "Undeposited Funds", "Active": True}],
    "TaxCode": [], "TaxRate": [], "Preferences": [{"Id": "1"}],
    "Estimate": [], "CreditMemo": [], "SalesReceipt": [], "RefundReceipt": [],
}  # fmt: skip


class Recorder:
    """Answers from memory and keeps each answer's bytes: so the server can be made for exactly these questions."""

    def __init__(self) -> None:
        self.rows = {
            **LISTS,
            "Customer": [customer(number) for number in range(1, CUSTOMERS + 1)],
            "Invoice": [invoice(number) for number in range(1, INVOICES + 1)],
            "Payment": [payment(number) for number in range(1, PAYMENTS + 1)],
        }
        self.answers: dict[str, str] = {}

    def query(self, statement: str) -> dict[str, Any]:
        answer = {"QueryResponse": self._rows(statement), "time": "2026-01-01T00:00:00.000-08:00"}
        self.answers[statement] = json.dumps(answer)
        return answer

    def _rows(self, statement: str) -> dict[str, Any]:
        entity = statement.split("FROM ")[1].split()[0]
        rows = self.rows[entity]
        if "COUNT" in statement:
            return {"totalCount": len(rows)}
        if ">= '" not in statement:
            return {entity: rows} if rows else {}
        since = statement.split(">= '")[1].split("'")[0].replace("Z", "+00:00")
        start = int(statement.split("STARTPOSITION ")[1].split()[0])
        after = [row for row in rows if row["MetaData"]["LastUpdatedTime"] >= since]
        return {entity: after[start - 1 : start + 999]} if after else {}


def record(path: str) -> None:
    """In a process of its own, so that what is measured does not hold all these documents."""
    import django

    django.setup()
    from quickbooks_integration.models import ListEntry
    from quickbooks_integration.sync import PULLS, lists, reading

    recorder = Recorder()
    for kind in ListEntry.Kind:
        lists._read(recorder, kind)
    for pull in PULLS.values():
        reading.count(recorder, pull_entity(pull))
        for _ in reading.changes(recorder, pull_entity(pull), None):
            pass
    Path(path).write_text(json.dumps(recorder.answers))


def pull_entity(pull: Any) -> str:
    return str(getattr(pull, "entity", "Item"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, scratch_database():
        path = str(Path(folder) / "answers.json")
        subprocess.run([sys.executable, "-m", "bench.import_history", "record", path], check=True)
        statements = [key for key in _keys(path) if any(f"* FROM {entity} " in key for entity in FLOORS)]
        command = [sys.executable, "-m", "bench.static_pages", path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                compare(f"http://127.0.0.1:{server.stdout.readline().strip()}", statements)
            finally:
                server.kill()


def _keys(path: str) -> list[str]:
    script = "import json, sys; print(json.dumps(list(json.load(open(sys.argv[1])))))"
    return json.loads(subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=True).stdout)


def compare(url: str, statements: list[str]) -> None:
    auth = prepare(url)
    floors, imports, peaks = [], [], []
    for round_number in range(ROUNDS + 1):
        floor = timing.seconds(lambda: run_floor(url, statements))
        clear_floor()
        seconds = run_import(auth)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        if round_number:  # the first round warms both
            floors.append(floor)
            imports.append(seconds)
        clear()
    ratio = statistics.median(took / floor for took, floor in zip(imports, floors, strict=True))
    sys.stdout.write(
        f"import of {CUSTOMERS:,} customers, {INVOICES:,} invoices, {PAYMENTS:,} payments: {timing.spread(imports)}; "
        f"floor {timing.spread(floors)}; ratio {ratio:.2f} (aim: at most 2.5); "
        f"peak memory {max(peaks):.0f} MB (aim: under {MOST_MEMORY_MB})\n"
    )


# --- The import ------------------------------------------------------------------------------------


def prepare(url: str) -> Any:
    from billing.models import Product
    from contacts.models import Contact

    auth = prepare_connection(url)
    tables_like({table: floor_of(table) for table in TABLES()})
    Contact.objects.bulk_create(
        Contact(id=number, first_name="Given", last_name=f"Family{number}") for number in range(1, CUSTOMERS + 1)
    )
    names = [f"Floor {number}" for number in range(1, ITEMS + 1)]
    made = Product.objects.bulk_create(Product(name=name) for name in names)
    PRODUCTS.update({str(number): product.pk for number, product in enumerate(made, 1)})
    return auth


def run_import(auth: Any) -> float:
    """All pulls as the worker does them, each with its lock, record and counts, then the commit. Matching is measured
    elsewhere: here each customer gets its contact between two clocks."""
    from quickbooks_integration.sync import history

    history.begin(auth)
    seconds = timing.seconds(lambda: pull(auth, "customer"))
    link_contacts(auth)
    seconds += timing.seconds(lambda: import_documents(auth))
    check()
    return seconds


def import_documents(auth: Any) -> None:
    from quickbooks_integration.sync import PULLS, history

    for kind in PULLS:
        if kind != "customer":
            pull(auth, kind)
    history.commit(history.current(auth), None)
    assert history.work_off(auth)


def pull(auth: Any, kind: str) -> None:
    from quickbooks_integration.service import QuickBooksService
    from quickbooks_integration.sync import PULLS, reading, runs

    run, _ = runs.request(auth, kind, full=True)
    with runs.alone(run):
        runs.begin(run)
        runs.finish(run, run.State.DONE, PULLS[kind](auth, run, reading.Counted(QuickBooksService(auth))).execute())


def link_contacts(auth: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE quickbooks_integration_quickbookssync SET local_id = entity_id::bigint"
            " WHERE entity_type = 'customer'"
        )
        cursor.execute("UPDATE contacts_contact SET quickbooks_customer_id = id::text")
        cursor.execute("ANALYZE quickbooks_integration_quickbookssync, contacts_contact")


def check() -> None:
    from django.db.models import Sum

    from billing.models import Invoice, InvoiceItem, Payment, PaymentApplication
    from contacts.models import Contact

    counts = [model.objects.count() for model in (Invoice, InvoiceItem, Payment, PaymentApplication)]
    assert counts == [INVOICES, INVOICES * LINES, PAYMENTS, PAYMENTS], counts
    owed = Invoice.objects.aggregate(sum=Sum("balance_due"))["sum"]
    expected = sum(invoice(number)["Balance"] for number in range(PAYMENTS + 1, INVOICES + 1))
    assert owed == expected, (owed, expected)
    sold = Contact.objects.aggregate(sum=Sum("total_sales"))["sum"]
    assert sold == sum(invoice(number)["TotalAmt"] for number in range(1, INVOICES + 1)), sold


# --- The floor -------------------------------------------------------------------------------------


def TABLES() -> list[str]:
    from billing.models import Invoice, InvoiceItem, Payment, PaymentApplication
    from quickbooks_integration.models import QuickBooksCustomer, QuickBooksDocument, QuickBooksSync

    return [
        model._meta.db_table
        for model in (
            QuickBooksSync, QuickBooksCustomer, QuickBooksDocument, Invoice, InvoiceItem, Payment, PaymentApplication
        )
    ]  # fmt: skip


def floor_of(table: str) -> str:
    return f"floor_{table.rsplit('_', 1)[1]}"


# A projection as both bases hold it, the same for all: making it is our work, storing it is the floor's.
BASE = json.dumps({
    "due": "2024-01-31", "date": "2024-01-01", "notes": "", "terms": "Net 30", "status": "Open", "message": "",
    "content": {"lines": [{"item": "5", "amount": "100.00", "taxable": False, "quantity": "1.00", "unit_price": "100.00",
                           "description": f"Crack {number} of house 1000, poured wall, injected"} for number in range(4)],
                "tax_code": "", "discount_amount": "", "discount_percent": "", "tax_after_discount": False},
    "customer": "1000",
})  # fmt: skip
BASE_OF_PAYMENT = json.dumps({
    "customer": "1000", "date": "2024-01-01", "amount": "100.00", "method": "Check", "reference": "1000", "account": "A",
    "notes": "", "status": "Open", "applied": {"1000": "100.00"},
})  # fmt: skip

Rows = list[dict[str, Any]]


def run_floor(url: str, statements: list[str]) -> None:
    """Fetch, decode, COPY: what no program that stores these rows can do without."""
    session, seen = requests.Session(), {entity: set[str]() for entity in FLOORS}
    number = 1
    for statement in statements:
        entity = statement.split("FROM ")[1].split()[0]
        answer = simplejson.loads(
            session.post(f"{url}/v3/company/{REALM}/query", data=statement.encode()).content, use_decimal=True
        )
        rows = [row for row in answer["QueryResponse"].get(entity, []) if row["Id"] not in seen[entity]]
        seen[entity].update(row["Id"] for row in rows)
        if rows:
            store(entity, rows, number)
            number += len(rows)
    assert number == CUSTOMERS + INVOICES + PAYMENTS + 1, number


def store(entity: str, rows: Rows, first: int) -> None:
    from django.db import connection, transaction

    from quickbooks_integration.sync import mirroring

    with transaction.atomic(), connection.cursor() as cursor:
        for table, columns, values in FLOORS[entity](rows, first):
            with cursor.copy(mirroring.copy_into(table, columns)) as copy:
                for row in values:
                    copy.write_row(row)


Copied = Iterator[tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]]


def _sync(kind: str, rows: Rows, first: int, base: str | None) -> Iterator[tuple[Any, ...]]:
    now = datetime.now(UTC)
    for id, row in enumerate(rows, first):
        yield (id, REALM, kind, row["Id"], id, row["SyncToken"], now, "synced", "", base, base, "{}", "", "", None, None,
               now)  # fmt: skip


SYNC_COLUMNS = (
    "id", "company_id", "entity_type", "entity_id", "local_id", "sync_version", "last_synced", "sync_status",
    "error_message", "base", "base_ours", "conflicts", "request_id", "request_body", "lease", "lease_until", "created_at",
)  # fmt: skip


def floor_customers(rows: Rows, first: int) -> Copied:
    from quickbooks_integration.sync.customers import CUSTOMER_COLUMNS

    yield "floor_quickbookssync", SYNC_COLUMNS, _sync("customer", rows, first, None)
    yield "floor_quickbookscustomer", CUSTOMER_COLUMNS, (
        (id, row["DisplayName"], row["GivenName"], row["FamilyName"], "", "", "", row["Active"], row["Balance"],
         row["BalanceWithJobs"], [row["PrimaryPhone"]["FreeFormNumber"]], [row["PrimaryEmailAddr"]["Address"]], [],
         row["MetaData"]["CreateTime"], row["MetaData"]["LastUpdatedTime"], None, f"{id:040}",
         simplejson.dumps(row, use_decimal=True))
        for id, row in enumerate(rows, first)
    )  # fmt: skip


def _documents(rows: Rows, first: int, target: str) -> Iterator[tuple[Any, ...]]:
    for id, row in enumerate(rows, first):
        yield (id, row["CustomerRef"]["value"], row["CustomerRef"]["name"], row.get("DocNumber", ""), row["TxnDate"],
               row["TotalAmt"], row.get("Balance", 0), "", f'[["{target}", "{row["Id"]}"]]',
               row["MetaData"]["CreateTime"], row["MetaData"]["LastUpdatedTime"], None, f"{id:040}", "",
               simplejson.dumps(row, use_decimal=True))  # fmt: skip


def floor_invoices(rows: Rows, first: int) -> Copied:
    from billing.models import Invoice, InvoiceItem
    from quickbooks_integration.sync.mirroring import DOCUMENT_COLUMNS

    yield "floor_quickbookssync", SYNC_COLUMNS, _sync("invoice", rows, first, BASE)
    yield "floor_quickbooksdocument", DOCUMENT_COLUMNS, _documents(rows, first, "Payment")
    columns, blank = _columns(Invoice)
    yield "floor_invoice", columns, (
        blank({
            "id": int(row["Id"]), "contact_id": int(row["CustomerRef"]["value"]), "status": "open",
            "customer_name": row["CustomerRef"]["name"], "document_number": row["DocNumber"],
            "payment_terms": row["SalesTermRef"]["name"], "invoice_date": row["TxnDate"], "due_date": row["DueDate"],
            "subtotal": row["TotalAmt"], "total_amount": row["TotalAmt"], "balance_due": row["Balance"],
            "amount_paid": row["TotalAmt"] - row["Balance"], "quickbooks_invoice_id": row["Id"],
            "quickbooks_sync_token": row["SyncToken"],
        })
        for row in rows
    )  # fmt: skip
    columns, blank_line = _columns(InvoiceItem)
    yield "floor_invoiceitem", columns, (
        blank_line({
            "id": int(row["Id"]) * LINES + position, "invoice_id": int(row["Id"]), "position": position,
            "product_id": PRODUCTS[one["SalesItemLineDetail"]["ItemRef"]["value"]], "description": one["Description"],
            "quantity": one["SalesItemLineDetail"]["Qty"], "unit_price": one["SalesItemLineDetail"]["UnitPrice"],
            "line_total": one["Amount"], "quickbooks_line_id": one["Id"],
        })
        for row in rows
        for position, one in enumerate(row["Line"][:LINES])
    )  # fmt: skip


def floor_payments(rows: Rows, first: int) -> Copied:
    from billing.models import Payment, PaymentApplication
    from quickbooks_integration.sync.mirroring import DOCUMENT_COLUMNS

    yield "floor_quickbookssync", SYNC_COLUMNS, _sync("payment", rows, first, BASE_OF_PAYMENT)
    yield "floor_quickbooksdocument", DOCUMENT_COLUMNS, _documents(rows, first, "Invoice")
    columns, blank = _columns(Payment)
    yield "floor_payment", columns, (
        blank({
            "id": int(row["Id"]), "contact_id": int(row["CustomerRef"]["value"]), "amount": row["TotalAmt"],
            "customer_name": row["CustomerRef"]["name"], "payment_date": row["TxnDate"], "method": "Check",
            "reference": row["PaymentRefNum"], "deposit_account": "Undeposited Funds",
            "quickbooks_payment_id": row["Id"], "quickbooks_sync_token": row["SyncToken"],
        })
        for row in rows
    )  # fmt: skip
    columns, blank_use = _columns(PaymentApplication)
    yield "floor_paymentapplication", columns, (
        blank_use({
            "id": int(row["Id"]), "payment_id": int(row["Id"]), "amount": row["Line"][0]["Amount"],
            "invoice_id": int(row["Line"][0]["LinkedTxn"][0]["TxnId"]),
        })
        for row in rows
    )  # fmt: skip


FLOORS: dict[str, Callable[[Rows, int], Copied]] = {
    "Customer": floor_customers,
    "Invoice": floor_invoices,
    "Payment": floor_payments,
}
PRODUCTS: dict[str, int] = {}  # of the floor, by QuickBooks' id of the item


def _columns(model: Any) -> tuple[tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]]:
    """All columns of a table, and what fills a row's missing ones with their defaults."""
    now = datetime.now(UTC)
    fields = model._meta.concrete_fields
    defaults = {field.attname: now if "ated_at" in field.attname else field.get_default() for field in fields}
    return tuple(field.column for field in fields), lambda row: tuple((defaults | row).values())


def clear_floor() -> None:
    _truncate([floor_of(table) for table in TABLES()])


def clear() -> None:
    from billing.models import Product
    from quickbooks_integration.models import ApiCall, HistoryImport, PullCursor, SyncRun

    rest = [model._meta.db_table for model in (ApiCall, HistoryImport, PullCursor, SyncRun)]
    _truncate([*TABLES(), *rest])
    Product.objects.exclude(quickbooks_item_id=None).delete()


def _truncate(tables: list[str]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


if __name__ == "__main__":
    record(sys.argv[2]) if sys.argv[1:2] == ["record"] else main()
