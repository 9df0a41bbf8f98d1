"""Envelopes, headers, formats, requestids: what every call of the accounting API has in common."""

import gzip
import json
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest
import requests

from quickbooks_integration.emulator import Emulator

from .client import Client, fault

PACIFIC_MILLISECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-0[78]:00"
PACIFIC_SECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00"
NAMESPACE = "{http://schema.intuit.com/finance/v3}"


# Routes


@pytest.mark.parametrize("path", ["customer/1", "Customer/1", "CUSTOMER/1"])
def test_entity_names_in_addresses_know_no_case(craig: Client, path: str) -> None:
    assert craig.get(path).json()["Customer"]["DisplayName"] == "Amy's Bird Sanctuary"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "nonsense"),
        ("GET", "nonsense/1"),
        ("GET", "customer"),
        ("GET", "customer/1/pdf/x"),
        ("POST", "nonsense"),
        ("POST", "customer/1"),
        ("PUT", "customer"),
        ("PATCH", "customer/1"),
        ("DELETE", "customer/1"),
    ],
)
def test_an_unknown_address_is_400_unsupported_operation(api: Client, method: str, path: str) -> None:
    error = fault(api.session.request(method, api.address(path), json={}, timeout=10))
    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert error["Detail"] == (
        f"Operation Could not find resource for relative : /v3/company/{api.emulator.realm}/{path} is not supported."
    )


def test_an_address_outside_of_the_api_is_404(emulator: Emulator) -> None:
    assert requests.get(f"{emulator.url}/nothing/here", timeout=10).status_code == 404


@pytest.mark.parametrize(
    "minorversion", ["", "?minorversion=1", "?minorversion=73", "?minorversion=75", "?minorversion=99"]
)
def test_the_minor_version_changes_nothing(craig: Client, minorversion: str) -> None:
    found = craig.get(f"customer/1{minorversion}").json()["Customer"]
    assert found == craig.read("Customer", "1")


# Headers and envelopes


