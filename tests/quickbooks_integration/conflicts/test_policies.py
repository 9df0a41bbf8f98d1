"""Rules that the office sets: what they decide at once, what they leave alone, and who may set which."""

import pytest
from django.db import transaction

from billing import invoices, quotes
from billing.models import Quote
from quickbooks_integration.conflicts import deciding, policies, undoing
from quickbooks_integration.conflicts.policies import NotOffered
from quickbooks_integration.models import ConflictDecision, ConflictPolicy, QuickBooksSync
from quickbooks_integration.sync import adopting

pytestmark = pytest.mark.django_db
MERGED = ["EstimateMessage", "InvoiceDue", "PaymentReference", "CustomerName", "CustomerAddress"]


def rule(clash, rule: str, by) -> ConflictPolicy:
    return policies.set_rule(clash.books.auth, clash.kind, clash.field, rule, by)


def move_apart(clash) -> None:
    clash.edit_there(clash.theirs)
    clash.edit(clash.ours)
    clash.read()


@pytest.mark.parametrize("clash_type", [*MERGED, "EstimateLines", "InvoiceLines", "PaymentUse"], indirect=True)
def test_quickbooks_wins_at_once_writes_nothing_and_is_written_down(in_step, office, writes):
    policy, before = rule(in_step, "quickbooks", office), writes()
    move_apart(in_step)
    assert in_step.both() == (in_step.theirs, in_step.theirs)
    assert (in_step.sync.sync_status, in_step.sync.conflicts, writes()) == ("synced", {}, before)
    (decision,) = ConflictDecision.objects.all()
    assert (decision.policy, decision.decided_by, decision.choice) == (policy, None, "theirs")


@pytest.mark.parametrize("clash_type", MERGED, indirect=True)
def test_the_crm_wins_at_once_in_one_write_and_is_written_down(in_step, office, writes):
    policy, before = rule(in_step, "crm", office), writes()
    move_apart(in_step)
    assert in_step.both() == (in_step.ours, in_step.ours)
    assert (in_step.sync.sync_status, in_step.sync.conflicts, writes()) == ("synced", {}, before + 1)
    (decision,) = ConflictDecision.objects.all()
    assert (decision.policy, decision.decided_by, decision.choice) == (policy, None, "ours")


@pytest.mark.parametrize("clash_type", ["EstimateMessage", "CustomerName"], indirect=True)
def test_what_a_rule_decided_can_be_undone_and_the_rule_does_not_decide_it_again(in_step, office, writes):
    rule(in_step, "quickbooks", office)
    move_apart(in_step)
    before = writes()
    undoing.undo(ConflictDecision.objects.get().pk, office)
    in_step.read()
    assert (in_step.both(), list(in_step.sync.conflicts)) == ((in_step.ours, in_step.theirs), [in_step.field])
    assert (ConflictDecision.objects.count(), writes()) == (1, before)


@pytest.mark.parametrize("clash_type", ["EstimateMessage", "CustomerName"], indirect=True)
def test_a_rule_leaves_what_is_open_already_to_somebody(clash, office):
    rule(clash, "quickbooks", office)
    clash.read()
    assert list(clash.sync.conflicts) == [clash.field]
    assert not ConflictDecision.objects.exists()


@pytest.mark.parametrize("clash_type", ["CustomerName"], indirect=True)
def test_a_customer_that_a_pull_brings_is_decided_by_the_rule(in_step, office):
    rule(in_step, "quickbooks", office)
    in_step.edit_there("Theirs")
    in_step.edit("Ours")
    result = in_step.books.pull()
    assert (in_step.here(), in_step.sync.conflicts, result["conflict"]) == ("Theirs", {}, 0)


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_one_field_with_a_rule_and_one_without_the_second_is_asked(in_step, office):
    rule(in_step, "quickbooks", office)
    in_step.books.bookkeeper.edit("Estimate", in_step.sync.entity_id, TxnDate="2026-06-06")
    quote = in_step.quote
    quote.refresh_from_db()
    quote.quote_date = "2026-07-07"
    quote.save()
    move_apart(in_step)
    assert (in_step.here(), list(in_step.sync.conflicts), in_step.sync.sync_status) == ("Theirs", ["date"], "conflict")


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_asking_again_is_a_rule_like_the_others_and_the_history_stays(in_step, office):
    rule(in_step, "quickbooks", office)
    rule(in_step, "ask", office)
    rule(in_step, "ask", office)
    move_apart(in_step)
    assert list(in_step.sync.conflicts) == ["message"]
    assert [(one.rule, one.set_by) for one in ConflictPolicy.objects.order_by("pk")] == [
        ("quickbooks", office), ("ask", office),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "field", "refused"),
    [
        ("estimate", "content", "crm"), ("invoice", "customer", "crm"), ("payment", "amount", "crm"),
        ("payment", "applied", "crm"), ("estimate", "status", "quickbooks"), ("estimate", "status", "crm"),
        ("customer", "payment_terms", "crm"), ("customer", "outstanding_balance", "quickbooks"), ("item", "name", "crm"),
        ("invoice", "message", "whatever"),
    ],
)  # fmt: skip
def test_money_and_steps_of_people_have_no_rule_that_overwrites_them_unseen(books, office, kind, field, refused):
    with pytest.raises(NotOffered, match=r"this rule is not offered\..*Nothing was changed\."):
        policies.set_rule(books.auth, kind, field, refused, office)
    assert not ConflictPolicy.objects.exists()


