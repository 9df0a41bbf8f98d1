"""A person decides while matching asks: one waits for the other, and neither is thrown out."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import MatchCandidate, QuickBooksSync
from tests.other_connection import in_other_connection
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db(transaction=True)
MOST_SECONDS = 20


@pytest.fixture
def question() -> MatchCandidate:
    """One customer and two contacts on one number, asked about."""
    company = pairs.company()
    customer = pairs.customer(company, "Ann Lee", phone="617 555 0101")
    ann = pairs.contact("Ann", "Lee", phone="617 555 0101")
    pairs.contact("Bo", "Lee", phone="617 555 0101")
    reconciling.match(company)
    return pairs.pair(customer, ann)


def wait_until_somebody_waits_for(holder: Any) -> None:
    """Asked outside the holder's transaction, in which PostgreSQL's statistics would stand still."""
    deadline = time.monotonic() + MOST_SECONDS
    with in_other_connection() as watcher:
        while True:
            watcher.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
                [holder.connection.info.backend_pid],
            )
            if watcher.fetchone()[0]:
                return
            assert time.monotonic() < deadline, "nobody waits"


def link(candidate: MatchCandidate, by: Any) -> str:
    try:
        reconciling.link(candidate, by)
    except reconciling.Settled as settled:
        return str(settled)
    finally:
        connections.close_all()
    return "linked"


def test_a_link_waits_for_the_machine_that_rewords_its_question_and_adds_another(question):
    person, other = pairs.somebody(), pairs.contact("Cy", "Lee")
    # The pool outside: should the test fail, the machine lets go before the pool waits for the link.
    with ThreadPoolExecutor(1) as pool, in_other_connection() as machine:
        machine.execute("BEGIN")
        machine.execute("UPDATE quickbooks_integration_matchcandidate SET score = 1 WHERE id = %s", [question.pk])
        linking = pool.submit(link, question, person)
        wait_until_somebody_waits_for(machine)
        # What bulk_create of a new question does: it points to the customer and the contact that the person holds.
        for contact_id in (other.pk, question.contact_id):
            machine.execute(
                "INSERT INTO quickbooks_integration_matchcandidate (sync_id, contact_id, state, score, reasons, created_at)"
                " VALUES (%s, %s, 'open', 1, '[]', now()) ON CONFLICT DO NOTHING",
                [question.sync_id, contact_id],
            )
        machine.execute("COMMIT")
        assert linking.result(timeout=MOST_SECONDS) == "linked"
    sync = QuickBooksSync.objects.get(pk=question.sync_id)
    assert sync.local_id == question.contact_id
    assert not MatchCandidate.objects.filter(sync=sync, state="open").exists()
    assert Contact.objects.get(pk=question.contact_id).quickbooks_customer_id == sync.entity_id


def test_a_contact_that_is_being_created_in_quickbooks_is_not_linked_to_somebody_else(question):
    contact = Contact.objects.get(pk=question.contact_id)
    QuickBooksSync.objects.create(
        company=question.sync.company, entity_type="customer", local_id=contact.pk, request_id="r", request_body="{}"
    )
    with pytest.raises(reconciling.Settled, match="is being created in QuickBooks at this moment"):
        reconciling.link(question, pairs.somebody())
    with pytest.raises(reconciling.Settled, match="is being created in QuickBooks at this moment"):
        reconciling.link_to(question.sync, contact, pairs.somebody("bo"))
    assert QuickBooksSync.objects.get(pk=question.sync_id).local_id is None
