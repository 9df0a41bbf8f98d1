"""Taking a decision back: both sides as they were, or nothing at all when somebody has changed the field since."""

import pytest

from billing.models import Invoice, Product
from quickbooks_integration.conflicts import deciding, undoing
from quickbooks_integration.conflicts.deciding import Settled
from quickbooks_integration.conflicts.undoing import How
from quickbooks_integration.models import ConflictDecision, QuickBooksSync
from quickbooks_integration.sync import outbox

pytestmark = pytest.mark.django_db


def decide(clash, choice: str, by) -> ConflictDecision:
    return deciding.decide(clash.sync.pk, clash.field, choice, by)


@pytest.mark.parametrize("choice", ["theirs", "ours"])
def test_decided_and_undone_both_sides_and_both_bases_are_as_before(clash, office, writes, choice):
    before, sent = clash.everything(), writes()
    decision = decide(clash, choice, office)
    assert clash.everything() != before
    how = undoing.undo(decision.pk, office)
    assert how == (How.ASK_AGAIN if choice == "theirs" else How.STOP)
    assert clash.everything() == before
    clash.push()
    clash.read()
    assert (clash.both(), list(clash.sync.conflicts), writes()) == ((clash.ours, clash.theirs), [clash.field], sent)
    decision.refresh_from_db()
    assert (decision.state, decision.undone_by) == ("undone", office)


def test_ours_that_went_there_is_undone_by_one_write_of_quickbooks_old_value(clash, office, writes):
    decision = decide(clash, "ours", office)
    clash.push()
    before = writes()
    assert undoing.undo(decision.pk, office) == How.SEND_BACK
    clash.push()
    assert clash.both() == (clash.theirs, clash.theirs)
    assert (clash.sync.sync_status, clash.sync.conflicts, writes()) == ("synced", {}, before + 1)


@pytest.mark.parametrize("choice", ["theirs", "ours"])
@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_what_was_edited_here_since_is_not_undone(clash, office, choice):
    decision = decide(clash, choice, office)
    clash.push()
    clash.edit("Somebody's")
    before = clash.everything()
    with pytest.raises(Settled, match=r"Quote \d+ of Ann Lee: Message to the customer was changed since here"):
        undoing.undo(decision.pk, office)
    assert clash.everything() == before
    decision.refresh_from_db()
    assert (decision.state, decision.undone_at) == ("done", None)


@pytest.mark.parametrize("choice", ["theirs", "ours"])
@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_what_was_changed_in_quickbooks_since_is_not_undone(clash, office, choice):
    decision = decide(clash, choice, office)
    clash.push()
    clash.edit_there("Somebody's")
    clash.read()
    before = clash.everything()
    with pytest.raises(Settled, match="was changed since"):
        undoing.undo(decision.pk, office)
    assert clash.everything() == before == (*before[:1], ("Somebody's", "Somebody's"), *before[2:])


@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_while_it_is_on_its_way_it_is_not_undone_and_afterwards_it_is(clash, office):
    decision = decide(clash, "ours", office)
    clash.books.emulator.faults.add("commit_then_drop", route="update", count=9)
    clash.push()
    assert clash.sync.request_id
    with pytest.raises(Settled, match="on its way to QuickBooks at this moment"):
        undoing.undo(decision.pk, office)
    clash.books.emulator.faults.clear()
    clash.push()
    assert undoing.undo(decision.pk, office) == How.SEND_BACK
    clash.push()
    assert clash.both() == (clash.theirs, clash.theirs)


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_undone_twice_changes_nothing_the_second_time(clash, office):
    decision = decide(clash, "theirs", office)
    undoing.undo(decision.pk, office)
    before = clash.everything()
    with pytest.raises(Settled, match="undone already"):
        undoing.undo(decision.pk, office)
    assert clash.everything() == before


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_a_refused_write_of_ours_can_still_be_stopped(clash, office):
    decision = decide(clash, "ours", office)
    clash.books.emulator.faults.add("fault", route="update", code="6210", detail="closed", status=400, count=1)
    clash.push()
    assert clash.sync.sync_status == "error"
    assert undoing.undo(decision.pk, office) == How.STOP
    assert (clash.sync.sync_status, list(clash.sync.conflicts)) == ("conflict", ["message"])


@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_killed_between_decision_and_sending_ours_goes_there_later_by_itself(clash, office):
    decide(clash, "ours", office)  # the bell is lost: no push follows
    assert outbox.due(clash.books.auth).filter(pk=clash.sync.pk).exists()
    clash.push()
    assert clash.both() == (clash.ours, clash.ours)


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_the_decision_outlives_the_link(clash, office):
    decision = decide(clash, "theirs", office)
    QuickBooksSync.objects.filter(pk=clash.sync.pk).delete()
    with pytest.raises(Settled, match="not here any more"):
        undoing.undo(decision.pk, office)
    assert ConflictDecision.objects.get().name.endswith("of Ann Lee")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_a_line_whose_product_was_deleted_since_cannot_be_put_back_and_that_is_said(clash, office):
    product = Product.objects.create(name="Old")
    clash.quote.quote_items.filter(position=2).update(product=product)
    decision = decide(clash, "theirs", office)  # that line is gone
    product.delete()
    before = clash.everything()
    with pytest.raises(Settled, match="a product or a person that it was about was deleted"):
        undoing.undo(decision.pk, office)
    assert clash.everything() == before


@pytest.mark.parametrize("clash_type", ["InvoiceDue"], indirect=True)
def test_what_follows_from_the_field_follows_the_decision_and_its_undo(clash, office):
    assert Invoice.objects.get(pk=clash.local_id).payment_status == "overdue"
    clash.edit_there("2120-01-01")
    clash.read()
    decision = decide(clash, "theirs", office)
    assert Invoice.objects.get(pk=clash.local_id).payment_status == "unpaid"
    undoing.undo(decision.pk, office)
    assert Invoice.objects.get(pk=clash.local_id).payment_status == "overdue"