def test_the_recorded_headers_are_there(api: Client) -> None:
    headers = api.get("preferences").headers
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", headers["intuit_tid"])
    assert headers["qbo-version"]
    assert re.fullmatch(r"total=\d+, db=\d+", headers["service-time"])
    assert headers["content-type"] == "application/json;charset=UTF-8"
    assert headers["cache-control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert headers["expires"] == "0"
    assert headers["server"] == "istio-envoy"
    assert headers["x-request-id"]
    assert headers["x-spanid"]
    assert "retry-after" not in headers


def test_every_answer_has_its_own_tid_also_refusals(api: Client) -> None:
    answers = [
        api.get("preferences"),
        api.get("customer/9"),
        api.get("nonsense"),
        requests.get(api.address("x"), timeout=10),
    ]
    assert len({answer.headers["intuit_tid"] for answer in answers}) == 4


def test_time_has_milliseconds_and_the_pacific_offset(api: Client) -> None:
    assert re.fullmatch(PACIFIC_MILLISECONDS, api.get("preferences").json()["time"])
    assert re.fullmatch(PACIFIC_MILLISECONDS, api.get("customer/9").json()["time"])


@pytest.mark.parametrize(
    ("moment", "time"),
    [
        ("2026-05-05T09:08:54.543Z", "2026-05-05T02:08:54.543-07:00"),
        ("2025-12-05T10:08:54.543Z", "2025-12-05T02:08:54.543-08:00"),
        ("2026-03-08T09:59:59.000Z", "2026-03-08T01:59:59.000-08:00"),
        ("2026-03-08T10:00:00.000Z", "2026-03-08T03:00:00.000-07:00"),
    ],
)
def test_the_offset_follows_daylight_saving(api: Client, moment: str, time: str) -> None:
    requests.post(f"{api.emulator.url}/control/clock", json={"freeze": moment}, timeout=10)
    assert api.get("preferences").json()["time"] == time


def test_metadata_is_whole_seconds_rounded_up(api: Client) -> None:
    requests.post(f"{api.emulator.url}/control/clock", json={"freeze": "2026-05-05T09:08:54.543Z"}, timeout=10)
    answer = api.post("customer", {"DisplayName": "Ann"}).json()
    assert answer["time"] == "2026-05-05T02:08:54.543-07:00"
    assert answer["Customer"]["MetaData"] == {
        "CreateTime": "2026-05-05T02:08:55-07:00",
        "LastUpdatedTime": "2026-05-05T02:08:55-07:00",
    }


def test_a_fault_has_the_services_shape(api: Client) -> None:
    answer = api.get("customer/99")
    body = answer.json()
    assert answer.status_code == 400
    assert sorted(body) == ["Fault", "time"]
    assert sorted(body["Fault"]) == ["Error", "type"]
    assert body["Fault"]["type"] == "ValidationFault"
    assert body["Fault"]["Error"] == [
        {
            "Message": "Object Not Found",
            "Detail": "Object Not Found : Something you're trying to use has been made inactive. "
            "Check the fields with accounts, customers, items, vendors or employees.",
            "code": "610",
            "element": "",
        }
    ]


def test_success_is_always_200_and_nothing_is_null(craig: Client) -> None:
    created = craig.post("customer", {"DisplayName": "Ann", "Notes": None, "Fax": {"FreeFormNumber": ""}, "Title": ""})
    assert created.status_code == 200
    everything = created.text + craig.query("SELECT * FROM Customer").text + craig.query("SELECT * FROM Invoice").text
    assert "null" not in everything
    assert '""' not in created.text


def test_xml_is_the_answer_to_a_client_that_does_not_ask_for_json(craig: Client) -> None:
    answer = craig.get("query", params={"query": "SELECT * FROM Customer WHERE Id = '1'"}, headers={"Accept": "*/*"})
    assert answer.headers["content-type"] == "application/xml;charset=UTF-8"
    root = ElementTree.fromstring(answer.content)
    assert root.tag == f"{NAMESPACE}IntuitResponse"
    assert re.fullmatch(PACIFIC_MILLISECONDS, root.attrib["time"])
    customer = root.find(f"{NAMESPACE}QueryResponse/{NAMESPACE}Customer")
    assert customer is not None
    assert customer.findtext(f"{NAMESPACE}DisplayName") == "Amy's Bird Sanctuary"
    assert customer.findtext(f"{NAMESPACE}BillAddr/{NAMESPACE}City") == "Bayshore"
    currency = customer.find(f"{NAMESPACE}CurrencyRef")
    assert currency is not None
    assert (currency.text, currency.attrib) == ("USD", {"name": "United States Dollar"})


def test_faults_are_xml_too(api: Client) -> None:
    root = ElementTree.fromstring(api.get("customer/99", headers={"Accept": "application/xml"}).content)
    error = root.find(f"{NAMESPACE}Fault/{NAMESPACE}Error")
    assert error is not None
    assert error.attrib == {"code": "610"}


def test_json_without_asking_is_a_switch(api: Client) -> None:
    api.emulator.switches.set("answer_without_accept", "json")
    assert api.get("preferences", headers={"Accept": "*/*"}).json()["Preferences"]


def test_answers_are_compressed_for_clients_that_can(craig: Client) -> None:
    path = craig.address("query?query=SELECT%20*%20FROM%20Customer")
    plain = craig.session.get(path, headers={"Accept-Encoding": "identity"}, timeout=10)
    packed = craig.session.get(path, headers={"Accept-Encoding": "gzip"}, timeout=10)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 4
    assert packed.json()["QueryResponse"] == plain.json()["QueryResponse"]


# Requests


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "ObjectParserError: Request Body is Empty"),
        (b"  ", "ObjectParserError: Request Body is Empty"),
        (b"{", "ObjectParserError: "),
        (b"[]", "ObjectParserError: The request body is not a JSON object"),
        (b'"x"', "ObjectParserError: The request body is not a JSON object"),
        (b'{"Balance": NaN}', "ObjectParserError: NaN is not a number"),
        (b'{"Balance": 1e999999999}', "ObjectParserError: 1e999999999 is out of range"),
        (b"\xff\xfe\x00", "ObjectParserError: "),
        (b'{"a":' * 100_000, "ObjectParserError: nested too deeply"),
        (b'{"DisplayName": {"x": 1}}', "ObjectParserError: DisplayName should be text"),
        (b'{"BillAddr": "x"}', "ObjectParserError: BillAddr should be an object"),
        (b'{"SalesTermRef": 3}', "ObjectParserError: SalesTermRef should be a reference"),
        (b'{"Taxable": "perhaps"}', "ObjectParserError: Taxable should be true or false"),
    ],
)
def test_a_body_that_can_not_be_read_is_2300(api: Client, body: bytes, detail: str) -> None:
    answer = api.session.post(
        api.address("customer"), data=body, headers={"Content-Type": "application/json"}, timeout=10
    )
    error = fault(answer)
    assert (error["code"], error["Message"]) == ("2300", "Error parsing object")
    assert error["Detail"].startswith(detail)
    assert api.emulator.company().all("Customer") == []


