"""Two people merge at the same moment; a worker dies halfway."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from contacts import merging
from contacts.merging import journal
from contacts.models import Contact, ContactMerge, ContactPhone
from tests.billing import rows
from tests.factories import make_contact
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
