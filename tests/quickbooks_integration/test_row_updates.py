"""Many rows in one statement say what each alone would have said."""

from decimal import Decimal

import pytest

from contacts.models import Contact
from quickbooks_integration import row_updates
from quickbooks_integration.models import QuickBooksSync
from tests.quickbooks_integration import pairs

NASTY = ['say "hi"', "back\\slash", "{curly, comma}", "NULL", "", "line\nend", "ö – 'quoted'", "%s"]


@pytest.mark.django_db
def test_every_text_arrives_as_it_is_and_the_clock_moves(django_assert_num_queries) -> None:
    rows = [Contact.objects.create() for _ in NASTY]
    before = rows[0].updated_at
    for row, text in zip(rows, NASTY, strict=True):
        row.first_name, row.payment_terms, row.tax_exempt = text, text or None, bool(text)
        row.outstanding_balance = Decimal("12.30")
    names = ["first_name", "payment_terms", "tax_exempt", "outstanding_balance", "updated_at"]
    with django_assert_num_queries(1):
        row_updates.update(rows, names)
    stored = list(Contact.objects.order_by("pk"))
    assert [row.first_name for row in stored] == NASTY
    assert [(row.payment_terms, row.tax_exempt) for row in stored] == [(text or None, bool(text)) for text in NASTY]
    assert all(row.outstanding_balance == Decimal("12.30") and row.updated_at > before for row in stored)


@pytest.mark.django_db
def test_a_card_number_is_masked_and_nothing_is_cut_off_silently() -> None:
    contact = Contact.objects.create()
    contact.notes, contact.last_name = "card 4111 1111 1111 1111", "x" * 101
    row_updates.update([contact], ["notes"])
    assert "1111 1111" not in Contact.objects.get().notes
    with pytest.raises(Exception, match="too long"):
        row_updates.update([contact], ["last_name"])


@pytest.mark.django_db
def test_documents_arrive_as_they_are() -> None:
    sync = pairs.customer(pairs.company(), "Ann Smith")
    sync.base, sync.conflicts, sync.base_ours = {"notes": NASTY, "sum": None}, {}, None
    row_updates.update([sync], ["base", "base_ours", "conflicts"])
    stored = QuickBooksSync.objects.get()
    assert (stored.base, stored.base_ours, stored.conflicts) == ({"notes": NASTY, "sum": None}, None, {})
