"""Loading companies, saving and restoring the whole state, the command."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.loading import LoadingError, json_copy
from quickbooks_integration.emulator.snapshot import dump, restore

from .client import Client, fault

ROOT = Path(__file__).parents[3]


# Companies


def test_a_file_keeps_its_ids_and_gets_what_it_lacks(tmp_path: Path) -> None:
    file = tmp_path / "company.json"
    file.write_text(
        json.dumps(
            {
                "Customer": [
                    {
                        "Id": "12",
                        "DisplayName": "Lee",
                        "SyncToken": 3,
                        "PrimaryPhone": {"FreeFormNumber": "5"},
                        "Notes": None,
                    },
                    {"Id": "13", "DisplayName": "Kitchen", "ParentRef": {"value": "12"}},
                ],
                "Item": [{"Id": "4", "Name": "Wall", "Type": "Service", "UnitPrice": 12.5}],
                "Invoice": [
                    {"Id": "9", "DocNumber": "1", "CustomerRef": {"value": "12"}, "TotalAmt": 10.25, "Line": []}
                ],
            }
        )
    )
    with Emulator(file, limits=False) as emulator:
        api = Client(emulator)
        lee = api.read("Customer", "12")
        assert (lee["SyncToken"], lee["Active"], lee["FullyQualifiedName"], lee["Balance"]) == ("3", True, "Lee", 10.25)
        assert lee["MetaData"]["CreateTime"] == lee["MetaData"]["LastUpdatedTime"]
        assert "Notes" not in lee
        assert api.read("Customer", "13")["FullyQualifiedName"] == "Lee:Kitchen"
        assert api.read("Item", "4")["UnitPrice"] == 12.5
        assert api.read("Invoice", "9")["CustomerRef"] == {"value": "12", "name": "Lee"}
        assert api.query("SELECT * FROM Item WHERE UnitPrice = 12.5").json()["QueryResponse"]["maxResults"] == 1
        assert api.get("preferences").json()["Preferences"]["CurrencyPrefs"]["HomeCurrency"] == {"value": "USD"}
        assert api.save("Customer", DisplayName="Ann")["Id"] == "14"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("[]", "should be an object of arrays"),
        ('{"Customer": {}}', "should be an object of arrays"),
        ('{"Customer": [1]}', "should be an object of arrays"),
        ('{"Customr": []}', "There is no entity 'Customr'. Known are: Account, "),
        ('{"Customer": [{"Id": "1"}, {"Id": "1"}]}', "There are two entities Customer with the Id 1."),
    ],
)
def test_a_file_that_is_no_company_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "company.json"
    file.write_text(text)
    with pytest.raises(LoadingError) as caught:
        Emulator(file)
    assert reason in str(caught.value)


def test_a_company_that_does_not_exist_names_the_ones_that_do() -> None:
    with pytest.raises(LoadingError, match="'nonsense' is neither a company \\(craig, empty, sample\\) nor a file"):
        Emulator("nonsense")


def test_a_company_can_be_written_as_a_file(tmp_path: Path) -> None:
    with Emulator("craig") as emulator:
        company = emulator.company()
        documents = {entity: company.all(entity) for entity in company.entities()}
    file = tmp_path / "copy.json"
    file.write_text(json_copy(documents))
    with Emulator(file) as copy:
        assert {entity: copy.company().all(entity) for entity in documents} == documents


def test_plain_customers_are_the_same_for_the_same_seed() -> None:
    def names(seed: int) -> list[str]:
        emulator = Emulator("empty", customers=50, seed=seed)
        return [customer["DisplayName"] for customer in emulator.company().all("Customer")]

    assert len(set(names(1))) == 50
    assert names(1) == names(1) != names(2)


def test_plain_invoices_are_owed_by_the_customers() -> None:
    emulator = Emulator("empty", customers=10, invoices=40)
    customers, invoices = emulator.company().all("Customer"), emulator.company().all("Invoice")
    assert (len(customers), len(invoices)) == (10, 40)
    assert sum(customer["Balance"] for customer in customers) == sum(invoice["TotalAmt"] for invoice in invoices) > 0
    with pytest.raises(LoadingError, match="need customers"):
        Emulator("empty", invoices=1)


# Saved state


def changed(api: Client) -> None:
    """Something of everything that is saved."""
    api.post("customer?requestid=r1", {"DisplayName": "Ann", "CreditLimit": "12.345"})
    api.emulator.bookkeeper().merge_customers(loser="3", survivor="2")
    api.emulator.switches.set("refresh_rotation", "always")
    api.emulator.clock.freeze()


def seen(api: Client) -> list[Any]:
    company = api.emulator.company()
    documents = {entity: company.all(entity) for entity in company.entities()}
    return [
        documents,
        company.next_ids,
        company.request_ids.dump(),
        api.emulator.switches.values(),
        api.emulator.clock.now(),
    ]


def test_a_restored_state_is_the_same_and_goes_on_the_same_way(craig: Client) -> None:
    changed(craig)
    first = craig.post("customer?requestid=r1", {"DisplayName": "Ann"}).content
    saved = json.loads(requests.get(f"{craig.emulator.url}/control/state", timeout=10).content)
    with Emulator("empty", limits=False) as other:
        answer = requests.put(f"{other.url}/control/state", json=saved, timeout=10)
        assert (answer.status_code, other.realm) == (200, craig.emulator.realm)
        again = Client(other, craig.session.headers["Authorization"].removeprefix("Bearer "))
        assert seen(again) == seen(craig)
        assert again.post("customer?requestid=r1", {"DisplayName": "Ann"}).content == first
        assert again.save("Customer", DisplayName="Bob") == craig.save("Customer", DisplayName="Bob")
        assert again.refused("Customer", DisplayName="PG&E")["code"] == "6240"
        assert again.query("SELECT * FROM Customer").json()["QueryResponse"]["maxResults"] == 30


def test_a_damaged_state_changes_nothing(craig: Client) -> None:
    before = dump(craig.emulator.world)
    for damaged in (
        {},
        {"version": 1},
        {**before, "companies": [{"realm": "1"}]},
        {**before, "sign_in": {"apps": [1]}},
    ):
        with pytest.raises(LoadingError):
            restore(craig.emulator.world, damaged)
    assert dump(craig.emulator.world) == before


def test_the_state_file_is_read_at_the_start_and_written_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "state.json"
    with Emulator("craig", state=file, limits=False) as emulator:
        api = Client(emulator)
        changed(api)
        before = seen(api)
    assert file.stat().st_mode & 0o077 == 0
    with Emulator("empty", state=file, limits=False) as emulator:
        again = Client(emulator, api.session.headers["Authorization"].removeprefix("Bearer "))
        assert seen(again) == before
        assert again.read("Customer", "58")["CreditLimit"] == 12.345


def test_a_connection_can_be_renewed_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Emulator("empty", state=file) as emulator:
        tokens = emulator.connect()
    with Emulator("empty", state=file) as emulator:
        answer = requests.post(
            f"{emulator.url}/oauth2/v1/tokens/bearer",
            data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]},
            auth=(emulator.client_id, emulator.client_secret),
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["refresh_token"] == tokens["refresh_token"]


def test_what_the_command_line_says_goes_before_what_was_saved(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with Emulator("empty", state=file, switches={"missing_sync_token": "5010"}):
        pass
    with Emulator("empty", state=file) as emulator:
        assert emulator.switches.missing_sync_token == "5010"
    with Emulator("empty", state=file, switches={"missing_sync_token": "2020"}, client_secret="new") as emulator:
        assert emulator.switches.missing_sync_token == "2020"
        assert emulator.world.grants.apps[emulator.client_id].client_secret == "new"


def test_a_broken_state_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("{broken")
    with pytest.raises(LoadingError, match="is not JSON"):
        Emulator("craig", state=file)
    assert file.read_text() == "{broken"


# The command


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the address that it printed."""
    command = [sys.executable, "-m", "quickbooks_integration.emulator", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        assert process.stderr
        process.stderr.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_prints_one_line_and_stops_on_a_signal(number: int) -> None:
    with running("--company", "empty", "--access-token", "t", "--realm", "42", "--no-limits") as (process, url):
        answer = requests.get(f"{url}/v3/company/42/preferences", headers={"Authorization": "Bearer t"}, timeout=10)
        assert answer.status_code == 200
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
        assert (process.returncode, rest, errors) == (0, "", "")


def test_a_kill_loses_nothing_that_was_saved_before(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    arguments = ("--company", "empty", "--state", str(file), "--access-token", "t", "--realm", "42")
    headers = {"Authorization": "Bearer t", "Accept": "application/json"}
    with running(*arguments) as (process, url):
        answer = requests.post(
            f"{url}/v3/company/42/customer", json={"DisplayName": "Ann"}, headers=headers, timeout=10
        )
        assert answer.status_code == 200
        wait_for(lambda: "Ann" in file.read_text())
        process.kill()
    with running(*arguments) as (process, url):
        found = requests.get(f"{url}/v3/company/42/customer/1", headers=headers, timeout=10).json()
        assert found["Customer"]["DisplayName"] == "Ann"


def wait_for(condition: Any) -> None:
    end, pause = time.monotonic() + 10, threading.Event()
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.02)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--company", "nonsense"), "'nonsense' is neither a company"),
        (("--switch", "nonsense=1"), "There is no switch 'nonsense'"),
        (("--switch", "missing_sync_token=1"), "can be 2020, 5010, not '1'"),
        (("--realm", "x"), "A realm id is digits only"),
    ],
)
def test_what_it_can_not_start_with_is_said_in_a_sentence(arguments: tuple[str, ...], reason: str) -> None:
    command = [sys.executable, "-m", "quickbooks_integration.emulator", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_busy_port_is_said_in_a_sentence(emulator: Emulator) -> None:
    port = emulator.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "quickbooks_integration.emulator", "--company", "empty", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "The emulator can't start." in done.stderr
    assert "Traceback" not in done.stderr


def test_it_needs_nothing_but_the_standard_library() -> None:
    """-S and -I: no installed package is in reach, only this folder."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import quickbooks_integration.emulator.command"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True, timeout=30)


def test_stopping_twice_is_harmless(emulator: Emulator) -> None:
    emulator.stop()
    emulator.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(emulator.url, timeout=10)


def test_an_own_failure_is_a_500_and_is_printed(api: Client, capsys: pytest.CaptureFixture[str]) -> None:
    api.emulator.company().find = None  # type: ignore[assignment,method-assign]
    error = fault(api.get("customer/1"), 500)
    assert error["code"] == "10000"
    assert "Traceback" in capsys.readouterr().err
