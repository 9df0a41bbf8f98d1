"""Whose number the other side is: the only contact that has it, and nobody where it cannot be known."""

import pytest

from contacts import conversations, merging
from contacts.models import Contact, Conversation
from contacts.signals import contact_changed
from tests.contacts.talk.rows import a_conversation, a_text, keep
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
NUMBER, OTHER = "617-555-0101", "617-555-0102"


def whose(conversation: Conversation) -> Contact | None:
    return Conversation.objects.get(pk=conversation.pk).contact


def ann(*phones: str) -> Contact:
    return make_contact("Ann", "Lee", phones=phones or (NUMBER,))


def test_it_belongs_to_the_contact_with_the_number_however_it_was_typed():
    one = ann("+1 (617) 555.0101 ext. 7")
    assert whose(a_conversation()) == one


def test_of_several_with_the_number_none_is_guessed_and_no_contact_is_made():
    ann(), make_contact("Bob", phones=(NUMBER,))
    assert whose(a_conversation()) is None
    assert whose(a_conversation("+16175550777")) is None
    assert Contact.objects.count() == 2


def test_a_group_belongs_to_nobody():
    ann()
    assert whose(a_conversation(["+16175550101", "+16175550102"])) is None


def test_it_goes_to_a_contact_that_gets_the_number_later(django_capture_on_commit_callbacks):
    found = a_conversation()
    one = ann()
    with django_capture_on_commit_callbacks(execute=True):
        contact_changed.send(sender=Contact, contact=one, origin="office")
    assert whose(found) == one


def test_the_task_finds_what_an_import_has_brought():
    found, other = a_conversation(), a_conversation("+16175550102")
    one = ann()
    assert conversations.attach() == 1
    assert (whose(found), whose(other)) == (one, None)


def test_it_stays_where_it_is_when_another_contact_gets_the_number_too():
    one = ann()
    found = a_conversation()
    make_contact("Bob", phones=(NUMBER,))
    assert conversations.attach() == 0
    keep(a_text("AC9", minutes=9))
    assert whose(found) == one


def test_it_follows_a_number_that_was_taken_from_one_contact_and_given_to_another():
    one = ann()
    found = a_conversation()
    one.phones.all().delete()
    assert (conversations.attach(), whose(found)) == (0, one)
    bob = make_contact("Bob", phones=(NUMBER,))
    assert (conversations.attach(), whose(found)) == (1, bob)


def test_what_was_said_stays_when_the_contact_is_deleted():
    one = ann()
    found = a_conversation()
    one.delete()
    assert whose(found) is None
    assert found.activities.count() == 1


def test_a_person_says_whose_a_shared_number_is_and_nothing_overrules_that():
    one, bob = ann(), make_contact("Bob", phones=(NUMBER,))
    found = a_conversation()
    assert conversations.give(found, bob.pk) == bob
    assert (conversations.attach(), whose(found)) == (0, bob)
    bob.phones.all().delete()
    make_contact("Cleo", phones=(NUMBER,))
    assert conversations.give(found, bob.pk) is None
    assert whose(found) == bob
    assert one.conversations.count() == 0


def test_a_merge_takes_conversations_along_and_an_undo_brings_them_back():
    one, two = ann(), make_contact("Anne", "Lee", phones=(OTHER,))
    of_one, of_two = a_conversation(), a_conversation("+16175550102")
    found = merging.merge(one.pk, two.pk, None)
    assert (whose(of_one), whose(of_two)) == (one, one)
    assert merging.moved(found) == ["1 conversation"]
    assert merging.undo(found.pk, None).left == []
    assert (whose(of_one), whose(of_two)) == (one, two)


def test_what_two_shared_is_the_survivors_and_nobodys_after_an_undo():
    one, two = ann(), make_contact("Anne", "Lee", phones=(NUMBER,))
    shared = a_conversation()
    found = merging.merge(one.pk, two.pk, None)
    assert whose(shared) == one
    assert merging.undo(found.pk, None).left == []
    assert whose(shared) is None


def test_what_three_shared_is_still_nobodys_after_two_of_them_are_merged():
    one, two = ann(), make_contact("Anne", "Lee", phones=(NUMBER,))
    make_contact("Bob", phones=(NUMBER,))
    shared = a_conversation()
    merging.merge(one.pk, two.pk, None)
    assert (conversations.attach(), whose(shared)) == (0, None)


def test_what_was_said_since_a_merge_goes_back_with_the_losers_number():
    one, two = ann(), make_contact("Anne", "Lee", phones=(OTHER,))
    found = merging.merge(one.pk, two.pk, None)
    since = a_conversation("+16175550102")
    assert whose(since) == one
    merging.undo(found.pk, None)
    assert (conversations.attach(), whose(since)) == (1, two)
