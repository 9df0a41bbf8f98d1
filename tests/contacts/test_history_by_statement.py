"""History that is written by the statement says what history by the row said, and no statement takes longer for it."""

import pghistory
import pytest
from django.db import connection
from django.db.models import F, Value
from django.db.models.functions import Concat, Now
from pghistory.models import Context

from contacts.models import Contact, ContactEvent
from quickbooks_integration.models import QuickBooksSync

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str, str]]:
    """(label, first name, notes) of each event, in the order of their contacts."""
    rows = ContactEvent.objects.order_by("pgh_obj", "pgh_id")
    return list(rows.values_list("pgh_label", "first_name", "notes"))


def test_one_statement_over_many_tells_each_what_it_was_and_what_it_became() -> None:
    Contact.objects.bulk_create(Contact(first_name=name) for name in "ABC")
    with pghistory.context(source="test"):
        Contact.objects.exclude(first_name="C").update(notes=Concat(F("first_name"), Value("!")))
    assert told() == [("before", "A", ""), ("update", "A", "A!"), ("before", "B", ""), ("update", "B", "B!")]
    assert [row.metadata["source"] for row in Context.objects.all()] == ["test"]
    Contact.objects.update(notes="")
    labels = [label for label, _, _ in told()]
    assert labels == ["before", "update", "update", "before", "update", "update"]  # C said nothing before and now


def test_only_rows_that_changed_are_told_and_nothing_is_stored_for_none() -> None:
    Contact.objects.bulk_create(Contact(first_name=name) for name in "AB")
    with pghistory.context(source="test"):
        Contact.objects.update(updated_at=Now())
        Contact.objects.update(first_name="A")
    assert told() == [("before", "B", ""), ("update", "A", "")]
    with pghistory.context(source="another"):
        Contact.objects.update(updated_at=Now())
    assert Context.objects.count() == 1


def test_no_plan_of_a_small_change_compares_all_with_all_later() -> None:
    """PostgreSQL has no way to join fully but by hashing or sorting; a plan for one row would be kept for thousands."""
    for model in (Contact, QuickBooksSync):
        functions = triggers(model._meta.db_table)
        assert functions
        for source in functions:
            assert "old_values FULL JOIN new_values" in source


def triggers(table: str) -> list[str]:
    """What the functions say that are called once for an UPDATE of the table (of tgtype: 1 a row, 16 updates)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid"
            " WHERE tgrelid = %s::regclass AND tgtype & 1 = 0 AND tgtype & 16 > 0",
            [table],
        )
        return [source for (source,) in cursor.fetchall()]
