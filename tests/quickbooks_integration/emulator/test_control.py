"""The control API and the bookkeeper behind it."""

from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.company import Change
from quickbooks_integration.emulator.switches import Switches

from .client import Client, fault


def control(emulator: Emulator, method: str, path: str = "", body: Any = None) -> requests.Response:
    return requests.request(method, f"{emulator.url}/control{path}", json=body, timeout=10)


def act(emulator: Emulator, name: str, **arguments: Any) -> Any:
    answer = control(emulator, "POST", f"/companies/{emulator.realm}/{name}", arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


# What is here


def test_the_overview_names_companies_and_verbs(craig: Client) -> None:
    found = control(craig.emulator, "GET").json()
    (company,) = found["companies"]
    assert company["realm"] == craig.emulator.realm
    assert company["name"] == "Craig's Design and Landscaping Services"
    assert company["documents"]["Customer"] == 29
    assert found["verbs"]["merge_customers"].startswith("Merge one customer into another")


def test_the_front_page_names_the_company(craig: Client) -> None:
    page = requests.get(craig.emulator.url, timeout=10)
    assert "Craig&#x27;s Design and Landscaping Services" in page.text


def test_the_log_shows_method_path_status_and_tid(api: Client) -> None:
    first = api.get("customer/1")
    second = api.query("SELECT * FROM Customer")
    found = control(api.emulator, "GET", "/requests").json()
    assert [(entry["method"], entry["route"], entry["entity"], entry["status"]) for entry in found] == [
        ("GET", "read", "Customer", 400),
        ("GET", "query", "", 200),
    ]
    assert [entry["tid"] for entry in found] == [first.headers["intuit_tid"], second.headers["intuit_tid"]]
    assert found[1]["query"] == "SELECT * FROM Customer"
    assert found[0]["path"] == f"/v3/company/{api.emulator.realm}/customer/1"
    assert len(control(api.emulator, "GET", "/requests?limit=1").json()) == 1


def test_the_log_keeps_no_secret(emulator: Emulator) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "RT1-secret"}
    requests.post(f"{emulator.url}/oauth2/v1/tokens/bearer?code=c0de", data=form, timeout=10)
    text = control(emulator, "GET", "/requests").text
    assert "token" in text
    assert "secret" not in text
    assert "c0de" not in text


def test_requests_are_counted_by_what_they_do(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    api.save("Customer", Id="1", SyncToken="0", sparse=True, Notes="n")
    api.query("SELECT * FROM Customer")
    api.query("SELECT * FROM Vendor")
    assert control(api.emulator, "GET", "/counts").json()["requests"] == {"create": 1, "update": 1, "query": 2}
    control(api.emulator, "DELETE", "/requests")
    assert api.emulator.requests.counts() == {}
    assert api.emulator.requests.entries() == []


# Switches, faults, clock


def test_every_switch_is_documented() -> None:
    for name, found in Switches().describe().items():
        assert found["meaning"].endswith("."), name
        assert found["value"] == found["default"]
        assert not found["choices"] or found["default"] in found["choices"]


def test_switches_are_read_and_changed(emulator: Emulator) -> None:
    assert control(emulator, "GET", "/switches").json()["missing_sync_token"]["value"] == "2020"
    control(emulator, "POST", "/switches", {"missing_sync_token": "5010", "auto_approve": True})
    assert emulator.switches.missing_sync_token == "5010"
    assert emulator.switches.auto_approve is True


@pytest.mark.parametrize(
    "change", [{"nonsense": 1}, {"missing_sync_token": "1"}, {"auto_approve": "maybe"}, {"access_token_seconds": "x"}]
)
def test_a_switch_takes_only_what_it_knows(emulator: Emulator, change: dict[str, Any]) -> None:
    before = emulator.switches.values()
    answer = control(emulator, "POST", "/switches", change)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert emulator.switches.values() == before


def test_faults_are_added_listed_and_removed(api: Client) -> None:
    id = control(api.emulator, "POST", "/faults", {"kind": "throttled", "route": "preferences", "form": "xml"}).json()[
        "id"
    ]
    assert api.get("preferences").status_code == 429
    (rule,) = control(api.emulator, "GET", "/faults").json()
    assert (rule["kind"], rule["used"]) == ("throttled", 1)
    assert control(api.emulator, "DELETE", f"/faults?id={id}").json() == []
    control(api.emulator, "POST", "/faults", {"kind": "throttled"})
    control(api.emulator, "DELETE", "/faults")
    assert api.get("preferences").status_code == 200


def test_the_clock_freezes_moves_and_runs_on(emulator: Emulator) -> None:
    frozen = control(emulator, "POST", "/clock", {"freeze": "2026-05-05T02:00:00-07:00"}).json()
    assert frozen == {"time": "2026-05-05T02:00:00.000-07:00"}
    assert control(emulator, "POST", "/clock", {"advance": 90}).json() == {"time": "2026-05-05T02:01:30.000-07:00"}
    control(emulator, "POST", "/clock", {"resume": True})
    first = emulator.clock.now()
    assert emulator.clock.now() > first
    assert emulator.clock.today().isoformat() == "2026-05-05"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("POST", "/faults", {"kind": "nonsense"}, 400),
        ("POST", "/faults", [], 400),
        ("POST", "/clock", {"freeze": "yesterday"}, 400),
        ("POST", "/clock", {"freeze": "2026-05-05T02:00:00"}, 400),
        ("POST", "/companies", {"realm": "x"}, 400),
        ("POST", "/companies", {"company": "/no/such/file.json"}, 400),
        ("POST", "/companies/77/disconnect", {}, 404),
        ("POST", "/apps", {"nonsense": 1}, 400),
        ("PUT", "/state", {"version": 99}, 400),
        ("PUT", "/state", {"version": 1}, 400),
    ],
)
def test_mistakes_are_answered_with_a_sentence(
    emulator: Emulator, method: str, path: str, body: Any, status: int
) -> None:
    answer = control(emulator, method, path, body)
    assert answer.status_code == status
    assert len(answer.json()["error"]) > 5


