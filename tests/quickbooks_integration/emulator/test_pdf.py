"""Documents as PDF."""

import re
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration.emulator.printing.pdf import Page, document

from .books import line, pay, sell
from .client import Client, fault

ACCEPT = {"Accept": "application/pdf"}


def pdf(api: Client, path: str, accept: str = "application/pdf") -> requests.Response:
    return api.get(path, headers={"Accept": accept})


def objects_of(content: bytes) -> dict[int, bytes]:
    """Reads the file as a program does: from the end, by the table of places. Fails on anything out of place."""
    assert content.startswith(b"%PDF-1.")
    ended = re.search(rb"startxref\n(\d+)\n%%EOF\n\Z", content)
    assert ended
    table = content[int(ended[1]) :]
    head = re.match(rb"xref\n0 (\d+)\n", table)
    assert head
    count, found = int(head[1]), {}
    for number in range(count):
        entry = table[head.end() + 20 * number : head.end() + 20 * (number + 1)]
        assert len(entry) == 20
        place = int(entry[:10])
        if entry[17:18] == b"n":
            start = f"{number} 0 obj\n".encode()
            assert content[place:].startswith(start)
            found[number] = content[place + len(start) : content.index(b"\nendobj\n", place)]
    assert f"/Size {count} /Root 1 0 R".encode() in table
    return found


