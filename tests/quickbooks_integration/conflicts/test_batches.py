"""One answer for many: what was shown is what is done, row by row, whatever happens to a row or a worker."""

from datetime import date
from decimal import Decimal

import pytest

from billing import quotes
from billing.models import Quote, QuoteItem
from quickbooks_integration import tasks
from quickbooks_integration.conflicts import batches, deciding, listing, recording
from quickbooks_integration.conflicts.deciding import Settled
from quickbooks_integration.models import ConflictBatch, ConflictDecision, QuickBooksSync
from quickbooks_integration.sync import outbox
from quickbooks_integration.sync.kinds import World

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def many(books, ann):
    """many(n): n quotes whose message was changed on both sides."""

    def make(count: int) -> list[Quote]:
        made = []
        for _ in range(count):
            quote = Quote.objects.create(contact=ann, quote_date=date(2026, 5, 1), message="Before")
            QuoteItem.objects.create(quote=quote, position=1, description="Crack", quantity=D(1), unit_price=D(100))
            quotes.finish_edit(quote, None)
            quotes.mark_ready(quote, None)
            made.append(quote)
        push(books)
        for quote in made:
            books.bookkeeper.edit("Estimate", sync_of(quote).entity_id, CustomerMemo={"value": "Theirs"})
            edit(quote, "Ours")
        QuickBooksSync.objects.filter(entity_type="estimate").update(needs_read=True)
        push(books)
        return made

    return make


def push(books) -> None:
    QuickBooksSync.objects.update(next_try_at=None)
    outbox.work_off(books.service())


def edit(quote: Quote, message: str) -> None:
    quote.refresh_from_db()
    quote.message = message
    quote.save()
    quotes.finish_edit(quote, None)


def sync_of(quote: Quote) -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="estimate", local_id=quote.pk)


def shown(books) -> dict[int, str]:
    """What the preview shows, as its form sends it back."""
    asked = batches.alike(books.auth, "estimate", "message")
    return {one.sync.pk: one.seen for card in listing.cards(books.auth, asked) for one in card.questions}


def begin(books, by, choice: str = "theirs") -> ConflictBatch:
    return batches.begin(books.auth, "estimate", "message", choice, shown(books), by)


def messages(made: list[Quote]) -> list[str]:
    return [Quote.objects.get(pk=quote.pk).message for quote in made]


def states() -> list[str]:
    return list(ConflictDecision.objects.order_by("pk").values_list("state", flat=True))


def test_nothing_is_changed_before_a_worker_has_done_it_and_then_all_are(books, many, office):
    made = many(3)
    batch = begin(books, office)
    assert (messages(made), states()) == (["Ours"] * 3, ["waiting"] * 3)
    assert batches.work_off(books.auth) == 3
    assert (messages(made), states()) == (["Theirs"] * 3, ["done"] * 3)
    assert {(one.batch, one.decided_by) for one in ConflictDecision.objects.all()} == {(batch, office)}
    assert batches.work_off(books.auth) == 0


def test_ours_for_all_is_one_write_each(books, many, office, writes):
    many(3)
    before = writes()
    begin(books, office, "ours")
    batches.work_off(books.auth)
    push(books)
    push(books)
    assert writes() == before + 3
    assert {one["CustomerMemo"]["value"] for one in books.emulator.company().all("Estimate")} == {"Ours"}


def test_what_changed_between_preview_and_confirm_is_left_out_and_named(books, many, office):
    made = many(3)
    begin(books, office)
    edit(made[1], "Edited meanwhile")
    batches.work_off(books.auth)
    assert messages(made) == ["Theirs", "Edited meanwhile", "Theirs"]
    (left,) = ConflictDecision.objects.filter(state="left_out")
    assert left.name == f"Quote {made[1].number} of Ann Lee"
    assert "changed again meanwhile" in left.said
    assert list(sync_of(made[1]).conflicts) == ["message"]


def test_what_somebody_decided_between_preview_and_confirm_is_left_out(books, many, office):
    made = many(2)
    begin(books, office)
    deciding.decide(sync_of(made[0]).pk, "message", "ours", office)
    batches.work_off(books.auth)
    assert messages(made) == ["Ours", "Theirs"]
    assert ConflictDecision.objects.get(state="left_out").said.startswith("Message to the customer was decided already")


class Killed(BaseException):
    pass


def test_a_worker_that_is_killed_in_the_middle_leaves_rows_that_the_next_one_goes_on_with(
    books, many, office, monkeypatch
):
    made = many(3)
    begin(books, office)
    seen: list[int] = []
    real = recording.close

    def dies(*args, **options):
        seen.append(1)
        if len(seen) == 2:
            raise Killed
        return real(*args, **options)

    monkeypatch.setattr(recording, "close", dies)
    with pytest.raises(Killed):
        batches.work_off(books.auth)
    assert (messages(made), states()) == (["Theirs", "Ours", "Ours"], ["done", "waiting", "waiting"])
    monkeypatch.setattr(recording, "close", real)
    tasks.decide_conflicts()
    assert (messages(made), states()) == (["Theirs"] * 3, ["done"] * 3)


def test_one_row_that_fails_stops_no_other(books, many, office):
    made = many(3)
    begin(books, office)
    # Its document cannot be read any more.
    document = sync_of(made[1]).document
    document.raw = {**document.raw, "TotalAmt": "not a number"}
    document.save()
    batches.work_off(books.auth)
    assert messages(made) == ["Theirs", "Ours", "Theirs"]
    (left,) = ConflictDecision.objects.filter(state="left_out")
    assert left.local_id == made[1].pk
    assert "Nothing was changed" in left.said or "left as it is" in left.said
    assert list(sync_of(made[1]).conflicts) == ["message"]


def test_two_confirms_of_the_same_preview_decide_each_row_once(books, many, office):
    many(2)
    looked_at = shown(books)
    batches.begin(books.auth, "estimate", "message", "theirs", looked_at, office)
    with pytest.raises(Settled, match="being decided"):
        batches.begin(books.auth, "estimate", "message", "ours", looked_at, office)
    assert (ConflictBatch.objects.count(), states()) == (1, ["waiting", "waiting"])


def test_a_row_that_another_worker_has_taken_is_left_to_it(books, many, office):
    (quote,) = many(1)
    begin(books, office)
    waiting = ConflictDecision.objects.get()
    world = World.of(books.auth)
    batches.work(waiting.pk, world)
    batches.work(waiting.pk, world)
    assert (states(), messages([quote])) == (["done"], ["Theirs"])


def test_no_more_than_the_bound_in_one_go(books, many, office, monkeypatch):
    many(3)
    monkeypatch.setattr(batches, "AT_MOST", 2)
    begin(books, office)
    assert states() == ["waiting", "waiting"]


def test_alike_is_only_what_moved_apart_in_the_same_way(books, many):
    made = many(2)
    edit(made[0], "")  # emptied here
    QuickBooksSync.objects.filter(entity_type="estimate").update(needs_read=True)
    push(books)
    shapes = {one.sync.local_id: (one.shape, one.alike) for one in listing.questions(books.auth)}
    assert shapes == {
        made[0].pk: ("emptied here", 0),
        made[1].pk: ("changed here and in QuickBooks", 0),
    }
