"""The unchanged python-quickbooks library: change feed, batches, mail, PDF, attachments, reports."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import QuickbooksException, UnsupportedException
from quickbooks.objects import (
    Attachable,
    Customer,
    Estimate,
    Invoice,
    TaxCode,
    Vendor,
)
from quickbooks.objects.base import AttachableRef

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.clock import with_milliseconds


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    monkeypatch.setitem(os.environ, "OAUTHLIB_INSECURE_TRANSPORT", "1")
    with Emulator("craig", limits=False) as running:
        yield running


@pytest.fixture
def books(emulator: Emulator) -> QuickBooks:
    class EmulatedQuickBooks(QuickBooks):
        api_url_v3 = sandbox_api_url_v3 = f"{emulator.url}/v3"

    discovery = f"{emulator.url}/.well-known/openid_sandbox_configuration"
    auth = AuthClient(emulator.client_id, emulator.client_secret, "http://localhost/callback", environment=discovery)
    tokens = emulator.connect()
    auth.access_token = tokens["access_token"]
    return EmulatedQuickBooks(
        auth_client=auth, refresh_token=tokens["refresh_token"], company_id=emulator.realm, minorversion=75
    )


def customers(*names: str) -> list[Customer]:
    made = []
    for name in names:
        customer = Customer()
        customer.DisplayName = name
        made.append(customer)
    return made


def test_the_change_feed(emulator: Emulator, books: QuickBooks) -> None:
    emulator.clock.advance(60)
    since = with_milliseconds(emulator.clock.now())
    (ann,) = customers("Ann")
    saved = ann.save(qb=books)
    Estimate.get(100, qb=books).delete(qb=books)
    found = change_data_capture([Customer, Estimate, Vendor], since, qb=books)
    assert [(row.Id, row.DisplayName) for row in found.Customer] == [(saved.Id, "Ann")]
    assert [(row.Id, row.status) for row in found.Estimate] == [("100", "Deleted")]
    assert not hasattr(found, "Vendor")


def test_the_change_feed_refuses_what_it_has_not(books: QuickBooks) -> None:
    with pytest.raises(UnsupportedException):
        change_data_capture([TaxCode], "2026-05-01", qb=books)


def test_batches(books: QuickBooks) -> None:
    """35 are sent in two requests; one name is taken."""
    made = batch_create(customers("Amy's Bird Sanctuary", *(f"C{number}" for number in range(34))), qb=books)
    assert (len(made.successes), len(made.faults)) == (34, 1)
    assert made.faults[0].original_object.DisplayName == "Amy's Bird Sanctuary"
    assert [error.code for error in made.faults[0].Error] == ["6240"]
    for customer in made.successes:
        customer.Notes = "from a batch"
    changed = batch_update(made.successes, qb=books)
    assert {customer.Notes for customer in changed.successes} == {"from a batch"}
    assert Customer.count(qb=books) == 29 + 34
    estimates = Estimate.all(qb=books)
    deleted = batch_delete(estimates[:2], qb=books)
    assert (len(deleted.successes), [item.status for item in deleted.successes]) == (2, ["Deleted", "Deleted"])
    assert Estimate.count(qb=books) == 2


def test_sending(emulator: Emulator, books: QuickBooks) -> None:
    invoice = Invoice.get(49, qb=books)
    sent = invoice.send(qb=books, send_to="a+b@x.com")
    assert (sent["Invoice"]["EmailStatus"], sent["Invoice"]["BillEmail"]) == ("EmailSent", {"Address": "a+b@x.com"})
    estimate = Estimate.get(100, qb=books)
    estimate.send(qb=books, send_to="c@d.co")
    estimate.send(qb=books)
    assert [(mail.entity, mail.to) for mail in emulator.outbox.mails()] == [
        ("Invoice", "a+b@x.com"),
        ("Estimate", "c@d.co"),
        ("Estimate", "c@d.co"),
    ]
    with pytest.raises(QuickbooksException) as refused:
        invoice.send(qb=books, send_to="nobody")
    assert refused.value.error_code == 2210


def test_pdfs(books: QuickBooks) -> None:
    for kind, id in ((Invoice, 49), (Estimate, 100)):
        assert kind.get(id, qb=books).download_pdf(qb=books)[:5] == b"%PDF-"
    with pytest.raises(QuickbooksException):
        books.download_pdf("Invoice", 9999)


def new_attachable(books: QuickBooks) -> Attachable:
    made, reference = Attachable(), AttachableRef()
    reference.EntityRef = Invoice.get(49, qb=books).to_ref()
    made.AttachableRef.append(reference)
    return made


def test_a_note(books: QuickBooks) -> None:
    note = new_attachable(books)
    note.Note = "Call before noon"
    saved = note.save(qb=books)
    assert (saved.Note, saved.AttachableRef[0].EntityRef.value) == ("Call before noon", "49")
    saved.Note = "Call after noon"
    assert saved.save(qb=books).SyncToken == "1"
    assert [found.Note for found in Attachable.filter(Id=saved.Id, qb=books)] == ["Call after noon"]


@pytest.mark.parametrize("from_disk", [True, False])
def test_a_file(books: QuickBooks, tmp_path: Path, from_disk: bool) -> None:
    content = bytes(range(256)) * 40
    photo = new_attachable(books)
    photo.FileName, photo.ContentType = "crack.jpg", "image/jpeg"
    if from_disk:
        file = tmp_path / "crack.jpg"
        file.write_bytes(content)
        photo._FilePath = str(file)
    else:
        photo._FileBytes = content
    saved = photo.save(qb=books)
    assert (saved.FileName, saved.Size, saved.ContentType) == ("crack.jpg", len(content), "image/jpeg")
    assert requests.get(saved.TempDownloadUri, timeout=10).content == content
    where = "AttachableRef.EntityRef.Type = 'invoice' AND AttachableRef.EntityRef.value = '49'"
    assert [found.Id for found in Attachable.where(where, qb=books)] == [saved.Id]
    Attachable.get(saved.Id, qb=books).delete(qb=books)
    assert Attachable.count(qb=books) == 0


def test_reports(books: QuickBooks) -> None:
    aging = books.get_report("AgedReceivables")
    assert aging["Rows"]["Row"][-1]["Summary"]["ColData"][-1] == {"value": "5281.52"}
    sales = books.get_report("CustomerSales", {"date_macro": "All", "customer": "1"})
    assert sales["Header"]["Customer"] == "1"
    profit = books.get_report("ProfitAndLoss", {"accounting_method": "Cash"})
    assert profit["Header"]["ReportBasis"] == "Cash"
    with pytest.raises(QuickbooksException) as refused:
        books.get_report("CustomerSales", {"date_macro": "Last Blue Moon"})
    assert refused.value.error_code == 2170
