"""Merging contacts and taking it back, with documents and QuickBooks' links."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import merging
from contacts.merging.relations import all_relations
from contacts.models import Contact, ContactMerge
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.merged_graphs import CHOSEN, LINKED, SIDES, Side, build, snapshot


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


def check_round_trip(
    auth: QuickBooksAuth, sides: tuple[Side, Side], linked: str, chosen: dict[str, str], survivor_first: bool
) -> None:
    with transaction.atomic():
        at = {"survivor": 0, "loser": 1}.get(linked)
        pair = build(auth, sides if survivor_first else sides[::-1], at if survivor_first or at is None else 1 - at)
        survivor, loser = pair if survivor_first else pair[::-1]
        before = snapshot()
        done = merging.merge(survivor.pk, loser.pk, None, chosen)
        check_merged(survivor, loser, linked)
        assert {label: len(found) for label, found in snapshot().items() if label.startswith("billing")} == {
            label: len(found) - dropped(done, label) for label, found in before.items() if label.startswith("billing")
        }
        assert merging.undo(done.pk, None).left == []
        assert snapshot() == before
        transaction.set_rollback(True)


def dropped(done: ContactMerge, label: str) -> int:
    return sum(row["model"] == label for row in done.dropped)


def check_merged(survivor: Contact, loser: Contact, linked: str) -> None:
    assert {relation.label: relation.rows(loser.pk).count() for relation in all_relations()} == {
        relation.label: 0 for relation in all_relations()
    }
    assert not QuickBooksSync.objects.filter(entity_type="customer", local_id=loser.pk).exists()
    links = QuickBooksSync.objects.filter(entity_type="customer", local_id=survivor.pk).exclude(entity_id="")
    survivor.refresh_from_db()
    expected = [survivor.quickbooks_customer_id] if linked != "nobody" else []
    assert list(links.values_list("entity_id", flat=True)) == expected
    assert list(Contact.objects.current()) == [survivor]


ROUND_TRIPS = given(sides=st.tuples(SIDES, SIDES), linked=LINKED, chosen=CHOSEN, survivor_first=st.booleans())
OPTIONS: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=15, derandomize=True, **OPTIONS)
@ROUND_TRIPS
def test_undoing_a_merge_gives_back_every_row_of_every_table(auth, sides, linked, chosen, survivor_first):
    check_round_trip(auth, sides, linked, chosen, survivor_first)


@pytest.mark.long
@settings(max_examples=600, **OPTIONS)
@ROUND_TRIPS
def test_undoing_a_merge_gives_back_every_row_of_every_table_long(auth, sides, linked, chosen, survivor_first):
    check_round_trip(auth, sides, linked, chosen, survivor_first)