def texts(content: bytes) -> list[str]:
    """What is printed, in the order of printing, over all pages; lengths of streams are checked on the way."""
    found: list[str] = []
    for inside in objects_of(content).values():
        if stream := re.match(rb"<< /Length (\d+) >>\nstream\n(.*)\nendstream\Z", inside, re.DOTALL):
            assert len(stream[2]) == int(stream[1])
            found += [_plain(text) for text in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", stream[2])]
    return found


def _plain(text: bytes) -> str:
    return re.sub(r"\\(.)", r"\1", text.decode("cp1252"))


def test_an_invoice_shows_company_customer_lines_and_totals(craig: Client) -> None:
    """Invoice 1015, recorded: 1005 less 5 % is 954.75."""
    answer = pdf(craig, "invoice/49/pdf")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["intuit_tid"]
    invoice = craig.read("Invoice", "49")
    printed = texts(answer.content)
    assert printed[:2] == ["Craig's Design and Landscaping Services", "INVOICE"]
    for text in (
        f"No. {invoice['DocNumber']}",
        f"Date: {invoice['TxnDate']}",
        f"Due date: {invoice['DueDate']}",
        "Paulsen Medical Supplies",
        "Design - Custom Design",
        "Rock Fountain",
        "1,005.00",
        "-50.25",
        "Balance due",
        "Thank you for your business and have a great day!",
    ):
        assert printed.count(text) == 1, text
    assert printed[printed.index("Total") + 1] == "954.75"
    amounts = [sold["Amount"] for sold in invoice["Line"] if sold["DetailType"] == "SalesItemLineDetail"]
    assert all(f"{amount:,.2f}" in printed for amount in amounts)


@pytest.mark.parametrize(
    ("entity", "title"),
    [
        ("Estimate", "ESTIMATE"),
        ("SalesReceipt", "SALES RECEIPT"),
        ("CreditMemo", "CREDIT MEMO"),
        ("RefundReceipt", "REFUND RECEIPT"),
    ],
)
def test_every_sales_form_has_one(api: Client, entity: str, title: str) -> None:
    api.save("Customer", DisplayName="Ann")
    printed = texts(pdf(api, f"{entity.lower()}/{sell(api, entity)['Id']}/pdf").content)
    assert (printed[1], printed[printed.index("Total") + 1]) == (title, "100.00")
    assert "Ann" in printed
    assert "Balance due" not in printed


def test_a_payment_shows_what_it_paid(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sold = sell(api)
    paid = pay(api, 40, sold["Id"])
    printed = texts(pdf(api, f"payment/{paid['Id']}/pdf").content)
    assert printed[1] == "PAYMENT RECEIPT"
    assert f"Invoice {sold['Id']}" in printed
    assert printed.count("40.00") == 2


def test_many_lines_go_on_over_several_pages(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    lines = [line(api, number, Description=f"Pier {number} " + "deep " * 30) for number in range(1, 61)]
    sold = api.save("Invoice", CustomerRef={"value": "1"}, Line=lines)
    content = pdf(api, f"invoice/{sold['Id']}/pdf").content
    printed = " ".join(texts(content))
    assert [number for number in range(1, 61) if f"Pier {number} " not in printed] == []
    assert b"/Count 4 >>" in objects_of(content)[2]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("Café (Süd) \\ Söhne", "Café (Süd) \\ Söhne"),
        ("20 € “quoted”", "20 € “quoted”"),
        ("北京 Foundation", "?? Foundation"),
    ],
)
def test_letters_outside_of_english(api: Client, name: str, printed: str) -> None:
    api.save("Customer", DisplayName=name)
    assert printed in texts(pdf(api, f"invoice/{sell(api)['Id']}/pdf").content)


def test_a_tax_stands_before_the_total(craig: Client) -> None:
    taxed = next(
        row
        for row in craig.query("SELECT * FROM Invoice").json()["QueryResponse"]["Invoice"]
        if row["TotalAmt"] == 362.07
    )
    printed = texts(pdf(craig, f"invoice/{taxed['Id']}/pdf").content)
    place = printed.index("Tax")
    assert printed[place : place + 4] == ["Tax", "26.82", "Total", "362.07"]


# Who gets one


@pytest.mark.parametrize(
    "accept",
    ["application/pdf", "application/pdf, application/json", "*/*", "application/*;q=0.5", "", "application/json"],
)
def test_accepting_a_pdf_in_any_form(api: Client, accept: str) -> None:
    api.save("Customer", DisplayName="Ann")
    answer = pdf(api, f"invoice/{sell(api)['Id']}/pdf", accept)
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_a_client_that_accepts_none_can_be_refused(api: Client) -> None:
    api.emulator.switches.set("pdf_without_accept", "refuse")
    api.save("Customer", DisplayName="Ann")
    path = f"invoice/{sell(api)['Id']}/pdf"
    assert fault(pdf(api, path, "application/json"))["code"] == "500"
    assert pdf(api, path, "application/pdf").status_code == 200


def test_errors_are_faults_not_documents(api: Client) -> None:
    assert fault(pdf(api, "invoice/99/pdf", "application/pdf, application/json"))["code"] == "610"
    refused = pdf(api, "invoice/99/pdf")
    assert (refused.status_code, refused.headers["Content-Type"]) == (400, "application/xml;charset=UTF-8")
    assert "Object Not Found" in refused.text
    assert fault(pdf(api, "customer/1/pdf", "application/json"))["code"] == "500"


def test_it_asks_for_a_token(api: Client) -> None:
    assert requests.get(api.address("invoice/1/pdf"), headers=ACCEPT, timeout=10).status_code == 401


# The file


@given(st.lists(st.lists(st.text(max_size=20), max_size=5), min_size=1, max_size=4), st.text(max_size=20))
def test_any_text_makes_a_file_that_can_be_read(pages: list[list[str]], title: str) -> None:
    made = []
    for content in pages:
        page = Page()
        for text in content:
            page.text(10, 10, text)
        made.append(page)
    found = objects_of(document(made, title))
    assert sum(b"/Type /Page " in inside for inside in found.values()) == len(pages)
    assert len(texts(document(made, title))) == sum(map(len, pages))


def test_amounts_stand_flush_right() -> None:
    page: Any = Page()
    page.text_right(500, 100, "1,005.00")
    assert page.commands == ["BT /F1 10 Tf 461.08 692.00 Td (1,005.00) Tj ET"]  # 6 x 5.56 + 2 x 2.78 = 38.92
