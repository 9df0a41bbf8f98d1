"""A company keeps all of a change or nothing, and tells of it afterwards."""

import pytest

from quickbooks_integration.emulator.clock import Clock
from quickbooks_integration.emulator.company import Change, Company
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.loading import load
from quickbooks_integration.emulator.switches import Switches

CUSTOMER = KINDS["Customer"]


@pytest.fixture
def company() -> Company:
    company = Company("1", Clock(), Switches())
    load(company, {"Customer": [{"Id": "1", "DisplayName": "Ann"}, {"Id": "2", "DisplayName": "Bob"}]})
    return company


@pytest.fixture
def heard(company: Company) -> list[Change]:
    changes: list[Change] = []
    company.listeners.append(changes.append)
    return changes


def seen(company: Company) -> list[object]:
    names = [company.indexed("display name", name) for name in ("ann", "bob", "cat")]
    collection = company.collection("Customer")
    return [company.all("Customer"), names, dict(collection.tombstones)]


def failing_change(company: Company) -> None:
    with company.changing():
        CUSTOMER.create(company, {"DisplayName": "Cat"})
        CUSTOMER.update(company, company.all("Customer")[0], {"DisplayName": "Dan", "sparse": True})
        company.touch(CUSTOMER, "2", Balance=5)
        company.remove(CUSTOMER, "2")
        raise KeyError


def test_a_change_that_fails_leaves_nothing_behind(company: Company, heard: list[Change]) -> None:
    before = seen(company)
    with pytest.raises(KeyError):
        failing_change(company)
    assert seen(company) == before
    assert heard == []


def test_a_part_that_fails_does_not_take_the_rest_with_it(company: Company, heard: list[Change]) -> None:
    with company.changing():
        CUSTOMER.create(company, {"DisplayName": "Eve"})
        with pytest.raises(KeyError):
            failing_change(company)
    assert sorted(customer["DisplayName"] for customer in company.all("Customer")) == ["Ann", "Bob", "Eve"]
    assert [(change.id, change.operation) for change in heard] == [("3", "Create")]


def test_listeners_hear_only_when_the_outermost_change_is_done(company: Company, heard: list[Change]) -> None:
    with company.changing():
        with company.changing():
            company.remove(CUSTOMER, "2")
        assert heard == []
    assert [(change.id, change.operation) for change in heard] == [("2", "Delete")]


def test_a_document_is_never_changed_in_place(company: Company) -> None:
    old = company.find("Customer", "1")
    copy = dict(old or {})
    with company.changing():
        CUSTOMER.update(company, copy, {"Notes": "n", "sparse": True})
        company.touch(CUSTOMER, "1", Balance=5)
    assert old == copy
    assert company.find("Customer", "1") != copy


def test_a_deleted_document_leaves_a_trace_for_the_change_feed(company: Company) -> None:
    with company.changing():
        company.remove(CUSTOMER, "2")
    (trace,) = company.collection("Customer").tombstones.values()
    assert sorted(trace) == ["Id", "MetaData", "domain", "status"]
    assert (trace["Id"], trace["status"], list(trace["MetaData"])) == ("2", "Deleted", ["LastUpdatedTime"])


def test_the_index_follows_every_change(company: Company) -> None:
    with company.changing():
        CUSTOMER.update(company, company.all("Customer")[0], {"DisplayName": "Cat", "sparse": True})
    assert company.indexed("display name", "ann") == []
    assert [customer["Id"] for customer in company.indexed("display name", "cat")] == ["1"]
