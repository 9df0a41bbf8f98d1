"""Two people merge at the same moment; a worker dies halfway."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
from django.db import connection, connections
from django.db.models import Field

from contacts import dismissals, duplicates, merging
from contacts.importing import undoing
from contacts.importing.prints import prints
from contacts.merging import journal, wanting
from contacts.models import (
    Contact,
    ContactImport,
    ContactImportStep,
    ContactMerge,
    ContactPhone,
    DismissedDuplicate,
    Property,
    PropertyContact,
)
from quickbooks_integration import reconciling
from quickbooks_integration.contact_merges import LinksCare
from quickbooks_integration.models import QuickBooksSync
from tests.billing import rows
from tests.contacts.importing.files import counts
from tests.contacts.importing.test_lists import HOUSE, radar
from tests.factories import make_contact, make_property
from tests.other_connection import in_other_connection, is_waited_for, wait_until_somebody_waits_for
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.merged_graphs import snapshot

pytestmark = pytest.mark.django_db(transaction=True)
MOST_SECONDS = 60


def at_once(*calls: Callable[[], object]) -> list[str]:
    """ "done", or the sentence of whoever was refused; any other error is raised."""
    together = Barrier(len(calls))

    def run(call: Callable[[], object]) -> str:
        try:
            together.wait(MOST_SECONDS)
            call()
        except merging.Refused as refused:
            return str(refused)
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls, timeout=MOST_SECONDS), key=lambda said: said != "done")


@contextmanager
def waiting_at_most(interval: str) -> Iterator[None]:
    """For a lock: whoever holds it is this thread."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = %s", [interval])
        yield
        cursor.execute("RESET lock_timeout")


@pytest.fixture
def pair() -> tuple[Contact, Contact]:
    """Without documents: whoever locks those first would be first at the contacts too."""
    return (
        make_contact("Ann", "Lee", phones=("617-555-0101",)),
        make_contact("Anne", "Lee", phones=("617-555-0102",)),
    )


@pytest.mark.parametrize("crossed", [False, True])
def test_of_two_who_merge_the_same_pair_one_wins_and_the_other_reads_why(pair, crossed):
    ann, anne = pair
    other = (anne.pk, ann.pk) if crossed else (ann.pk, anne.pk)
    said = at_once(lambda: merging.merge(ann.pk, anne.pk, None), lambda: merging.merge(*other, None))
    assert said[0] == "done"
    assert "already. Nothing was changed." in said[1]
    done = ContactMerge.objects.get()
    assert (done.survivor.phones.count(), done.loser.phones.count()) == (2, 0)


def test_of_two_undos_one_is_done(pair):
    done = merging.merge(pair[0].pk, pair[1].pk, None)
    said = at_once(*[lambda: merging.undo(done.pk, None)] * 2)
    assert (said[0], "undone already" in said[1]) == ("done", True)
    assert [contact.phones.count() for contact in pair] == [1, 1]


def test_an_undo_does_not_write_over_a_customer_that_somebody_is_just_linking(pair, monkeypatch):
    ann, anne = pair
    sync = pairs.customer(pairs.company(), "Ann Lee")
    reconciling.link_to(sync, ann, None)
    done = merging.merge(ann.pk, anne.pk, None)
    QuickBooksSync.objects.filter(pk=sync.pk).update(local_id=None)
    before = snapshot()
    lock = LinksCare.lock

    with waiting_at_most("2s"), in_other_connection() as other:

        def lock_before_it_is_linked(care: LinksCare, ids: list[int]) -> None:
            lock(care, ids)
            table = QuickBooksSync._meta.db_table
            other.execute(f"UPDATE {table} SET local_id = %s WHERE id = %s", [ann.pk, sync.pk])
            other.execute("BEGIN")
            other.execute(f"SELECT FROM {table} WHERE id = %s FOR NO KEY UPDATE", [sync.pk])

        monkeypatch.setattr(LinksCare, "lock", lock_before_it_is_linked)
        with pytest.raises(merging.Refused, match="is being changed at this moment. Look again"):
            merging.undo(done.pk, None)
        other.execute("ROLLBACK")
    QuickBooksSync.objects.filter(pk=sync.pk).update(local_id=None)
    assert snapshot() == before


@contextmanager
def meanwhile(call: Callable[[], object]) -> Iterator[Callable[[], Future[object]]]:
    """Runs it in a thread and a connection of its own, once it is begun: until it is done, or waits for this thread."""
    with ThreadPoolExecutor(1) as pool:

        def run() -> object:
            try:
                return call()
            finally:
                connections.close_all()

        def begin() -> Future[object]:
            running = pool.submit(run)
            while not running.done() and not is_waited_for(connection):
                pass
            return running

        yield begin


def pair_of(*contacts: Contact) -> str:
    return "-".join(str(pk) for pk in sorted(contact.pk for contact in contacts))


def test_a_merge_and_a_dismissal_of_the_same_moment_are_both_done(pair, monkeypatch):
    ann, anne = pair
    bob = make_contact("Bob", "Lee")
    duplicates.dismiss([anne.pk, bob.pk], None)
    change, begun = journal.Journal.change, []

    with meanwhile(lambda: duplicates.dismiss([ann.pk, bob.pk], None)) as begin:

        def change_while_the_other_dismisses(self: journal.Journal, row: object, **more: object) -> None:
            if isinstance(row, DismissedDuplicate) and not begun:
                begun.append(begin())
            change(self, row, **more)

        monkeypatch.setattr(journal.Journal, "change", change_while_the_other_dismisses)
        merging.merge(ann.pk, anne.pk, None)
    begun[0].result()
    assert dismissals.standing(DismissedDuplicate).get().pair == pair_of(ann, bob)


