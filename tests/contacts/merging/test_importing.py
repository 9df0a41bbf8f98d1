"""A list that knew both contacts is imported again: the merge stands."""

import pytest

from contacts import merging
from contacts.importing import answering
from contacts.models import Contact, ContactImport, ContactImportDifference, ContactImportRow
from tests.contacts.importing.files import counts, import_lines
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

ANN = "A1,Ann,Lee,,617-555-0101,,,,,"
ANNE = "A2,Ann,Lee,,617-555-0102,,,,,"


@pytest.fixture
def merged() -> Contact:
    import_lines(ANN, ANNE)
    ann, anne = Contact.objects.order_by("external_id")
    merging.merge(ann.pk, anne.pk, None)
    return ann


def test_the_ids_of_both_mean_the_survivor_and_no_contact_comes_back(merged):
    assert counts(import_lines(ANN, ANNE)) == {"read": 2, "unchanged": 2}
    assert list(Contact.objects.current()) == [merged]
    assert not ContactImportRow.objects.exists()


def test_what_is_new_under_the_losers_id_comes_to_the_survivor(merged):
    assert counts(import_lines("A2,Ann,Lee,,617-555-0103,,,,,")) == {"read": 1, "enriched": 1}
    assert [phone.number for phone in merged.phones.all()] == ["617-555-0101", "617-555-0102", "617-555-0103"]
    merged.refresh_from_db()
    assert merged.external_id == "A1"


def test_somebody_else_under_the_losers_id_is_a_question_about_the_name_and_adds_nothing(merged):
    result = import_lines("A2,Zoe,Brown,,617-555-0109,,,,,")
    assert counts(result) == {"read": 1, "conflict": 1}
    assert [row.field for row in ContactImportDifference.objects.all()] == ["name"]
    assert merged.phones.count() == 2


def test_a_line_without_an_id_finds_the_survivor_by_the_losers_number(merged):
    assert counts(import_lines(",Ann,Lee,,617-555-0102,,,,,")) == {"read": 1, "unchanged": 1}


def test_a_line_without_a_number_does_not_find_who_was_merged_away():
    ann, anne = make_contact("Ann", "Lee"), make_contact("Anne", "Lee")
    merging.merge(ann.pk, anne.pk, None)
    import_lines(",Anne,Lee,,,,,,,")
    anne.refresh_from_db()
    assert (anne.merged_into, Contact.objects.current().count()) == (ann, 2)


def test_a_line_with_the_losers_name_and_a_number_means_the_survivor_and_is_no_conflict():
    lines = (",Ann,Lee,,617-555-0101,,,,,", ",Anne,Leigh,Lee Realty,617-555-0102,,,,,")
    import_lines(*lines)
    ann, anne = Contact.objects.order_by("pk")
    merging.merge(ann.pk, anne.pk, None)
    assert counts(import_lines(*lines)) == {"read": 2, "unchanged": 2}
    assert counts(import_lines(",Anne,Leigh,,617-555-0101,,,,,")) == {"read": 1, "unchanged": 1}
    assert counts(import_lines(",Anne,Ray,,617-555-0101,,,,,")) == {"read": 1, "created": 1}
    assert Contact.objects.current().count() == 2
    assert not ContactImportRow.objects.exists()


def test_a_line_under_the_losers_id_and_name_is_no_conflict():
    lines = ("A1,Ann,Lee,,617-555-0101,,,,,", "A2,Anne,Leigh,,617-555-0102,,,,,")
    import_lines(*lines)
    ann, anne = Contact.objects.order_by("pk")
    merging.merge(ann.pk, anne.pk, None)
    assert counts(import_lines(*lines)) == {"read": 2, "unchanged": 2}
    ann.refresh_from_db()
    assert ann.name == "Ann Lee"


ACME = "A2,Anne,Lee,Acme,,,,,,"


@pytest.fixture
def asked() -> tuple[Contact, Contact, ContactImport]:
    """A list says something else of the second one."""
    ann, anne = (
        make_contact(first, "Lee", external_id=key, company="Firm") for first, key in (("Ann", "A1"), ("Anne", "A2"))
    )
    return ann, anne, import_lines(ACME).record


def differences() -> list[tuple[object, ...]]:
    return list(
        ContactImportDifference.objects.order_by("pk").values_list("pk", "object_id", "field", "theirs", "answer")
    )


def test_what_was_kept_of_the_loser_is_not_asked_again_of_the_survivor(asked, office):
    ann, anne, record = asked
    assert answering.keep(record, office, field="company").done == 1
    before = differences()
    done = merging.merge(ann.pk, anne.pk, None)
    assert counts(import_lines(ACME)) == {"read": 1, "unchanged": 1}
    assert merging.undo(done.pk, None).left == []
    assert differences() == before
    assert counts(import_lines(ACME)) == {"read": 1, "unchanged": 1}


def test_an_open_question_about_the_loser_is_answered_at_the_survivor(asked, office):
    ann, anne, record = asked
    merging.merge(ann.pk, anne.pk, None)
    answered = answering.take(record, office, field="company")
    assert (answered.done, answered.refused) == (1, [])
    ann.refresh_from_db()
    assert ann.company == "Acme"


@pytest.mark.parametrize("kept_of", ["A1", "A2", None])
def test_of_the_same_question_about_both_one_stays_answered_if_either_is(asked, office, kept_of):
    ann, anne, record = asked
    import_lines(ACME.replace("A2,Anne", "A1,Ann"))
    kept = {"A1": ann, "A2": anne}.get(kept_of)
    if kept:
        ContactImportDifference.objects.filter(object_id=kept.pk).update(answer="kept")
    before = differences()
    done = merging.merge(ann.pk, anne.pk, None)
    [(_, of, *_, answer)] = differences()
    assert (of, answer) == (ann.pk, "kept" if kept else "")
    assert merging.undo(done.pk, None).left == []
    assert differences() == before


def test_an_undo_goes_on_where_the_import_with_the_question_is_gone(asked):
    ann, anne, record = asked
    done = merging.merge(ann.pk, anne.pk, None)
    record.delete()
    [sentence] = merging.undo(done.pk, None).left
    assert sentence.startswith("The contact import row")  # and nothing of the question in it
