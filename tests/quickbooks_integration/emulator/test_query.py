"""Queries over HTTP: filters, inactive records, paging, order, and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quickbooks_integration.emulator import Emulator

from .client import Client, fault

PEOPLE: list[dict[str, Any]] = [
    {
        "Id": "1",
        "DisplayName": "Bill's Boats",
        "GivenName": "Bill",
        "FamilyName": "Adams",
        "Balance": 10.5,
        "PrimaryEmailAddr": {"Address": "bill@boats.example"},
        "PrimaryPhone": {"FreeFormNumber": "555"},
        "MetaData": {"CreateTime": "2026-01-10T08:00:00-08:00", "LastUpdatedTime": "2026-05-01T08:00:00-07:00"},
    },
    {
        "Id": "2",
        "DisplayName": "ann",
        "GivenName": "Ann",
        "FamilyName": "Baker",
        "Balance": 0,
        "MetaData": {"CreateTime": "2026-01-11T08:00:00-08:00", "LastUpdatedTime": "2026-05-02T08:00:00-07:00"},
    },
    {
        "Id": "10",
        "DisplayName": "Ännchen 5%",
        "FamilyName": "Adams",
        "Balance": -3,
        "MetaData": {"CreateTime": "2026-01-12T08:00:00-08:00", "LastUpdatedTime": "2026-05-02T08:00:00-07:00"},
    },
    {
        "Id": "11",
        "DisplayName": "Zed (deleted)",
        "Active": False,
        "Balance": 0,
        "MetaData": {"CreateTime": "2026-01-13T08:00:00-08:00", "LastUpdatedTime": "2026-05-03T08:00:00-07:00"},
    },
    {
        "Id": "12",
        "DisplayName": "Cellar",
        "ParentRef": {"value": "1"},
        "Job": True,
        "Balance": 7,
        "MetaData": {"CreateTime": "2026-01-14T08:00:00-08:00", "LastUpdatedTime": "2026-05-04T08:00:00-07:00"},
    },
]
INVOICES: list[dict[str, Any]] = [
    {
        "Id": str(20 + number),
        "DocNumber": f"10{number}",
        "TxnDate": f"2026-05-0{number}",
        "CustomerRef": {"value": "1", "name": "an old name"},
        "TotalAmt": number,
        "Balance": 0,
        "Line": [],
        "MetaData": {"CreateTime": "2026-05-01T00:00:00-07:00", "LastUpdatedTime": f"2026-05-0{number}T00:00:00-07:00"},
    }
    for number in (1, 2, 3)
]


@pytest.fixture(scope="module")
def books() -> Iterator[Client]:
    with Emulator({"Customer": PEOPLE, "Invoice": INVOICES}, limits=False) as emulator:
        yield Client(emulator)


def ids(books: Client, rest: str, entity: str = "Customer") -> list[str]:
    answer = books.query(f"SELECT * FROM {entity} {rest}")
    assert answer.status_code == 200, answer.text
    return [found["Id"] for found in answer.json()["QueryResponse"].get(entity, [])]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("DisplayName = 'ANN'", ["2"]),
        ("displayname = 'ann'", ["2"]),
        (r"DisplayName = 'Bill\'s Boats'", ["1"]),
        ("DisplayName = 'Bill’s Boats'", []),
        ("DisplayName LIKE '%n%'", ["2", "10"]),
        ("DisplayName LIKE 'bill%'", ["1"]),
        ("DisplayName LIKE '%5%'", ["10"]),
        ("DisplayName LIKE 'a__'", []),
        ("DisplayName LIKE 'ann'", ["2"]),
        ("DisplayName LIKE 'an%nn'", []),
        ("DisplayName > 'b' AND DisplayName < 'd'", ["1", "12"]),
        ("FamilyName = 'Adams'", ["1", "10"]),
        ("FamilyName = 'Adams' AND GivenName = 'Bill'", ["1"]),
        ("GivenName = ''", ["10", "12"]),
        ("GivenName < 'z'", ["1", "2"]),
        ("Id = '1'", ["1"]),
        ("Id = 1", ["1"]),
        ("Id IN ('1', '12', '99')", ["1", "12"]),
        ("PrimaryEmailAddr = 'Bill@Boats.example'", ["1"]),
        ("PrimaryEmailAddr LIKE '%@boats.example'", ["1"]),
        ("Balance > 0", ["1", "12"]),
        ("Balance >= '7'", ["1", "12"]),
        ("Balance = 10.50", ["1"]),
        ("Balance < 0", ["10"]),
        ("Balance <= 0 AND Balance > -3", ["2"]),
        ("Active = false", ["11"]),
        ("Active = 'False'", ["11"]),
        ("Active IN (true, FALSE)", ["1", "2", "10", "11", "12"]),
        ("Active = True", ["1", "2", "10", "12"]),
        ("Job = true", ["12"]),
        ("ParentRef = '1'", ["12"]),
        ("FullyQualifiedName = 'Bill\\'s Boats:Cellar'", ["12"]),
        ("MetaData.LastUpdatedTime >= '2026-05-02T08:00:00-07:00'", ["2", "10", "12"]),
        ("MetaData.LastUpdatedTime > '2026-05-02T15:00:00Z'", ["12"]),
        ("MetaData.LastUpdatedTime > '2026-05-02T08:00:00'", ["12"]),
        ("MetaData.LastUpdatedTime >= '2026-05-02T08:00:00.000-0700'", ["2", "10", "12"]),
        ("MetaData.LastUpdatedTime > '2026-05-02'", ["2", "10", "12"]),
        ("MetaData.CreateTime < '2026-01-11T16:00:00+00:00'", ["1"]),
        ("MetaData.CreateTime < CURRENT_DATE", ["1", "2", "10", "12"]),
    ],
)
def test_filters(books: Client, where: str, found: list[str]) -> None:
    assert ids(books, f"WHERE {where} ORDERBY Id") == found


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("TxnDate = '2026-05-02'", ["22"]),
        ("TxnDate > '2026-05-01' AND TxnDate <= '2026-05-03'", ["22", "23"]),
        ("TxnDate <= CURRENT_DATE", ["21", "22", "23"]),
        ("CustomerRef = '1'", ["21", "22", "23"]),
        ("CustomerRef IN ('2')", []),
        ("DocNumber = '103'", ["23"]),
        ("TotalAmt >= 2", ["22", "23"]),
    ],
)
def test_filters_of_transactions(books: Client, where: str, found: list[str]) -> None:
    assert ids(books, f"WHERE {where} ORDERBY Id", "Invoice") == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("", ["2", "1", "12", "10"]),  # by full name: ann, Bill's Boats, Bill's Boats:Cellar, Ännchen
        ("ORDERBY Id", ["1", "2", "10", "12"]),
        ("ORDERBY Id DESC", ["12", "10", "2", "1"]),
        ("ORDER BY DisplayName", ["2", "1", "12", "10"]),
        ("ORDERBY FamilyName, DisplayName DESC", ["12", "10", "1", "2"]),
        ("ORDERBY FamilyName DESC, Balance", ["2", "10", "1", "12"]),
        ("ORDERBY MetaData.LastUpdatedTime", ["1", "2", "10", "12"]),
        ("ORDERBY MetaData.LastUpdatedTime DESC, Id DESC", ["12", "10", "2", "1"]),
        ("ORDERBY Balance DESC", ["1", "12", "2", "10"]),
    ],
)
def test_order(books: Client, order: str, found: list[str]) -> None:
    assert ids(books, order) == found


def test_transactions_come_newest_first(books: Client) -> None:
    assert ids(books, "", "Invoice") == ["23", "22", "21"]


@pytest.mark.parametrize(
    ("paging", "found"),
    [
        ("STARTPOSITION 1 MAXRESULTS 2", ["1", "2"]),
        ("MAXRESULTS 2 STARTPOSITION 3", ["10", "12"]),
        ("STARTPOSITION 4", ["12"]),
        ("STARTPOSITION 5", []),
        ("MAXRESULTS 5000", ["1", "2", "10", "12"]),
    ],
)
def test_paging(books: Client, paging: str, found: list[str]) -> None:
    assert ids(books, f"ORDERBY Id {paging}") == found


def test_a_page_says_where_it_starts_and_how_long_it_is(books: Client) -> None:
    found = books.query("SELECT * FROM Customer ORDERBY Id STARTPOSITION 2 MAXRESULTS 2").json()
    assert sorted(found) == ["QueryResponse", "time"]
    assert sorted(found["QueryResponse"]) == ["Customer", "maxResults", "startPosition"]
    assert (found["QueryResponse"]["startPosition"], found["QueryResponse"]["maxResults"]) == (2, 2)


def test_pages_of_invoices_carry_the_size_of_the_page_as_total(books: Client) -> None:
    found = books.query("SELECT * FROM Invoice MAXRESULTS 2").json()["QueryResponse"]
    assert (found["maxResults"], found["totalCount"]) == (2, 2)


def test_an_empty_result_lacks_the_entity(books: Client) -> None:
    assert books.query("SELECT * FROM Customer WHERE Id = '99'").json()["QueryResponse"] == {}
    assert books.query("SELECT * FROM Bill").json()["QueryResponse"] == {}


@pytest.mark.parametrize(("where", "count"), [("", 4), ("WHERE Active IN (true,false)", 5), ("WHERE Balance > 100", 0)])
def test_count(books: Client, where: str, count: int) -> None:
    assert books.query(f"SELECT COUNT(*) FROM Customer {where}").json()["QueryResponse"] == {"totalCount": count}


def test_pages_of_a_hundred_unless_asked_for_more_and_never_over_a_thousand() -> None:
    with Emulator("empty", customers=1100, limits=False) as emulator:
        books = Client(emulator)
        assert len(ids(books, "")) == 100
        assert len(ids(books, "MAXRESULTS 1000")) == 1000
        assert len(ids(books, "MAXRESULTS 1001")) == 1000
        emulator.switches.set("too_many_results", "refuse")
        error = fault(books.query("SELECT * FROM Customer MAXRESULTS 1001"))
        assert error["Detail"] == "QueryValidationError: value 1001 is too large. Max allowed value is 1000"


def test_a_selection_returns_only_what_was_selected(books: Client) -> None:
    found = books.query("SELECT DisplayName, MetaData.CreateTime FROM Customer WHERE Id = '1'").json()
    assert found["QueryResponse"]["Customer"] == [
        {
            "domain": "QBO",
            "sparse": True,
            "Id": "1",
            "DisplayName": "Bill's Boats",
            "MetaData": {"CreateTime": "2026-01-10T08:00:00-08:00"},
        }
    ]


def test_a_selection_can_be_refused(craig: Client) -> None:
    craig.emulator.switches.set("projections", "refuse")
    assert fault(craig.query("SELECT DisplayName FROM Customer"))["code"] == "4001"
    assert craig.query("SELECT *, Sku FROM Item").status_code == 200


def test_a_selection_with_a_star_returns_everything(books: Client) -> None:
    (found,) = books.query("SELECT *, GivenName FROM Customer WHERE Id = '1'").json()["QueryResponse"]["Customer"]
    assert found["FamilyName"] == "Adams"


def test_references_show_the_name_of_today(books: Client) -> None:
    found = books.query("SELECT * FROM Invoice MAXRESULTS 1").json()["QueryResponse"]["Invoice"][0]
    assert found["CustomerRef"] == {"value": "1", "name": "Bill's Boats"}


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("SELECT * FROM Nothing", "Invalid context declaration: Nothing"),
        ("SELECT * FROM Customer WHERE foo = '1'", "property 'foo' not found for entity Customer"),
        ("SELECT foo FROM Customer", "property 'foo' not found for entity Customer"),
        ("SELECT * FROM Customer ORDERBY foo", "property 'foo' not found for entity Customer"),
        (
            "SELECT * FROM Customer WHERE PrimaryPhone = '1'",
            "property 'PrimaryPhone' is not queryable for entity Customer",
        ),
        ("SELECT * FROM Customer WHERE Mobile LIKE '%1'", "property 'Mobile' is not queryable for entity Customer"),
        ("SELECT * FROM Customer WHERE BillAddr = 'x'", "property 'BillAddr' is not queryable for entity Customer"),
        (
            "SELECT * FROM Customer WHERE BillAddr.City = 'x'",
            "property 'BillAddr.City' is not queryable for entity Customer",
        ),
        ("SELECT * FROM Customer WHERE Notes = 'x'", "property 'Notes' is not queryable for entity Customer"),
        (
            "SELECT * FROM Customer WHERE BalanceWithJobs = 0",
            "property 'BalanceWithJobs' is not queryable for entity Customer",
        ),
        (
            "SELECT * FROM Estimate WHERE TxnStatus = 'Closed'",
            "property 'TxnStatus' is not queryable for entity Estimate",
        ),
        (
            "SELECT * FROM Invoice WHERE EmailStatus = 'NotSet'",
            "property 'EmailStatus' is not queryable for entity Invoice",
        ),
        ("SELECT * FROM Customer ORDERBY BillAddr", "property 'BillAddr' is not sortable for entity Customer"),
        ("SELECT * FROM Customer WHERE Id > '1'", "operator > is not supported for property 'Id'"),
        ("SELECT * FROM Customer WHERE Id LIKE '%1'", "operator LIKE is not supported for property 'Id'"),
        ("SELECT * FROM Customer WHERE Balance LIKE '%1'", "operator LIKE is not supported for property 'Balance'"),
        ("SELECT * FROM Customer WHERE Active > true", "operator > is not supported for property 'Active'"),
        ("SELECT * FROM Customer WHERE Balance = 'much'", "value 'much' is not valid for property 'Balance'"),
        ("SELECT * FROM Customer WHERE Balance = 'NaN'", "value 'NaN' is not valid for property 'Balance'"),
        ("SELECT * FROM Customer WHERE Active = 'perhaps'", "value 'perhaps' is not valid for property 'Active'"),
        (
            "SELECT * FROM Customer WHERE MetaData.CreateTime > '2026-05-01T00:00:00 02:00'",
            "value '2026-05-01T00:00:00 02:00' is not valid for property 'MetaData.CreateTime'",
        ),
        ("SELECT * FROM Invoice WHERE TxnDate = 'May 1'", "value 'May 1' is not valid for property 'TxnDate'"),
        ("SELECT * FROM Customer STARTPOSITION 0", "value 0 is too small. Min allowed value is 1"),
        ("SELECT * FROM Customer STARTPOSITION -1", "value -1 is too small. Min allowed value is 1"),
        ("SELECT * FROM Customer MAXRESULTS 0", "value 0 is too small. Min allowed value is 1"),
    ],
)
def test_what_is_refused_with_4001(books: Client, statement: str, detail: str) -> None:
    error = fault(books.query(statement))
    assert (error["code"], error["Message"]) == ("4001", "Invalid query")
    assert error["Detail"] == f"QueryValidationError: {detail}"


def test_a_statement_that_can_not_be_read_is_4000_with_its_place(books: Client) -> None:
    error = fault(books.query("SELECT * FROM Customer WHERE DisplayName = 'O''Neil'"))
    assert (error["code"], error["Message"]) == ("4000", "Error parsing query")
    assert "at line 1, column 47" in error["Detail"]


@pytest.mark.parametrize("content_type", ["application/text", "text/plain", "text/plain;charset=utf-8"])
def test_a_statement_can_be_posted(books: Client, content_type: str) -> None:
    statement = "SELECT * FROM Customer WHERE DisplayName LIKE 'Änn%'"
    answer = books.session.post(
        books.address("query"), data=statement.encode(), headers={"Content-Type": content_type}, timeout=10
    )
    assert [found["Id"] for found in answer.json()["QueryResponse"]["Customer"]] == ["10"]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe"])
def test_a_post_without_a_readable_statement_is_4000(books: Client, body: bytes) -> None:
    assert fault(books.session.post(books.address("query"), data=body, timeout=10))["code"] == "4000"


def test_a_plus_in_an_address_is_a_blank_and_spoils_the_time(books: Client) -> None:
    path = "query?query=SELECT%20*%20FROM%20Customer%20WHERE%20MetaData.CreateTime%20%3E%20'2026-05-01T00:00:00{}02:00'"
    assert fault(books.get(path.format("+")))["code"] == "4001"
    assert books.get(path.format("%2B")).status_code == 200


def test_a_change_is_seen_by_the_next_query() -> None:
    with Emulator({"Customer": PEOPLE}, limits=False) as emulator:
        books = Client(emulator)
        assert ids(books, "WHERE GivenName = 'Ann' ORDERBY Id") == ["2"]
        books.save("Customer", GivenName="Ann", DisplayName="Another")
        assert ids(books, "WHERE GivenName = 'Ann' ORDERBY Id") == ["2", "13"]
        emulator.bookkeeper().deactivate("2")
        assert ids(books, "WHERE GivenName = 'Ann' ORDERBY Id") == ["13"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_text_makes_the_server_fail(books: Client, text: str) -> None:
    for statement in (text, f"SELECT * FROM Customer WHERE DisplayName = '{text}'", f"SELECT * FROM Customer {text}"):
        assert books.query(statement).status_code in (200, 400)


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Invoice", "Estimate", "Payment", "Item", "Account", "Term"])
def test_everything_of_the_sample_company_can_be_queried(craig: Client, entity: str) -> None:
    stored = len(craig.emulator.company().all(entity))
    assert len(ids(craig, "ORDERBY Id MAXRESULTS 1000", entity)) == stored > 0


def test_the_sample_companys_lists_are_in_the_recorded_order(craig: Client) -> None:
    assert ids(craig, "MAXRESULTS 9") == [str(number) for number in range(1, 10)]


def test_the_codes_of_lines_are_tax_codes_with_an_id_that_is_no_number(craig: Client) -> None:
    assert {"TAX", "NON"} <= set(ids(craig, "", "TaxCode"))
    assert craig.read("TaxCode", "TAX")["Id"] == "TAX"
