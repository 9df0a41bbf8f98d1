"""The QuickBooks emulator over HTTP, from one client on one connection: reads, pages, creates; time and memory to load."""

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench import timing

CUSTOMERS, INVOICES, PAYMENTS = 20_000, 60_000, 50_000
ROUNDS, READS, CREATES, PAGE = 5, 1_000, 500, 1_000
REALM, TOKEN = "9341000000000001", "bench"
MEGABYTE = 1024 * 1024
COMMAND = [
    sys.executable, "-m", "quickbooks_integration.emulator", "--company", "empty", "--no-limits",
    "--realm", REALM, "--access-token", TOKEN, "--customers", str(CUSTOMERS), "--invoices", str(INVOICES),
    "--payments", str(PAYMENTS),
]  # fmt: skip


class Client:
    """Only as much as is needed to ask and to see that the answer is right."""

    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def ask(self, method: str, path: str, body: str = "", kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json", "Content-Type": kind}
        self.connection.request(method, f"/v3/company/{REALM}/{path}", body.encode(), headers)
        answer = self.connection.getresponse()
        found = answer.read()
        assert answer.status == 200, found
        return found

    def query(self, statement: str) -> dict[str, Any]:
        return json.loads(self.ask("POST", "query", statement, "application/text"))["QueryResponse"]

    def create(self, entity: str, document: dict[str, Any]) -> None:
        self.ask("POST", entity, json.dumps(document))


def main() -> None:
    with loaded() as (client, seconds, memory):
        show("load", f"{seconds:.1f} s, {memory:,.0f} MB", "60 s, 1,500 MB", of=f"{CUSTOMERS + INVOICES + PAYMENTS:,}")
        rate("reads of one object", lambda turn: read_objects(client), READS, 300)
        rate(f"pages of {PAGE:,} customers", lambda turn: read_pages(client, turn), CUSTOMERS // PAGE, 20)
        rate("creates of a customer", lambda turn: create_customers(client, turn), CREATES, 150)
        rate("creates of an invoice", lambda turn: create_invoices(client), CREATES, 150)


@contextmanager
def loaded() -> Iterator[tuple[Client, float, float]]:
    """A running emulator with all documents, the seconds until it answered, and the memory that it then holds in MB."""
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        try:
            found: list[str] = []
            seconds = timing.seconds(lambda: found.append(process.stdout.readline().strip()))
            client = Client(found[0])
            for entity, expected in (("Customer", CUSTOMERS), ("Invoice", INVOICES), ("Payment", PAYMENTS)):
                assert client.query(f"SELECT COUNT(*) FROM {entity}") == {"totalCount": expected}
            yield client, seconds, psutil.Process(process.pid).memory_info().rss / MEGABYTE
        finally:
            process.terminate()


def read_objects(client: Client) -> None:
    for number in range(READS):
        client.ask("GET", f"customer/{1 + number * (CUSTOMERS // READS)}")


def read_pages(client: Client, turn: int) -> None:
    """All customers in their order, after a change, so that nothing is left from the walk before."""
    client.create("customer", {"DisplayName": f"New before walk {turn}", "Active": True})
    for start in range(1, CUSTOMERS, PAGE):
        statement = f"SELECT * FROM Customer ORDERBY Id STARTPOSITION {start} MAXRESULTS {PAGE}"
        page = client.ask("POST", "query", statement, "application/text")
        assert page.count(b'"DisplayName"') == PAGE


def create_customers(client: Client, turn: int) -> None:
    for number in range(CREATES):
        name = f"Bench {turn} {number}"
        phone = {"FreeFormNumber": f"(617) 555-{number:04}"}
        client.create("customer", {"DisplayName": name, "GivenName": "Bench", "PrimaryPhone": phone})


def create_invoices(client: Client) -> None:
    detail = {"ItemRef": {"value": "1"}, "Qty": 2, "UnitPrice": 50}
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    for number in range(CREATES):
        client.create("invoice", {"CustomerRef": {"value": str(1 + number)}, "Line": [line]})


def rate(name: str, work: Callable[[int], None], amount: int, aim: int) -> None:
    """`work` does `amount` of something; the first time warms up."""
    work(0)
    rates = [amount / timing.seconds(lambda turn=turn: work(turn)) for turn in range(1, ROUNDS + 1)]
    show(name, timing.spread(rates, "a second"), f"at least {aim}")


def show(name: str, figures: str, aim: str, of: str = "") -> None:
    documents = f" of {of} documents" if of else ""
    sys.stdout.write(f"emulator: {name}{documents}: {figures} (aim: {aim})\n")


if __name__ == "__main__":
    main()
