"""What a contact's timeline says about QuickBooks: links, what was sent, and what both sides changed."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contacts import timeline
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import ConflictDecision, QuickBooksAuth, QuickBooksSync
from tests.billing.rows import make_invoice, make_quote
from tests.factories import make_contact
from tests.people import make_user
from tests.quickbooks_integration import pairs

DAY = date(2026, 3, 2)


@pytest.fixture
def office(db) -> User:
    return make_user("olivia", "office")


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def ann(db) -> Contact:
    return make_contact("Ann", "Lee")


def told(contact: Contact, may=lambda permission: True) -> list[str]:
    """The sentences about QuickBooks only, the newest first."""
    return [one.told.sentence for one in timeline.page(contact, may).entries if one.kind == "QuickBooks"]


def in_quickbooks(
    auth: QuickBooksAuth, entity_type: str, local_id: int, entity_id: str = "1", **more
) -> QuickBooksSync:
    return QuickBooksSync.objects.create(
        company=auth, entity_type=entity_type, local_id=local_id, entity_id=entity_id, **more
    )


def test_a_link_says_who_linked_it_and_that_it_was_undone(auth, ann, office):
    customer = pairs.customer(auth, "Lee, Ann")
    reconciling.link_to(customer, ann, office)
    assert told(ann) == ["Linked to Lee, Ann in QuickBooks by olivia: Picked by hand."]
    customer.refresh_from_db()
    reconciling.unlink(customer, office)
    (said,) = told(ann)
    assert said.startswith("Linked to Lee, Ann in QuickBooks by olivia: Picked by hand. Unlinked on ")
    assert said.endswith("by olivia.")


def test_what_was_sent_and_what_both_sides_changed_is_told_of_own_documents_only(auth, ann):
    quote, invoice = make_quote(contact=ann), make_invoice(contact=ann)
    other = make_quote(contact=make_contact("Bob", "Ray"))
    # The same number as the quote's, of another kind: one integer points into several tables.
    in_quickbooks(auth, "payment", quote.pk, "9", confirmed_at=timezone.now())
    in_quickbooks(auth, "estimate", other.pk, "2", confirmed_at=timezone.now())
    in_quickbooks(auth, "estimate", quote.pk, "1", confirmed_at=timezone.now())
    sync = in_quickbooks(auth, "invoice", invoice.pk, "3")
    QuickBooksSync.objects.filter(pk=sync.pk).update(sync_status="conflict")
    assert set(told(ann)) == {
        "An invoice was changed here and in QuickBooks, in the same place. Nothing is sent until you decide.",
        f"Quote {quote.number} was sent to QuickBooks, which confirmed it.",
    }
    QuickBooksSync.objects.filter(pk=sync.pk).update(sync_status="synced")
    assert "An invoice was changed here and in QuickBooks, in the same place. It is decided." in told(ann)


def test_what_quickbooks_refused_is_told_with_its_sentence_until_it_is_settled(auth, ann):
    quote, other = make_quote(contact=ann), make_quote(contact=make_contact("Bob", "Ray"))
    sync = in_quickbooks(auth, "estimate", quote.pk, "1")
    strange = in_quickbooks(auth, "estimate", other.pk, "2")
    refused = {"sync_status": "error", "error_message": "The customer is not active in QuickBooks."}
    QuickBooksSync.objects.filter(pk__in=[sync.pk, strange.pk]).update(**refused)
    QuickBooksSync.objects.filter(pk=sync.pk).update(sync_status="pending", error_message="")  # tried again
    again = {"sync_status": "error", "error_message": "Its ZIP code is missing."}
    QuickBooksSync.objects.filter(pk=sync.pk).update(**again)
    assert told(ann) == [f"Quote {quote.number} was not taken by QuickBooks. Its ZIP code is missing."]
    QuickBooksSync.objects.filter(pk=sync.pk).update(sync_status="synced", error_message="")
    assert told(ann) == [f"Quote {quote.number} was not taken by QuickBooks. It is settled."]


def test_a_row_in_conflict_that_becomes_another_contact_s_has_one_conflict_and_not_two(auth, ann):
    bob = make_contact("Bob", "Ray")
    customer = pairs.customer(auth, "Lee, Ann")
    row = QuickBooksSync.objects.filter(pk=customer.pk)
    row.update(local_id=bob.pk)
    row.update(sync_status="conflict")
    row.update(local_id=ann.pk)  # as a merge of the two does
    assert len(told(ann)) == 1
    row.update(sync_status="synced")
    row.update(sync_status="conflict")
    assert len(told(ann)) == 2


def test_a_decision_about_the_contact_says_whose_value_counts(auth, ann, office):
    customer = pairs.customer(auth, "Lee, Ann")
    QuickBooksSync.objects.filter(pk=customer.pk).update(local_id=ann.pk)
    ConflictDecision.objects.create(
        sync=customer, entity_type="customer", local_id=ann.pk, name="Ann Lee", field="company", choice="theirs",
        decided_by=office,
    )  # fmt: skip
    assert told(ann) == ["Company was changed on both sides: QuickBooks' value was taken by olivia."]


def test_who_may_not_see_the_links_reads_none_of_it(auth, ann):
    quote = make_quote(contact=ann)
    in_quickbooks(auth, "estimate", quote.pk, confirmed_at=timezone.now())
    with CaptureQueriesContext(connection) as queries:
        assert told(ann, lambda permission: not permission.startswith("quickbooks")) == []
    assert "quickbooks_integration" not in " ".join(query["sql"] for query in queries)


def test_it_costs_the_same_for_many_documents(auth, ann):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            told(Contact.objects.get(pk=ann.pk))
        return len(queries)

    def add(number: int) -> None:
        for _ in range(number):
            quote, invoice = make_quote(contact=ann), make_invoice(contact=ann)
            in_quickbooks(auth, "estimate", quote.pk, f"q{quote.pk}", confirmed_at=timezone.now())
            sync = in_quickbooks(auth, "invoice", invoice.pk, f"i{invoice.pk}")
            QuickBooksSync.objects.filter(pk=sync.pk).update(sync_status="conflict")

    add(1)
    few = cost()
    add(10)
    assert cost() == few
