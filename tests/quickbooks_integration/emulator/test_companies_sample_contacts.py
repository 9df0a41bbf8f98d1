"""The contacts that go with the books, and the labels that say which are the same."""

import re
from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pytest

from quickbooks_integration.emulator.companies import sample

TODAY = date(2026, 11, 23)
COLUMNS = ["external_id", "first_name", "last_name", "company", "phone", "email", "address", "city", "state", "zip"]
PLACEHOLDERS = {"none@none.com", "noemail@example.com", "0000000000"}
PHONE_FIELDS = ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")


@pytest.fixture(scope="module")
def customers() -> dict[str, dict[str, Any]]:
    return {row["Id"]: row for row in sample.build(seed=1, today=TODAY, invoices=0)["Customer"]}


@pytest.fixture(scope="module")
def contacts() -> dict[str, dict[str, str]]:
    return {row["external_id"]: row for row in sample.contacts(seed=1, today=TODAY)}


@pytest.fixture(scope="module")
def truth() -> list[dict[str, Any]]:
    return sample.truth(seed=1, today=TODAY)


def keys_of_text(phones: list[str], emails: str) -> set[str]:
    """Numbers and e-mails that tell something: ten digits, lower case, no placeholder."""
    found = {address.strip().lower() for address in emails.split(",") if address.strip()}
    for text in phones:
        text = re.sub(r"(x|ext\.?|Ext) ?\d+$", "", text)
        found |= {re.sub(r"\D", "", part)[-10:] for part in text.split("/") if len(re.sub(r"\D", "", part)) >= 10}
    return found - PLACEHOLDERS


def keys_of_customer(row: dict[str, Any]) -> set[str]:
    phones = [row[field]["FreeFormNumber"] for field in PHONE_FIELDS if field in row]
    return keys_of_text(phones, row.get("PrimaryEmailAddr", {}).get("Address", ""))


def keys_of_contact(row: dict[str, str]) -> set[str]:
    return keys_of_text([row["phone"]], row["email"])


def test_the_rows_have_exactly_the_columns_of_the_import(contacts):
    assert len(contacts) == 7000
    for row in contacts.values():
        assert list(row) == COLUMNS
        assert all(isinstance(value, str) for value in row.values())


def test_the_same_seed_gives_the_same_contacts_and_labels(contacts, truth):
    assert sample.contacts(seed=1, today=TODAY) == list(contacts.values())
    assert sample.truth(seed=1, today=TODAY) == truth
    assert sample.contacts(seed=2, today=TODAY) != list(contacts.values())


def test_most_contacts_are_only_a_number(contacts):
    nameless = [row for row in contacts.values() if not (row["first_name"] or row["last_name"] or row["company"])]
    assert len(nameless) == 4234


def mess_in(rows: list[dict[str, str]]) -> dict[str, int]:
    return {
        "e-mail": sum(bool(row["email"]) for row in rows),
        "no phone": sum(not row["phone"] for row in rows),
        "local style": sum(bool(row["phone"]) and not row["phone"].startswith("+1") for row in rows),
        "placeholder e-mail": sum(row["email"] == "none@none.com" for row in rows),
        "placeholder phone": sum(row["phone"] == "000-000-0000" for row in rows),
        "no digit in the phone": sum(bool(re.fullmatch(r"\D+5?", row["phone"])) for row in rows),
        "company": sum(bool(row["company"]) for row in rows),
        "first name only": sum(bool(row["first_name"]) and not row["last_name"] for row in rows),
        "address": sum(bool(row["address"]) for row in rows),
    }


def test_the_contacts_are_messy_by_count(contacts):
    assert mess_in(list(contacts.values())) == MESS


def test_every_label_names_a_contact_and_a_customer_that_exist_once(contacts, customers, truth):
    pairs = [(label["external_id"], label["customer_id"]) for label in truth]
    assert len(set(pairs)) == len(pairs)
    assert {external_id for external_id, _ in pairs} <= contacts.keys()
    assert {customer_id for _, customer_id in pairs} <= customers.keys()