def test_what_is_dismissed_of_one_that_is_just_being_merged_is_said_of_the_survivor(pair, monkeypatch):
    ann, anne = pair
    bob = make_contact("Bob", "Lee")
    change, begun = journal.Journal.change, []

    with meanwhile(lambda: duplicates.dismiss([anne.pk, bob.pk], None)) as begin:

        def change_while_the_other_dismisses(self: journal.Journal, row: object, **more: object) -> None:
            if more == {"merged_into": ann} and not begun:
                begun.append(begin())
            change(self, row, **more)

        monkeypatch.setattr(journal.Journal, "change", change_while_the_other_dismisses)
        merging.merge(ann.pk, anne.pk, None)
    begun[0].result()
    assert dismissals.standing(DismissedDuplicate).get().pair == pair_of(ann, bob)


@pytest.fixture
def both_at_a_house(pair) -> ContactMerge:
    """Merged: of two roles of one kind one was dropped."""
    make_property("12 Main St", city="Quincy", zip_code="02169", people=pair)
    return merging.merge(pair[0].pk, pair[1].pk, None)


def undo_while(begin: Callable[[], Future[object]], done: ContactMerge, monkeypatch) -> Future[object]:
    """The other begins once the undo has seen that the house of the role that it puts back is there."""
    is_gone, begun = journal._is_gone, []

    def seen(field: Field, row: object) -> bool:
        found = is_gone(field, row)
        if field.attname == "property_id":
            begun.append(begin())
        return found

    monkeypatch.setattr(journal, "_is_gone", seen)
    assert merging.undo(done.pk, None).left == []
    return begun[0]


def test_an_undo_and_an_import_of_the_same_house_never_wait_in_a_circle(both_at_a_house, monkeypatch):
    line = HOUSE | {"Primary Name": "ANN LEE", "Primary Mobile Phone1": "617-555-0101", "Yr Built": "1954"}
    with meanwhile(lambda: radar(line)) as begin:
        imported = undo_while(begin, both_at_a_house, monkeypatch)
    house = Property.objects.get()
    assert counts(imported.result()) == {"read": 1, "enriched": 1}
    assert (house.year_built, house.roles.count()) == (1954, 2)


def test_an_import_is_taken_back_after_an_undo_that_puts_somebody_back_at_its_house(both_at_a_house, monkeypatch):
    house = Property.objects.get()
    house.roles.all().delete()
    record = ContactImport.objects.create(filename="list.csv", state=ContactImport.State.DONE)
    printed = prints(Property, [house.pk])[house.pk]
    record.steps.create(of=ContactImportStep.Of.PROPERTY, object_id=house.pk, print=printed)
    assert undoing.ask(record.pk, None)
    with meanwhile(lambda: undoing.take_back(record.pk)) as begin:
        undo_while(begin, both_at_a_house, monkeypatch).result()
    assert PropertyContact.objects.get().contact == both_at_a_house.loser
    assert [one.why for one in undoing.left(record)[1]] == ["Somebody was added there since."]


class Killed(BaseException):
    pass


def test_a_merge_that_is_killed_halfway_leaves_nothing(pair, monkeypatch):
    for contact in pair:
        rows.make_quote(("1", "100"), contact=contact)
    before = snapshot()
    move = journal.Journal.move

    def die_at_quotes(self: journal.Journal, relation: object, found: object) -> None:
        move(self, relation, found)
        if relation.label == "billing.Quote.contact":
            assert not ContactPhone.objects.filter(contact=pair[1]).exists()
            raise Killed

    monkeypatch.setattr(journal.Journal, "move", die_at_quotes)
    with pytest.raises(Killed):
        merging.merge(pair[0].pk, pair[1].pk, None)
    assert snapshot() == before
    assert not ContactMerge.objects.exists()


def test_a_wanted_merge_that_waits_for_its_contacts_holds_up_nobody_who_takes_back_a_link_of_one(pair):
    """Whoever does that has the contact locked, and forgets the wish: the two would wait for each other."""
    ann, anne = pair
    wanting.want(ann, anne, None, {})
    with ThreadPoolExecutor(1) as pool, in_other_connection() as undoing:
        undoing.execute("BEGIN")
        undoing.execute("SELECT FROM contacts_contact WHERE id = %s FOR NO KEY UPDATE", [anne.pk])
        finished = pool.submit(finish)
        wait_until_somebody_waits_for(undoing)
        undoing.execute("SELECT FROM contacts_wantedmerge FOR UPDATE NOWAIT")
        undoing.execute("DELETE FROM contacts_wantedmerge")
        undoing.execute("COMMIT")
        assert finished.result(timeout=MOST_SECONDS) == 0
    assert not ContactMerge.objects.exists()
    anne.refresh_from_db()
    assert anne.merged_into is None


def finish() -> int:
    try:
        return wanting.finish()
    finally:
        connections.close_all()
