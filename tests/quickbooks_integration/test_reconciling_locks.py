"""A person decides while matching asks: one waits for the other, and neither is thrown out."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections

from contacts.models import Contact, ContactEvent
from quickbooks_integration import reconciling
from quickbooks_integration.models import HistoryImport, MatchCandidate, MatchDecision, QuickBooksSync
from quickbooks_integration.reconciling import matching, undoing
from tests.contacts.admin.forms import OpenForm
from tests.other_connection import in_other_connection, wait_until_somebody_waits_for
from tests.people import client_of, make_user
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


def test_a_link_that_waited_for_a_pull_takes_what_the_pull_brought(question):
    with ThreadPoolExecutor(1) as pool, in_other_connection() as worker:
        worker.execute("BEGIN")
        worker.execute(
            "UPDATE quickbooks_integration_quickbookssync SET sync_version = '7' WHERE id = %s", [question.sync_id]
        )
        linking = pool.submit(link, question, pairs.somebody())
        wait_until_somebody_waits_for(worker)
        worker.execute(
            "UPDATE quickbooks_integration_quickbookscustomer SET raw = raw || %s WHERE sync_id = %s",
            ['{"PrimaryEmailAddr": {"Address": "new@example.com"}}', question.sync_id],
        )
        worker.execute("COMMIT")
        assert linking.result(timeout=MOST_SECONDS) == "linked"
    contact = Contact.objects.get(pk=question.contact_id)
    assert list(contact.emails.values_list("address", flat=True)) == ["new@example.com"]


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


def backends(watcher: Any) -> int:
    watcher.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    return watcher.fetchone()[0]


def test_portions_that_are_written_beside_each_other_link_each_pair_once(monkeypatch):
    """Each in a connection of its own, which is closed after that."""
    monkeypatch.setattr(matching, "LINKS_A_TRANSACTION", 2)
    company, numbers = pairs.company(), [f"617-555-01{n:02}" for n in range(7)]
    for number in numbers:
        pairs.contact(phone=number)
        pairs.customer(company, f"Ann of {number[-2:]}", phone=number, Notes=number)
    with in_other_connection() as watcher:
        before = backends(watcher)
        assert reconciling.match(company).linked == len(numbers)
        deadline = time.monotonic() + MOST_SECONDS
        while backends(watcher) != before:
            assert time.monotonic() < deadline, "a connection was left open"
    assert MatchDecision.objects.count() == len(numbers)
    assert sorted(Contact.objects.values_list("notes", flat=True)) == numbers
    contexts = ContactEvent.objects.filter(pgh_label="update").values_list("pgh_context__metadata", flat=True)
    assert [context["source"] for context in contexts] == ["matching"] * len(numbers)


@pytest.mark.parametrize("which", ["first", "last"])
def test_what_one_portion_cannot_write_keeps_the_others(monkeypatch, which):
    """As after a killed run: the next one continues. Each process has one of the two."""
    monkeypatch.setattr(matching, "LINKS_A_TRANSACTION", 1)
    company = pairs.company()
    for number in ("617-555-0101", "617-555-0102"):
        pairs.contact(phone=number)
        pairs.customer(company, f"Ann of {number[-2:]}", phone=number)
    fails = getattr(QuickBooksSync.objects.order_by("pk"), which)()
    with monkeypatch.context() as patched:
        patched.setattr(matching, "_link", partial(_fail_for, fails.pk, matching._link))
        with pytest.raises(RuntimeError):
            reconciling.match(company)
    assert MatchDecision.objects.exclude(sync=fails).count() == 1
    assert MatchDecision.objects.filter(sync=fails).count() == 0
    assert reconciling.match(company).linked == 1


def _fail_for(sync_id, link, company, decisions):
    if sync_id in {decision.customer for decision in decisions}:
        raise RuntimeError("killed")
    return link(company, decisions)


def test_a_customer_that_changes_while_matching_waits_for_it_is_taken_as_it_became():
    company = pairs.company()
    pairs.contact(phone="617-555-0101")
    customer = pairs.customer(company, "Ann Lee", phone="617-555-0101", Notes="old")
    with ThreadPoolExecutor(1) as pool, in_other_connection() as pull:
        pull.execute("BEGIN")
        pull.execute("UPDATE quickbooks_integration_quickbookssync SET sync_version = '1' WHERE id = %s", [customer.pk])
        pull.execute(
            "UPDATE quickbooks_integration_quickbookscustomer SET raw = jsonb_set(raw, '{Notes}', '\"new\"')"
            " WHERE sync_id = %s",
            [customer.pk],
        )
        linking = pool.submit(match_and_leave, company)
        wait_until_somebody_waits_for(pull)
        pull.execute("COMMIT")
        assert linking.result(MOST_SECONDS).linked == 1
    contact = Contact.objects.get()
    assert (contact.notes, contact.quickbooks_sync_token) == ("new", "1")


def match_and_leave(company: Any) -> Any:
    try:
        return reconciling.match(company)
    finally:
        connections.close_all()


def foresee(decisions: list[MatchDecision], by: Any) -> int:
    try:
        return undoing.foresee(decisions, by).done
    finally:
        connections.close_all()


def test_looking_at_what_several_undos_would_do_never_waits_in_a_circle_with_a_pull():
    """A pull locks the map rows that it changes, then their contacts, both in the order of their ids."""
    company, person = pairs.company(), pairs.somebody()
    contacts = []
    for number in ("617-555-0101", "617-555-0102"):
        contacts.append(pairs.contact(phone=number))
        pairs.customer(company, f"Ann of {number[-2:]}", phone=number)
    assert reconciling.match(company).linked == 2
    decisions = list(MatchDecision.objects.order_by("pk"))
    with ThreadPoolExecutor(1) as pool, in_other_connection() as pull:
        pull.execute("BEGIN")
        pull.execute(
            "SELECT FROM quickbooks_integration_quickbookssync WHERE id = %s FOR NO KEY UPDATE", [decisions[0].sync_id]
        )
        looking = pool.submit(foresee, decisions, person)
        wait_until_somebody_waits_for(pull)
        pull.execute(
            "SELECT FROM quickbooks_integration_quickbookssync WHERE id = %s FOR NO KEY UPDATE NOWAIT",
            [decisions[1].sync_id],
        )
        pull.execute(
            "SELECT FROM contacts_contact WHERE id = ANY(%s) FOR NO KEY UPDATE NOWAIT", [[one.pk for one in contacts]]
        )
        pull.execute("COMMIT")
        assert looking.result(timeout=MOST_SECONDS) == 2
    assert not MatchDecision.objects.exclude(undone_at=None).exists()


def save(form: OpenForm) -> int:
    try:
        return form.save(first_name="Anne").status_code
    finally:
        connections.close_all()


def test_saving_a_contact_never_waits_in_a_circle_with_a_pull_of_its_customer():
    company = pairs.company()
    contact = pairs.contact("Ann", "Lee", phone="617-555-0101")
    customer = pairs.customer(company, "Ann Lee", phone="617-555-0101", GivenName="Ann", FamilyName="Lee")
    assert reconciling.match(company).linked == 1
    HistoryImport.objects.create(company=company, state="committed")
    form = OpenForm(client_of(make_user("olivia", "office")), f"/admin/contacts/contact/{contact.pk}/change/")
    with ThreadPoolExecutor(1) as pool, in_other_connection() as pull:
        pull.execute("BEGIN")
        pull.execute("SELECT FROM quickbooks_integration_quickbookssync WHERE id = %s FOR NO KEY UPDATE", [customer.pk])
        saving = pool.submit(save, form)
        wait_until_somebody_waits_for(pull)
        pull.execute("SELECT FROM contacts_contact WHERE id = %s FOR NO KEY UPDATE NOWAIT", [contact.pk])
        pull.execute("COMMIT")
        assert saving.result(timeout=MOST_SECONDS) == 302
    contact.refresh_from_db()
    customer.refresh_from_db()
    assert (contact.first_name, customer.wanted) == ("Anne", 1)


def test_a_link_never_waits_in_a_circle_with_the_worker_that_begins_to_create_its_contact(question):
    """A worker locks the row that waits to be created, then the contact; the link takes that row away."""
    waiting = QuickBooksSync.objects.create(
        company=question.sync.company, entity_type="customer", local_id=question.contact_id
    )
    person = pairs.somebody()
    with ThreadPoolExecutor(1) as pool, in_other_connection() as worker:
        worker.execute("BEGIN")
        worker.execute(
            "SELECT FROM quickbooks_integration_quickbookssync WHERE id = %s FOR NO KEY UPDATE", [waiting.pk]
        )
        linking = pool.submit(link, question, person)
        wait_until_somebody_waits_for(worker)
        worker.execute("SELECT FROM contacts_contact WHERE id = %s FOR NO KEY UPDATE NOWAIT", [question.contact_id])
        worker.execute("COMMIT")
        assert linking.result(timeout=MOST_SECONDS) == "linked"
    assert not QuickBooksSync.objects.filter(pk=waiting.pk).exists()
