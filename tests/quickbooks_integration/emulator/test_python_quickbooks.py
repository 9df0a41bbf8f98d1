"""The unchanged python-quickbooks library, pointed at the emulator."""

import os
from collections.abc import Iterator

import pytest
import requests
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects import Account, Customer, Employee, Invoice, Item, PaymentMethod, Term, Vendor
from quickbooks.objects.base import Address, EmailAddress, PhoneNumber
from quickbooks.objects.preferences import Preferences

from quickbooks_integration.emulator import Emulator

CALLBACK = "http://localhost/callback"


@pytest.fixture
def auth(craig_emulator: Emulator) -> AuthClient:
    return AuthClient(
        craig_emulator.client_id,
        craig_emulator.client_secret,
        CALLBACK,
        environment=f"{craig_emulator.url}/.well-known/openid_sandbox_configuration",
    )


@pytest.fixture
def craig_emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    monkeypatch.setitem(os.environ, "OAUTHLIB_INSECURE_TRANSPORT", "1")
    with Emulator("craig", limits=False) as emulator:
        yield emulator


@pytest.fixture
def books(craig_emulator: Emulator, auth: AuthClient) -> QuickBooks:
    class EmulatedQuickBooks(QuickBooks):
        api_url_v3 = sandbox_api_url_v3 = f"{craig_emulator.url}/v3"

    tokens = craig_emulator.connect()
    auth.access_token = tokens["access_token"]
    return EmulatedQuickBooks(
        auth_client=auth, refresh_token=tokens["refresh_token"], company_id=craig_emulator.realm, minorversion=75
    )


def test_the_whole_way_of_signing_in(craig_emulator: Emulator, auth: AuthClient) -> None:
    craig_emulator.switches.set("auto_approve", True)
    address = auth.get_authorization_url([Scopes.ACCOUNTING], state_token="s")
    back = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
    code = dict(part.split("=") for part in back.split("?")[1].split("&"))["code"]
    auth.get_bearer_token(code, realm_id=craig_emulator.realm)
    assert auth.expires_in == 3600
    first = auth.access_token
    auth.refresh()
    assert auth.access_token != first
    assert auth.revoke() is True
    with pytest.raises(AuthClientError) as caught:
        auth.refresh()
    assert caught.value.status_code == 400
    assert caught.value.intuit_tid


def test_lists(books: QuickBooks) -> None:
    assert len(Customer.all(qb=books)) == 29
    assert len(Customer.all(qb=books, max_results=10)) == 10
    assert [customer.Id for customer in Customer.all(order_by="Id DESC", max_results=2, qb=books)] == ["29", "28"]
    assert [customer.Id for customer in Customer.filter(Active=True, FamilyName="Cho", qb=books)] == ["17"]
    assert [customer.Id for customer in Customer.filter(DisplayName="Amy's Bird Sanctuary", qb=books)] == ["1"]
    assert [customer.Id for customer in Customer.where("DisplayName LIKE 'B%'", order_by="Id", qb=books)] == ["2", "23"]
    assert sorted(customer.Id for customer in Customer.choose(["1", "5", "99"], qb=books)) == ["1", "5"]
    assert Customer.count(qb=books) == 29
    assert Customer.count("Balance > '400'", qb=books) == 5
    assert Customer.query("SELECT * FROM Customer WHERE Id = '99'", qb=books) == []


def test_paging_finds_everyone_once(books: QuickBooks) -> None:
    found: list[str] = []
    while page := Customer.where(order_by="Id", start_position=len(found) + 1, max_results=7, qb=books):
        found += [customer.Id for customer in page]
    assert found == [str(number) for number in range(1, 30)]


@pytest.mark.parametrize(
    ("kind", "count"),
    [(Vendor, 26), (Employee, 2), (Term, 4), (PaymentMethod, 7), (Account, 30), (Item, 18), (Invoice, 31)],
)
def test_other_lists(books: QuickBooks, kind: type, count: int) -> None:
    assert len(kind.all(qb=books)) == count
    assert kind.count(qb=books) == count


