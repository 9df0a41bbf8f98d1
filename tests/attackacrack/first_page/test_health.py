"""How the sync stands on the first page: facts with their rows, and a sentence when somebody has to act."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attackacrack.models import Sign
from contacts.merging import wanting
from quickbooks_integration import connection_page
from quickbooks_integration.models import CheckRun, QuickBooksAuth, QuickBooksSync
from tests.attackacrack.first_page.rows import connected
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def health(client: Client) -> Any:
    return client.get(reverse("admin:index")).context["health"]


def facts(client: Client) -> dict[str, str]:
    return {fact.label: fact.text for fact in health(client).facts}


def sentences(client: Client) -> list[str]:
    return [ask.sentence for ask in health(client).asks]


def link(auth: QuickBooksAuth, number: int, status: str, **fields: Any) -> None:
    fields = {"entity_id": str(number), "local_id": number} | fields
    QuickBooksSync.objects.create(company=auth, entity_type="invoice", sync_status=status, **fields)


def test_without_a_connection_it_says_so_and_where_to_connect(office_client: Client) -> None:
    found = health(office_client)
    assert (found.facts, [ask.page for ask in found.asks]) == (
        [], [reverse("admin:quickbooks_integration_quickbooksauth_changelist")],
    )  # fmt: skip
    assert "Not connected" in found.asks[0].sentence


def test_when_all_is_well_nothing_is_asked(office_client: Client) -> None:
    auth = connected()
    link(auth, 1, "synced")
    CheckRun.objects.create(company=auth, state="done", accuracy="100.00", finished_at=timezone.now())
    assert sentences(office_client) == []
    shown = facts(office_client)
    assert shown["Last sync"] == "Not everything is read yet"
    assert shown["Accuracy"].startswith("100.00 % at the check of ")
    assert (shown["Waiting to be sent"], shown["Refused or failed"], shown["Changed on both sides"]) == ("0", "0", "0")


def test_each_count_is_the_number_of_rows_of_its_list(office_client: Client) -> None:
    auth = connected()
    for number, status in enumerate(["pending"] * 3 + ["error"] * 2 + ["conflict", "synced"], 1):
        link(auth, number, status)
    link(auth, 9, "pending", local_id=None)  # a customer that is nobody's yet waits for no sending
    counted = {"Waiting to be sent": 3, "Refused or failed": 2, "Changed on both sides": 1}
    for fact in health(office_client).facts:
        if fact.label in counted:
            assert (fact.label, fact.text) == (fact.label, str(counted[fact.label]))
            assert len(office_client.get(fact.page).context["cl"].result_list) == counted[fact.label]


def test_what_needs_a_person_is_said_with_a_way_there(office_client: Client) -> None:
    auth = connected()
    link(auth, 1, "error")
    link(auth, 2, "conflict")
    CheckRun.objects.create(
        company=auth, state="done", accuracy="99.50", finished_at=timezone.now(), difference_count=3
    )
    assert sentences(office_client) == [
        "QuickBooks refused 1 record. Each says why, and what to change.",
        "1 record changed here and in QuickBooks. Nothing is sent until you decide.",
        "The last check found 3 differences between both books.",
    ]
    assert all(ask.page and office_client.get(ask.page).status_code == 200 for ask in health(office_client).asks)


def test_a_sign_in_that_ends_is_said(office_client: Client) -> None:
    auth = connected()
    QuickBooksAuth.objects.filter(pk=auth.pk).update(refresh_expires_at=timezone.now() + timedelta(days=3))
    assert sentences(office_client)[0].startswith("Reconnect soon. ")


def test_the_bookkeeper_reads_it_without_what_only_the_office_decides(bookkeeper_client: Client) -> None:
    link(connected(), 1, "error")
    assert "Matches to review" not in facts(bookkeeper_client)
    assert all(
        bookkeeper_client.get(fact.page).status_code == 200 for fact in health(bookkeeper_client).facts if fact.page
    )
    assert all(bookkeeper_client.get(ask.page).status_code == 200 for ask in health(bookkeeper_client).asks if ask.page)


def test_the_last_backup_is_named(office_client: Client) -> None:
    connected()
    fact = next(fact for fact in health(office_client).facts if fact.label == "Last backup")
    assert fact.text == "None yet: it comes at night if its schedule is on"
    assert office_client.get(fact.page).status_code == 200
    made = Sign.objects.create(kind="backup", at=timezone.now() - timedelta(days=1), about={})
    assert facts(office_client)["Last backup"] == connection_page.moment(made.at)


def test_whoever_asked_for_a_merge_is_told_that_it_was_done_or_must_be_looked_at_again(
    office_client: Client, office: Any
) -> None:
    connected()
    wanting.want(make_contact("Ann", "Lee"), make_contact("Anne", "Lee"), office, {})
    wanting.want(make_contact("Al", "Ray"), make_contact("Albert", "Ray"), None, {})
    wanting.want(make_contact("Bo", "Ray"), make_contact("Bob", "Ray"), office, {}, shown="something else")
    assert wanting.finish() == 2
    said = sentences(office_client)
    assert "A merge that you asked for was done by itself in the last days." in said
    assert "A merge waits because the contacts have changed since. Choose again." in said