def test_labels_are_counted_by_kind(truth):
    assert Counter(label["kind"] for label in truth) == {
        "sure": 700,
        "ambiguous": 113,
        "household": 63,
        "office": 30,
        "sub_customer": 30,
        "inactive_twin": 20,
        "recycled": 20,
        "namesake": 20,
        "former_owner": 8,
    }
    assert Counter(label["same"] for label in truth) == {True: 918, False: 86}
    doubtful = [label for label in truth if label["kind"] not in ("sure", "namesake", "former_owner")]
    assert len({label["external_id"] for label in doubtful}) == 148


def test_labelled_pairs_share_a_key_unless_only_a_name_or_an_address_agrees(contacts, customers, truth):
    for label in truth:
        shared = keys_of_contact(contacts[label["external_id"]]) & keys_of_customer(customers[label["customer_id"]])
        assert bool(shared) == (label["kind"] not in ("namesake", "former_owner")), label


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_sure_pair_shares_its_keys_with_nobody_else(seed):
    contacts_by_key, customers_by_key = defaultdict(set), defaultdict(set)
    for contact in sample.contacts(seed=seed, today=TODAY):
        for key in keys_of_contact(contact):
            contacts_by_key[key].add(contact["external_id"])
    rows = {row["Id"]: row for row in sample.build(seed=seed, today=TODAY, invoices=0)["Customer"]}
    for row in rows.values():
        for key in keys_of_customer(row):
            customers_by_key[key].add(row["Id"])
    for label in sample.truth(seed=seed, today=TODAY):
        if label["kind"] == "sure":
            for key in keys_of_customer(rows[label["customer_id"]]):
                assert customers_by_key[key] == {label["customer_id"]}
                assert contacts_by_key[key] <= {label["external_id"]}


def test_no_unlabelled_pair_shares_a_number_or_an_email(contacts, customers, truth):
    labelled = {(label["external_id"], label["customer_id"]) for label in truth}
    holders: dict[str, set[str]] = defaultdict(set)
    for row in contacts.values():
        for key in keys_of_contact(row):
            holders[key].add(row["external_id"])
    found = {
        (external_id, customer_id)
        for customer_id, row in customers.items()
        for key in keys_of_customer(row)
        for external_id in holders[key]
    }
    assert found - labelled == set()


def test_customers_without_any_contact(customers, truth):
    known = {label["customer_id"] for label in truth if label["kind"] not in ("namesake", "former_owner")}
    assert len(customers) - len(known) == 234


def test_names_of_sure_pairs_do_not_contradict_but_differ_in_known_ways(truth):
    details = Counter(label["detail"] for label in truth if label["kind"] == "sure")
    assert details == {
        "number_only": 300,
        "same_name": 120,
        "nickname": 35,
        "typo": 30,
        "first_name_only": 20,
        "last_name_first": 25,
        "couple": 15,
        "no_first_name": 10,
        "capitals": 15,
        "accents": 6,
        "quoted_nickname": 4,
        "firm": 20,
        "mobile_only": 20,
        "second_number": 12,
        "alternate_number": 6,
        "number_in_fax": 4,
        "extension": 10,
        "two_numbers": 6,
        "remark": 4,
        "email_case": 10,
        "email_list": 8,
        "email_only": 12,
        "placeholder_email": 8,
    }


def test_a_bigger_company_still_comes_with_seven_thousand_contacts():
    assert len(sample.contacts(seed=1, today=TODAY, customers=5_500)) == 7000


MESS: dict[str, int] = {
    "e-mail": 554,
    "no phone": 68,
    "local style": 246,
    "placeholder e-mail": 38,
    "placeholder phone": 12,
    "no digit in the phone": 10,
    "company": 247,
    "first name only": 350,
    "address": 630,
}
