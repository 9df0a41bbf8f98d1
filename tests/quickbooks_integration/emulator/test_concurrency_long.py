"""Sixteen clients do random legal work for a minute. Afterwards the books agree, and nothing was lost, doubled or half done."""

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.company import Change

from .client import Client
from .forms import applied, discount, estimate_link, form, sold
from .invariants import faults_in

CLIENTS, SECONDS = 16, 60
REFUSED = {"610", "620", "2500", "5010", "6000", "6220", "6240", "6540"}  # what a rule or another client may lead to
NAMES = ("Customer", "Vendor")
REMEMBERED = 200  # requests that any client may send again
Document = dict[str, Any]


@dataclass
class Sent:
    """A request with a requestid, and what was answered."""

    path: str
    body: Any
    answer: bytes
    number: int  # how often it was sent


@dataclass
class Ledger:
    """What all clients know together."""

    lock: Lock = field(default_factory=Lock)
    ids: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[str, Sent] = field(default_factory=dict)
    created: list[tuple[str, str]] = field(default_factory=list)  # kind and id, once per requestid that was carried out
    by_office: Counter[str] = field(default_factory=Counter)  # kinds that the office created
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    replays: int = 0


@dataclass
class Worker:
    """One client. What it read last of a document is never newer than what it reads next."""

    api: Client
    number: int
    ledger: Ledger
    random: Random
    requests: int = 0
    tokens: dict[tuple[str, str], int] = field(default_factory=dict)

    def work(self, until: float) -> None:
        while time.monotonic() < until:
            step = self.random.choice(STEPS)
            step(self)
            with self.ledger.lock:
                self.ledger.done[step.__name__] += 1
            if self.random.random() < 0.1:
                self.send_again()

    # Talking

    def post(self, path: str, body: Any, kind: str) -> Document:
        self.requests += 1
        request_id = f"{self.number}-{self.requests}"
        mark = "&" if "?" in path else "?"
        answer = self.api.post(f"{path}{mark}requestid={request_id}", body)
        assert answer.status_code in (200, 400), answer.text
        with self.ledger.lock:
            self.ledger.sent[request_id] = Sent(path, body, answer.content, 1)
            if len(self.ledger.sent) > REMEMBERED:
                del self.ledger.sent[next(iter(self.ledger.sent))]
        if answer.status_code == 400:
            self.note_refusal(answer.json())
            return {}
        return self.seen(kind, answer.json()[kind])

    def create(self, kind: str, body: Document) -> Document:
        stored = self.post(kind.lower(), body, kind)
        if stored:
            with self.ledger.lock:
                self.ledger.created.append((kind, stored["Id"]))
                self.ledger.ids[kind].append(stored["Id"])
        return stored

    def change(self, kind: str, operation: str = "", **fields: Any) -> Document:
        """Change, void or delete a document, as it was when it was read just before."""
        before = self.read(kind)
        if not before:
            return {}
        body = {"Id": before["Id"], "SyncToken": before["SyncToken"], "sparse": True, **fields}
        return self.post(f"{kind.lower()}?operation={operation}" if operation else kind.lower(), body, kind)

    def read(self, kind: str, id: str = "") -> Document:
        with self.ledger.lock:
            chosen = id or self.random.choice(self.ledger.ids[kind])
        answer = self.api.get(f"{kind.lower()}/{chosen}")
        if answer.status_code == 400:
            self.note_refusal(answer.json())
            return {}
        return self.seen(kind, answer.json()[kind])

    def office(self, verb: str, **arguments: Any) -> Document:
        url = f"{self.api.emulator.url}/control/companies/{self.api.emulator.realm}/{verb}"
        answer = self.api.session.post(url, json=arguments, timeout=30)
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 400:
            self.note_refusal(answer.json())
            return {}
        found: Document = answer.json()["result"]
        return found

    def send_again(self) -> None:
        with self.ledger.lock:
            request_id, sent = self.random.choice(list(self.ledger.sent.items()))
            sent.number += 1
            self.ledger.replays += 1
        mark = "&" if "?" in sent.path else "?"
        assert self.api.post(f"{sent.path}{mark}requestid={request_id}", sent.body).content == sent.answer

    def note_refusal(self, body: Document) -> None:
        code = body["Fault"]["Error"][0]["code"]
        assert code in REFUSED, body
        with self.ledger.lock:
            self.ledger.refused[code] += 1

    def seen(self, kind: str, document: Document) -> Document:
        if "SyncToken" in document:
            token, key = int(document["SyncToken"]), (kind, document["Id"])
            assert token >= self.tokens.get(key, 0), key
            self.tokens[key] = token
        return document

    # Working

    def any_id(self, kind: str) -> str:
        with self.ledger.lock:
            return self.random.choice(self.ledger.ids[kind])

    def lines(self) -> list[Document]:
        quantity, price = self.random.randint(1, 9), self.random.randint(1, 900)
        item = sold(quantity * price, "3", self.random.choice(("TAX", "NON")), Qty=quantity, UnitPrice=price)
        return [item, *([discount(percent=10)] if self.random.random() < 0.3 else [])]

    def form(self, **fields: Any) -> Document:
        return form(*self.lines(), customer=self.any_id("Customer"), code=self.random.choice(("", "2", "3")), **fields)

    def name(self) -> str:
        """From so few that many are taken."""
        return f"{self.random.choice(('Ann', 'Bob', 'Eve'))} {self.random.randint(1, 400)}"