# Companies and connections


def test_a_company_can_be_added(emulator: Emulator) -> None:
    realm = control(emulator, "POST", "/companies", {"company": "craig", "realm": "123456"}).json()["realm"]
    assert realm == "123456"
    assert len(emulator.company("123456").all("Customer")) == 29
    assert control(emulator, "POST", "/companies", {"realm": "123456"}).status_code == 400
    tokens = control(emulator, "POST", "/companies/123456/connect", {}).json()
    answer = requests.get(
        f"{emulator.url}/v3/company/123456/customer/1",
        headers={"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"},
        timeout=10,
    )
    assert answer.json()["Customer"]["DisplayName"] == "Amy's Bird Sanctuary"


def test_disconnect_tells_how_many(api: Client) -> None:
    assert act(api.emulator, "disconnect") == 1
    assert act(api.emulator, "disconnect") == 0
    assert api.get("preferences").status_code == 403


# The bookkeeper


def test_the_bookkeeper_creates_edits_and_deactivates(api: Client) -> None:
    assert act(api.emulator, "create_customer", DisplayName="Ann")["Id"] == "1"
    assert act(api.emulator, "edit_customer", id="1", Notes="n")["SyncToken"] == "1"
    assert act(api.emulator, "deactivate", id="1")["DisplayName"] == "Ann (deleted)"
    assert act(api.emulator, "activate", id="1")["DisplayName"] == "Ann"
    assert api.read("Customer", "1")["Notes"] == "n"


def test_the_rules_of_the_books_bind_the_bookkeeper_too(craig: Client) -> None:
    path = f"/companies/{craig.emulator.realm}/create_customer"
    answer = control(craig.emulator, "POST", path, {"DisplayName": "PG&E"})
    assert fault(answer)["code"] == "6240"
    assert "6240" in answer.json()["error"]


def test_an_unknown_verb_and_wrong_arguments_are_refused(emulator: Emulator) -> None:
    path = f"/companies/{emulator.realm}/"
    assert control(emulator, "POST", path + "burn", {}).status_code == 404
    assert control(emulator, "POST", path + "_find", {"entity": "Customer", "id": "1"}).status_code == 404
    assert control(emulator, "POST", path + "deactivate", {"x": 1}).status_code == 400
    assert control(emulator, "POST", path + "edit", {"entity": "Nothing", "id": "1"}).status_code == 400


