"""manage.py match_customers: its counts and its file."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from quickbooks_integration.models import MatchCandidate, QuickBooksAuth
from quickbooks_integration.reconciling import create_contact, refuse
from tests.quickbooks_integration import pairs


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("match_customers", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    """One clear pair, two doubtful ones, a customer of nobody."""
    auth = pairs.company()
    pairs.contact(phone="617-555-0001", external_id="OP-1")
    pairs.customer(auth, "Ann Smith", "617-555-0001", Id="1")
    for number, phone in ((2, "508-555-4182"), (3, "781-555-7393")):
        pairs.contact("Ann", "Smith", phone, external_id=f"OP-{number}")
        pairs.customer(auth, f"Bob Jones {number}", phone, Id=str(number))
    pairs.customer(auth, "Carl Lee", Id="4")
    return auth


def test_json_counts_this_run_and_what_is_left(auth: QuickBooksAuth) -> None:
    answer = json.loads(run("--json"))
    assert answer.pop("seconds") >= 0
    assert answer == {
        "run": {"linked": 1, "review": 2, "unchanged": 0, "withdrawn": 0, "jobs": 0},
        "customers": 4,
        "linked": 1,
        "review": 2,
        "unmatched": 1,
        "open_pairs": 2,
    }


def test_without_options_it_says_so_in_sentences(auth: QuickBooksAuth) -> None:
    assert run().splitlines() == [
        "1 customers were linked, 2 pairs are new for review, 0 are as before, 0 no longer arise.",
        "Of 4 customers 1 are linked, 2 wait for review (2 pairs), and 1 fit no contact.",
    ]


def test_the_file_has_every_pair_and_its_decision(auth: QuickBooksAuth, tmp_path: Path) -> None:
    run()
    ann = pairs.somebody()
    refuse(MatchCandidate.objects.get(contact__external_id="OP-3"), ann)
    create_contact(auth.syncs.get(entity_id="4"), ann)
    path = tmp_path / "pairs.csv"
    run("--export", str(path))
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["external_id", "quickbooks_customer_id", "decision", "score", "reasons"]
    assert {tuple(row[:3]) for row in rows} == {
        ("OP-1", "1", "linked"),
        ("OP-2", "2", "review"),
        ("OP-3", "3", "rejected"),
        ("", "4", "linked"),
    }
    assert {row[0]: row[3:] for row in rows}["OP-1"] == ["60", "Same phone (617) 555-0001"]


def test_the_file_runs_no_formula(auth: QuickBooksAuth, tmp_path: Path) -> None:
    pairs.contact("Ann", "Smith", "617-555-0009", external_id="=cmd|' /C calc'!A0")
    pairs.contact("Ann", "Smith", "617-555-0010", external_id="-12")
    for number in ("09", "10"):
        pairs.customer(auth, "Bob Jones", f"617-555-00{number}")
    path = tmp_path / "pairs.csv"
    run("--export", str(path))
    with path.open(encoding="utf-8", newline="") as file:
        ids = {row["external_id"] for row in csv.DictReader(file)}
    assert {"'=cmd|' /C calc'!A0", "-12"} <= ids
    assert "=cmd|' /C calc'!A0" not in ids


def test_a_file_that_cannot_be_written_is_a_sentence(auth: QuickBooksAuth, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be written: No such file or directory"):
        run("--export", str(tmp_path / "missing" / "pairs.csv"))


@pytest.mark.django_db
def test_without_a_company_it_says_what_to_do() -> None:
    with pytest.raises(CommandError, match="No QuickBooks company is connected"):
        run()