def test_a_new_customer_with_everything_the_library_sends(books: QuickBooks) -> None:
    customer = Customer()
    customer.DisplayName = "Ann Lee"
    customer.GivenName = "Ann"
    customer.PrimaryPhone = PhoneNumber()
    customer.PrimaryPhone.FreeFormNumber = "555"
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "a@b.co"
    customer.BillAddr = Address()
    customer.BillAddr.City = "Quincy"
    saved = customer.save(qb=books, request_id="r1")
    assert (customer.Id, saved.SyncToken, saved.DisplayName) == ("58", "0", "Ann Lee")
    assert saved.BillAddr.City == "Quincy"
    assert Customer.get(58, qb=books).PrimaryEmailAddr.Address == "a@b.co"


def test_the_same_request_id_creates_once(books: QuickBooks) -> None:
    for _ in range(2):
        customer = Customer()
        customer.DisplayName = "Ann Lee"
        assert customer.save(qb=books, request_id="r1").Id == "58"


def test_saving_what_was_read(books: QuickBooks) -> None:
    customer = Customer.get(1, qb=books)
    assert customer.save(qb=books).SyncToken == "0"
    customer.Notes = "calls back"
    saved = customer.save(qb=books)
    assert (saved.SyncToken, saved.Notes, saved.PrimaryPhone.FreeFormNumber) == ("1", "calls back", "(650) 555-3311")
    customer.Notes = "again, with the old token"
    with pytest.raises(QuickbooksException) as caught:
        customer.save(qb=books)
    assert caught.value.error_code == 5010


def test_a_sparse_update_and_a_deactivation(books: QuickBooks) -> None:
    customer = Customer.get(3, qb=books)
    sparse = Customer()
    for name in list(vars(sparse)):
        delattr(sparse, name)
    sparse.Id, sparse.SyncToken, sparse.sparse, sparse.Active = customer.Id, customer.SyncToken, True, False
    saved = sparse.save(qb=books)
    assert (saved.DisplayName, saved.Active, saved.CompanyName) == ("Cool Cars (deleted)", False, "Cool Cars")
    assert len(Customer.filter(Active=False, qb=books)) == 1
    assert Customer.count(qb=books) == 28


def test_vendors_employees_and_terms_are_saved(books: QuickBooks) -> None:
    vendor, employee, term = Vendor(), Employee(), Term()
    vendor.DisplayName, employee.GivenName, employee.FamilyName = "Lumber & Co", "Ann", "Lee"
    term.Name, term.DueDays = "Net 5", 5
    assert vendor.save(qb=books).Id == "58"
    assert employee.save(qb=books).DisplayName == "Ann Lee"
    assert term.save(qb=books).DueDays == 5


def test_preferences_are_read_and_saved(books: QuickBooks) -> None:
    preferences = Preferences.get(qb=books)
    preferences.SalesFormsPrefs.CustomTxnNumbers = True
    assert preferences.save(qb=books).SalesFormsPrefs.CustomTxnNumbers is True


def test_errors_arrive_as_the_librarys_exceptions(books: QuickBooks) -> None:
    with pytest.raises(ObjectNotFoundException):
        Customer.get(999, qb=books)
    with pytest.raises(ValidationException) as caught:
        Customer.where("PrimaryPhone = '1'", qb=books)
    assert caught.value.error_code == 4001
    duplicate = Customer()
    duplicate.DisplayName = "PG&E"
    with pytest.raises(QuickbooksException) as refused:
        duplicate.save(qb=books)
    assert (refused.value.error_code, refused.value.message) == (6240, "Duplicate Name Exists Error")


def test_an_expired_token_is_an_authorization_exception(craig_emulator: Emulator, books: QuickBooks) -> None:
    craig_emulator.clock.advance(3601)
    with pytest.raises(AuthorizationException) as caught:
        Customer.all(qb=books)
    assert caught.value.error_code == 401