def test_a_merge_moves_transactions_and_the_loser_disappears(craig: Client) -> None:
    """Cool Cars (3, balance 0) has invoice 12 and payments 61 and 120; Geeta (10) has invoice 103, estimate 41, 629.10 open."""
    company, bookkeeper = craig.emulator.company(), craig.emulator.bookkeeper()
    before = {entity: len(company.all(entity)) for entity in ("Invoice", "Payment", "Estimate", "Customer")}
    token = company.find("Invoice", "103")["SyncToken"]
    bookkeeper.merge_customers(loser="10", survivor="3")
    assert fault(craig.get("customer/10"))["code"] == "610"
    assert (
        craig.query("SELECT * FROM Customer WHERE Id = '10' AND Active IN (true, false)").json()["QueryResponse"] == {}
    )
    invoice = craig.read("Invoice", "103")
    assert invoice["CustomerRef"] == {"value": "3", "name": "Cool Cars"}
    assert invoice["SyncToken"] == token
    assert craig.read("Estimate", "41")["CustomerRef"]["value"] == "3"
    survivor = craig.read("Customer", "3")
    assert (survivor["Balance"], survivor["BalanceWithJobs"], survivor["SyncToken"]) == (629.1, 629.1, "1")
    after = {entity: len(company.all(entity)) for entity in before}
    assert after == {**before, "Customer": before["Customer"] - 1}
    assert craig.save("Vendor", DisplayName="Geeta Kalapatapu")["Id"] == "58"


def test_a_merge_moves_sub_customers_and_their_balances(craig: Client) -> None:
    """Freeman (7) has the jobs 8 (477.50) and 9 (85.00): together 562.50."""
    craig.emulator.bookkeeper().merge_customers(loser="7", survivor="6")
    job = craig.read("Customer", "8")
    assert job["ParentRef"] == {"value": "6"}
    assert job["FullyQualifiedName"] == "Dylan Sollfrank:0969 Ocean View Road"
    survivor = craig.read("Customer", "6")
    assert (survivor["Balance"], survivor["BalanceWithJobs"]) == (0, 562.5)


def test_a_job_can_be_merged_into_another_customer(craig: Client) -> None:
    """Job 9 (85.00 open) leaves Freeman (7, 562.50 with jobs), whose other job has 477.50."""
    craig.emulator.bookkeeper().merge_customers(loser="9", survivor="4")
    assert craig.read("Customer", "7")["BalanceWithJobs"] == 477.5
    assert craig.read("Customer", "4")["Balance"] == 85


@pytest.mark.parametrize(("loser", "survivor"), [("1", "1"), ("1", "999"), ("999", "1"), ("30", "1")])
def test_an_impossible_merge_changes_nothing(craig: Client, loser: str, survivor: str) -> None:
    company = craig.emulator.company()
    before = company.all("Customer"), company.all("Invoice")
    path = f"/companies/{craig.emulator.realm}/merge_customers"
    assert control(craig.emulator, "POST", path, {"loser": loser, "survivor": survivor}).status_code == 400
    assert (company.all("Customer"), company.all("Invoice")) == before


def test_watchers_hear_of_changes_after_they_are_safe(craig: Client) -> None:
    heard: list[Change] = []
    craig.emulator.world.watchers.append(heard.append)
    craig.save("Customer", DisplayName="Ann")
    craig.refused("Customer", DisplayName="Ann")
    craig.save("Customer", Id="58", SyncToken="0", sparse=True, DisplayName="Bob")
    craig.save("Customer", Id="58", SyncToken="1", sparse=True, DisplayName="Bob")
    craig.emulator.bookkeeper().merge_customers(loser="58", survivor="6")
    told = [(change.entity, change.id, change.operation, change.deleted_id) for change in heard]
    assert told == [
        ("Customer", "58", "Create", ""),
        ("Customer", "58", "Update", ""),
        ("Customer", "6", "Merge", "58"),
    ]


def test_preferences_can_be_set_from_outside(emulator: Emulator) -> None:
    act(emulator, "change_preferences", TaxPrefs={"PartnerTaxEnabled": True})
    assert emulator.company().only("Preferences")["TaxPrefs"]["PartnerTaxEnabled"] is True