def test_a_rule_of_another_company_decides_nothing_here(books, office):
    assert policies.that_decide("another", "estimate", ["message"]) == {}
    policies.set_rule(books.auth, "estimate", "message", "crm", office)
    assert policies.that_decide("another", "estimate", ["message"]) == {}
    assert list(policies.that_decide(books.auth.company_id, "estimate", ["message", "notes"])) == ["message"]


# --- What is no question -------------------------------------------------------------------------


@pytest.mark.parametrize("clash_type", ["InvoiceLines"], indirect=True)
def test_voided_there_while_lines_were_edited_here_the_void_wins_and_nobody_is_asked(in_step, writes):
    before = writes()
    in_step.edit("150.00")
    in_step.books.bookkeeper.void("Invoice", in_step.sync.entity_id)
    in_step.read()
    in_step.invoice.refresh_from_db()
    assert (in_step.invoice.status, in_step.invoice.balance_due) == ("void", 0)
    assert (in_step.sync.sync_status, in_step.sync.conflicts, writes()) == ("synced", {}, before)


@pytest.mark.parametrize("clash_type", ["InvoiceLines"], indirect=True)
def test_an_open_conflict_about_lines_ends_when_the_invoice_is_voided_there(clash, writes):
    before = writes()
    clash.books.bookkeeper.void("Invoice", clash.sync.entity_id)
    clash.read()
    clash.invoice.refresh_from_db()
    assert (clash.invoice.status, clash.sync.sync_status, clash.sync.conflicts, writes()) == (
        "void",
        "synced",
        {},
        before,
    )


@pytest.mark.parametrize("clash_type", ["InvoiceLines"], indirect=True)
def test_voided_here_while_lines_were_edited_there_the_void_goes_there_and_nobody_is_asked(in_step, office):
    in_step.edit_there("120.00")
    in_step.edit("150.00")
    in_step.invoice.refresh_from_db()
    invoices.void(in_step.invoice, office)
    in_step.read()
    assert (in_step.sync.sync_status, in_step.sync.conflicts) == ("synced", {})
    assert in_step.document()["TotalAmt"] == 0
    assert "Voided" in in_step.document()["PrivateNote"]


@pytest.mark.parametrize("clash_type", ["CustomerName"], indirect=True)
def test_quickbooks_takes_its_change_back_and_the_question_is_over(clash, writes):
    before = writes()
    clash.edit_there("Lee")
    clash.read()
    assert clash.both() == ("Ours", "Ours")
    assert (clash.sync.conflicts, clash.sync.sync_status, writes()) == ({}, "synced", before + 1)


@pytest.mark.parametrize("clash_type", ["CustomerName"], indirect=True)
def test_a_second_change_there_is_still_compared_with_what_both_had_agreed_on(clash):
    clash.edit_there("Theirs again")
    clash.read()
    assert clash.sync.conflicts["last_name"] == {"base": "Lee", "ours": "Ours", "theirs": "Theirs again"}


@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_ours_counts_for_every_line_also_where_only_quickbooks_changed(in_step, office):
    """Here the second line is edited, there the first one: kept is what is here, not half of each."""
    in_step.edit_there("120.00")
    quote = in_step.quote
    second = quote.quote_items.get(position=2)
    second.unit_price = 30
    second.save()
    quotes.finish_edit(quote, None)
    in_step.read()
    deciding.decide(in_step.sync.pk, "content", "ours", office)
    in_step.push()
    assert [line["Amount"] for line in in_step.document()["Line"][:2]] == [100, 30]
    assert (in_step.sync.sync_status, in_step.sync.conflicts) == ("synced", {})


@pytest.mark.parametrize("clash_type", ["EstimateMessage"], indirect=True)
def test_a_conflict_from_an_adoption_is_not_decided_by_the_next_pull(in_step, office):
    sync = in_step.sync
    QuickBooksSync.objects.filter(pk=sync.pk).update(local_id=None)  # as after a restore from a backup
    Quote.objects.filter(pk=in_step.quote.pk).update(quickbooks_estimate_id=None, message="Ours")
    with transaction.atomic():
        assert adopting.adopt(in_step.books.auth, "estimate", sync.pk, in_step.quote.pk)
    in_step.read()
    assert (in_step.here(), list(in_step.sync.conflicts)) == ("Ours", ["message"])
    deciding.decide(in_step.sync.pk, "message", "ours", office)
    in_step.push()
    assert in_step.both() == ("Ours", "Ours")