def add_a_name(worker: Worker) -> None:
    worker.create(worker.random.choice(NAMES), {"DisplayName": worker.name()})


def rename_a_customer(worker: Worker) -> None:
    worker.change("Customer", DisplayName=worker.name())


def deactivate_a_customer(worker: Worker) -> None:
    worker.change("Customer", Active=worker.random.random() < 0.5)


def write_an_estimate(worker: Worker) -> None:
    worker.create("Estimate", worker.form())


def accept_an_estimate(worker: Worker) -> None:
    worker.change("Estimate", TxnStatus=worker.random.choice(("Accepted", "Pending", "Rejected")))


def invoice_an_estimate(worker: Worker) -> None:
    if estimate := worker.read("Estimate"):
        body = form(*worker.lines(), customer=estimate["CustomerRef"]["value"], LinkedTxn=estimate_link(estimate["Id"]))
        worker.create("Invoice", body)


def write_an_invoice(worker: Worker) -> None:
    worker.create("Invoice", worker.form())


def give_credit(worker: Worker) -> None:
    worker.create("CreditMemo", worker.form())


def change_the_lines(worker: Worker) -> None:
    worker.change(worker.random.choice(("Invoice", "Estimate", "CreditMemo")), Line=worker.lines())


def pay_invoices(worker: Worker) -> None:
    invoices = [invoice for _ in range(3) if (invoice := worker.read("Invoice")) and invoice["Balance"] > 0]
    if not invoices:
        return
    payer = invoices[0]["CustomerRef"]["value"]
    paid = {each["Id"]: each["Balance"] for each in invoices if each["CustomerRef"]["value"] == payer}
    rest = worker.random.choice((0, 0, 25))
    lines = [applied(balance, id) for id, balance in paid.items()]
    body = {"CustomerRef": {"value": payer}, "TotalAmt": round(sum(paid.values()) + rest, 2), "Line": lines}
    worker.create("Payment", body)


def unapply_a_payment(worker: Worker) -> None:
    worker.change("Payment", Line=[])


def void_something(worker: Worker) -> None:
    worker.change(worker.random.choice(("Invoice", "Payment", "CreditMemo")), "void")


def delete_something(worker: Worker) -> None:
    worker.change(worker.random.choice(("Invoice", "Estimate", "Payment", "CreditMemo")), "delete")


def send_an_invoice(worker: Worker) -> None:
    worker.post(f"invoice/{worker.any_id('Invoice')}/send?sendTo=a@example.com", None, "Invoice")


def use_a_credit(worker: Worker) -> None:
    if memo := worker.read("CreditMemo"):
        invoice = worker.read("Invoice")
        if invoice and invoice["CustomerRef"] == memo["CustomerRef"]:
            link = worker.office("apply_credit_memo", id=memo["Id"], invoices=[invoice["Id"]])
            with worker.ledger.lock:
                worker.ledger.by_office["Payment"] += bool(link)


def go_to_the_bank(worker: Worker) -> None:
    worker.office("deposit_payments", payments=[worker.any_id("Payment")])


def merge_two_customers(worker: Worker) -> None:
    if worker.random.random() < 0.2:
        worker.office("merge_customers", loser=worker.any_id("Customer"), survivor=worker.any_id("Customer"))


