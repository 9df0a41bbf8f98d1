"""One decision about one field: what it does on both sides, and that a second one changes nothing."""

import threading

import pytest
from django.db import connection

from contacts.fingerprints import fingerprint
from quickbooks_integration.conflicts import deciding
from quickbooks_integration.conflicts.deciding import Settled
from quickbooks_integration.models import ConflictDecision, QuickBooksSync

pytestmark = pytest.mark.django_db


def test_quickbooks_value_counts_here_and_nothing_is_sent(clash, office, writes):
    before = writes()
    deciding.decide(clash.sync.pk, clash.field, "theirs", office)
    clash.push()
    assert clash.both() == (clash.theirs, clash.theirs)
    assert (clash.sync.sync_status, clash.sync.conflicts, writes()) == ("synced", {}, before)


def test_our_value_counts_and_goes_there_in_one_write(clash, office, writes):
    before = writes()
    deciding.decide(clash.sync.pk, clash.field, "ours", office)
    clash.push()
    assert clash.both() == (clash.ours, clash.ours)
    assert (clash.sync.sync_status, clash.sync.conflicts, writes()) == ("synced", {}, before + 1)


def test_every_decision_is_written_down(clash, office):
    sides = clash.sync.conflicts[clash.field]
    deciding.decide(clash.sync.pk, clash.field, "theirs", office)
    (decision,) = ConflictDecision.objects.all()
    assert (decision.decided_by, decision.field, decision.choice, decision.state) == (
        office, clash.field, "theirs", "done",
    )  # fmt: skip
    assert {"base": decision.base, "ours": decision.ours, "theirs": decision.theirs} == sides
    assert decision.name


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_two_people_who_decide_at_once_are_one_decision_and_the_second_reads_of_the_first(clash, office):
    results: list[object] = []

    def press(choice: str) -> None:
        try:
            results.append(deciding.decide(clash.sync.pk, clash.field, choice, office))
        except Settled as settled:
            results.append(str(settled))
        finally:
            connection.close()

    people = [threading.Thread(target=press, args=[choice]) for choice in ("theirs", "ours")]
    for one in people:
        one.start()
    for one in people:
        one.join()
    (decided,) = ConflictDecision.objects.all()
    (said,) = [one for one in results if isinstance(one, str)]
    assert "was decided already by olivia" in said
    assert decided.get_choice_display().lower() in said


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("clash_type", ["InvoiceDue"], indirect=True)
def test_two_fields_of_one_row_that_two_people_decide_at_once_are_both_decided(clash, office):
    clash.books.bookkeeper.edit("Invoice", clash.sync.entity_id, CustomerMemo={"value": "There"})
    invoice = clash.invoice
    invoice.refresh_from_db()
    invoice.message = "Here"
    invoice.save()
    clash.read()
    assert set(clash.sync.conflicts) == {"due", "message"}

    def press(field: str, choice: str) -> None:
        deciding.decide(clash.sync.pk, field, choice, office)
        connection.close()

    people = [threading.Thread(target=press, args=one) for one in (("due", "theirs"), ("message", "ours"))]
    for one in people:
        one.start()
    for one in people:
        one.join()
    clash.push()
    assert clash.both() == (clash.theirs, clash.theirs)
    assert clash.document()["CustomerMemo"]["value"] == "Here"
    assert (clash.sync.conflicts, clash.sync.sync_status) == ({}, "synced")


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_an_edit_here_after_the_page_was_shown_is_asked_about_again(clash, office):
    sides = clash.sync.conflicts["message"]
    clash.edit("Ours, edited again")
    with pytest.raises(Settled, match="changed again meanwhile"):
        deciding.decide(clash.sync.pk, "message", "theirs", office, seen=fingerprint(sides))
    assert clash.both() == ("Ours, edited again", "Theirs")
    assert list(clash.sync.conflicts) == ["message"]
    assert not ConflictDecision.objects.exists()


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_while_another_field_is_undecided_nothing_goes_there(clash, office, writes):
    sync, before = clash.sync, writes()
    other = {"base": "2026-01-01", "ours": "2026-01-02", "theirs": "2026-01-03"}
    QuickBooksSync.objects.filter(pk=sync.pk).update(conflicts={**sync.conflicts, "expires": other})
    deciding.decide(sync.pk, "message", "ours", office)
    clash.push()
    assert (clash.sync.sync_status, list(clash.sync.conflicts), writes()) == ("conflict", ["expires"], before)