def test_an_unknown_field_is_2010(api: Client) -> None:
    error = api.refused("Customer", DisplayName="Ann", Nickname="A")
    assert (error["code"], error["Message"]) == ("2010", "Request has invalid or unsupported property")
    assert error["Detail"].startswith(
        'Property Name:Unrecognized field "Nickname" (class com.intuit.schema.finance.v3.Customer), not marked as ignorable'
    )
    assert error["Detail"].endswith("specified is unsupported or invalid")
    assert api.refused("Customer", DisplayName="Ann", BillAddr={"Street": "x"})["Detail"].startswith(
        'Property Name:Unrecognized field "Street" (class com.intuit.schema.finance.v3.PhysicalAddress)'
    )
    assert api.emulator.company().all("Customer") == []


def test_unknown_fields_can_be_ignored(api: Client) -> None:
    api.emulator.switches.set("unknown_fields", "ignore")
    assert "Nickname" not in api.save("Customer", DisplayName="Ann", Nickname="A")


def test_a_compressed_and_a_chunked_body_are_read(api: Client) -> None:
    body = json.dumps({"DisplayName": "Packed"}).encode()
    packed = api.session.post(
        api.address("customer"), data=gzip.compress(body), headers={"Content-Encoding": "gzip"}, timeout=10
    )
    assert packed.json()["Customer"]["DisplayName"] == "Packed"
    chunked = api.session.post(api.address("customer"), data=iter([b'{"DisplayName":', b'"Chunks"}']), timeout=10)
    assert chunked.json()["Customer"]["DisplayName"] == "Chunks"
    assert (
        api.session.post(
            api.address("customer"), data=b"x", headers={"Content-Encoding": "gzip"}, timeout=10
        ).status_code
        == 400
    )


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: 999999999999", b"413"),
        (b"Content-Length: many", b"400"),
        (b"Transfer-Encoding: chunked", b"400"),
    ],
)
def test_a_body_of_impossible_length_is_refused(emulator: Emulator, head: bytes, status: bytes) -> None:
    port = int(emulator.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST /v3/company/1/customer HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\nzz\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_asks_before_it_sends_a_body_is_answered_at_once(api: Client) -> None:
    """As .NET and curl do for large bodies."""
    body = b'{"DisplayName": "Ann"}'
    head = (
        f"POST /v3/company/{api.emulator.realm}/customer HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n"
        f"Authorization: {api.session.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    port = int(api.emulator.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_many_requests_go_over_one_connection(emulator: Emulator) -> None:
    port = int(emulator.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for _ in range(3):
            connection.sendall(b"GET /op/v1/jwks HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b'{"keys":[]}' in connection.recv(10_000)


# Ids


def test_customers_vendors_and_employees_share_one_sequence_of_ids(api: Client) -> None:
    saved = [api.save(entity, DisplayName=entity) for entity in ("Customer", "Vendor", "Employee")]
    assert [item["Id"] for item in saved] == ["1", "2", "3"]


def test_other_lists_have_sequences_of_their_own(craig: Client) -> None:
    assert craig.save("Term", Name="Net 90", DueDays=90)["Id"] == "5"
    assert craig.save("PaymentMethod", Name="Barter")["Id"] == "8"
    assert craig.save("Customer", DisplayName="Ann")["Id"] == "58"


def test_each_stored_address_has_its_own_id(api: Client) -> None:
    saved = api.save("Customer", DisplayName="Ann", BillAddr={"City": "Quincy"}, ShipAddr={"City": "Boston"})
    assert saved["BillAddr"]["Id"] != saved["ShipAddr"]["Id"]
    changed = api.save("Customer", Id=saved["Id"], SyncToken="0", sparse=True, BillAddr={"City": "Salem"})
    assert changed["BillAddr"] == {"City": "Salem", "Id": saved["BillAddr"]["Id"]}


def test_ids_go_on_behind_the_highest_loaded_one() -> None:
    with Emulator({"Vendor": [{"Id": "700", "DisplayName": "V"}]}, limits=False) as emulator:
        assert Client(emulator).save("Customer", DisplayName="Ann")["Id"] == "701"


# requestid


def test_the_same_requestid_replays_the_answer_byte_by_byte(api: Client) -> None:
    answers = [api.post("customer?requestid=r1", {"DisplayName": "Ann"}) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["Customer"]["Id"] == "1"
    assert len({answer.headers["intuit_tid"] for answer in answers}) == 3
    assert len(api.emulator.company().all("Customer")) == 1


def test_another_requestid_is_another_request(api: Client) -> None:
    api.post("customer?requestid=r1", {"DisplayName": "Ann"})
    assert fault(api.post("customer?requestid=r2", {"DisplayName": "Ann"}))["code"] == "6240"


def test_a_refusal_is_replayed_too(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    first = api.post("customer?requestid=r1", {"DisplayName": "Ann"})
    api.save("Customer", Id="1", SyncToken="0", sparse=True, DisplayName="Bob")
    assert api.post("customer?requestid=r1", {"DisplayName": "Ann"}).content == first.content
    assert first.status_code == 400


def test_a_refusal_can_be_forgotten(api: Client) -> None:
    api.emulator.switches.set("requestid_replays_faults", False)
    assert api.post("customer?requestid=r1", {}).status_code == 400
    assert api.post("customer?requestid=r1", {"DisplayName": "Ann"}).status_code == 200


def test_the_same_requestid_with_another_body(api: Client) -> None:
    first = api.post("customer?requestid=r1", {"DisplayName": "Ann"})
    assert api.post("customer?requestid=r1", {"DisplayName": "Bob"}).content == first.content
    api.emulator.switches.set("requestid_other_body", "600")
    assert fault(api.post("customer?requestid=r1", {"DisplayName": "Bob"}))["code"] == "600"
    assert api.post("customer?requestid=r1", {"DisplayName": "Ann"}).content == first.content


@pytest.mark.parametrize(("length", "status"), [(50, 200), (51, 400)])
def test_a_requestid_has_at_most_50_characters(api: Client, length: int, status: int) -> None:
    assert api.post(f"customer?requestid={'r' * length}", {"DisplayName": "Ann"}).status_code == status


def test_requestids_belong_to_one_company(api: Client) -> None:
    api.post("customer?requestid=r1", {"DisplayName": "Ann"})
    other = api.emulator.add_company("empty")
    token = api.emulator.connect(other)["access_token"]
    answer = requests.post(
        f"{api.emulator.url}/v3/company/{other}/customer?requestid=r1",
        json={"DisplayName": "Bob"},
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        timeout=10,
    )
    assert answer.json()["Customer"]["DisplayName"] == "Bob"


def test_concurrent_requests_with_one_requestid_run_once(api: Client) -> None:
    start = threading.Barrier(12)

    def create(_: int) -> bytes:
        start.wait()
        return requests.post(
            api.address("customer?requestid=r1"),
            json={"DisplayName": "Ann"},
            headers=dict(api.session.headers),
            timeout=10,
        ).content

    with ThreadPoolExecutor(12) as pool:
        answers = set(pool.map(create, range(12)))
    assert len(answers) == 1
    assert len(api.emulator.company().all("Customer")) == 1


def test_a_second_request_waits_for_the_first(api: Client) -> None:
    """While the company is locked the first can't finish; the second gets the first one's answer all the same."""
    company = api.emulator.company()
    headers = dict(api.session.headers)

    def create() -> bytes:
        return requests.post(
            api.address("customer?requestid=r1"), json={"DisplayName": "Ann"}, headers=headers, timeout=10
        ).content

    with ThreadPoolExecutor(2) as pool:
        with company.lock:
            running = [pool.submit(create) for _ in range(2)]
        answers = {future.result() for future in running}
    assert len(answers) == 1
    assert len(company.all("Customer")) == 1


def test_a_read_ignores_the_requestid(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    first = api.get("customer/1?requestid=r1").json()["Customer"]
    api.save("Customer", Id="1", SyncToken="0", sparse=True, DisplayName="Bob")
    assert api.get("customer/1?requestid=r1").json()["Customer"] != first