def read_in_bulk(worker: Worker) -> None:
    found = worker.api.query("SELECT * FROM Invoice WHERE Balance > '0' MAXRESULTS 20").json()["QueryResponse"]
    assert all(0 < invoice["Balance"] <= invoice["TotalAmt"] for invoice in found.get("Invoice", ()))
    worker.api.get(
        "cdc", params={"entities": "Invoice,Payment,Customer", "changedSince": worker.api.emulator.clock.today()}
    )


def write_a_batch(worker: Worker) -> None:
    items = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": worker.name()}},
        {"bId": "2", "operation": "create", "Estimate": worker.form()},
    ]
    answers = worker.api.post("batch", {"BatchItemRequest": items}).json()["BatchItemResponse"]
    for item, answer in zip(items, answers, strict=True):
        kind = next(name for name in ("Customer", "Estimate") if name in item)
        if kind in answer:
            with worker.ledger.lock:
                worker.ledger.created.append((kind, answer[kind]["Id"]))
                worker.ledger.ids[kind].append(answer[kind]["Id"])
        else:
            worker.note_refusal(answer)


STEPS: list[Callable[[Worker], None]] = [
    add_a_name,
    rename_a_customer,
    deactivate_a_customer,
    write_an_estimate,
    accept_an_estimate,
    invoice_an_estimate,
    write_an_invoice,
    give_credit,
    change_the_lines,
    pay_invoices,
    pay_invoices,
    unapply_a_payment,
    void_something,
    delete_something,
    send_an_invoice,
    use_a_credit,
    go_to_the_bank,
    merge_two_customers,
    read_in_bulk,
    write_a_batch,
]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual, so that they meet in the middle of things."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.long
@pytest.mark.usefixtures("impatient")
def test_the_books_agree_after_a_minute_of_sixteen_clients() -> None:
    with Emulator(company="craig", limits=False) as emulator:
        emulator.switches.set("emails_per_day", 0)
        heard: list[Change] = []
        emulator.world.watchers.append(heard.append)
        ledger, company = Ledger(), emulator.company()
        for kind in ("Customer", "Vendor", "Estimate", "Invoice", "Payment", "CreditMemo"):
            ledger.ids[kind] += [document["Id"] for document in company.all(kind)]
        before = {(kind, id) for kind, ids in ledger.ids.items() for id in ids}
        workers = [Worker(Client(emulator), number, ledger, Random(number)) for number in range(CLIENTS)]
        until = time.monotonic() + SECONDS
        with ThreadPoolExecutor(CLIENTS) as pool:
            for working in [pool.submit(worker.work, until) for worker in workers]:
                working.result()

        assert faults_in(company) == []
        assert_ids_are_given_once(before | set(ledger.created), len(before) + len(ledger.created))
        assert_nothing_ran_twice(heard, ledger)
        assert_versions_only_grow(heard)
        names = [document["DisplayName"].casefold() for kind in NAMES for document in company.all(kind)]
        assert len(names) == len(set(names))
        # Every kind of work was done, much of it was refused by rules, and much was sent again.
        assert ledger.done.keys() == {step.__name__ for step in STEPS}
        assert min(ledger.done.values()) > 10, ledger.done
        assert {"5010", "6000", "6240"} <= ledger.refused.keys()
        assert ledger.replays > 50


def assert_ids_are_given_once(known: set[tuple[str, str]], number: int) -> None:
    """Names share one sequence, transactions another."""
    assert len(known) == number
    by_sequence = [("names" if kind in NAMES else "transactions", id) for kind, id in known]
    assert len(set(by_sequence)) == number


def assert_nothing_ran_twice(heard: list[Change], ledger: Ledger) -> None:
    """As many things were created as there were requests that were carried out, however often each was sent."""
    told = Counter(change.entity for change in heard if change.operation == "Create")
    wanted = Counter(kind for kind, _ in ledger.created) + ledger.by_office
    assert {kind: told[kind] for kind in wanted} == wanted


def assert_versions_only_grow(heard: list[Change]) -> None:
    """A thing is created before it changes, changes in the order of time, and is gone once it was deleted."""
    last: dict[tuple[str, str], Change] = {}
    for change in heard:
        key = (change.entity, change.id)
        before = last.get(key)
        assert before is None or (before.operation != "Delete" and before.time <= change.time), (before, change)
        assert before is None or change.operation != "Create", (before, change)
        last[key] = change
