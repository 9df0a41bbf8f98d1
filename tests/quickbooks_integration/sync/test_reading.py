"""Reading in the order of change: nothing is lost while QuickBooks moves underneath."""

import random
from typing import Any

import pytest

from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.sync import reading


class Disturbed:
    """Passes queries on, and lets something happen in QuickBooks before each of them."""

    def __init__(self, source: reading.Source, disturb: Any) -> None:
        self.source, self.disturb, self.asked = source, disturb, 0

    def query(self, statement: str) -> dict[str, Any]:
        self.asked += 1
        self.disturb(self.asked)
        return self.source.query(statement)


def ids_read(source: reading.Source) -> set[str]:
    return {row["Id"] for page in reading.changes(source, "Customer", None) for row in page.rows}


def test_all_customers_are_read_when_all_were_changed_in_the_same_second(open_books):
    books = open_books([{"DisplayName": f"Customer {number}"} for number in range(2500)])
    assert len(ids_read(books.service())) == 2500
    assert books.queries() == 3


def test_customers_changed_one_by_one_are_read_in_the_order_of_change(open_books):
    changed = [f"2026-01-01T00:{number // 60:02}:{number % 60:02}-08:00" for number in range(1500)]
    books = open_books(
        [
            {"DisplayName": f"Customer {n}", "MetaData": {"LastUpdatedTime": at}}
            for n, at in enumerate(reversed(changed))
        ]
    )
    pages = list(reading.changes(books.service(), "Customer", None))
    assert [len(page.rows) for page in pages] == [1000, 501]  # the second that was reached is read again
    assert pages[0].rows[0]["DisplayName"] == "Customer 1499"


def test_reading_from_a_moment_takes_that_second_along(open_books):
    changed = [f"2026-01-01T00:00:{number:02}-08:00" for number in range(10)]
    books = open_books(
        [{"DisplayName": f"Customer {n}", "MetaData": {"LastUpdatedTime": at}} for n, at in enumerate(changed)]
    )
    (page,) = reading.changes(books.service(), "Customer", reading.mapping.moment(changed[7]))
    assert [row["DisplayName"] for row in page.rows] == ["Customer 7", "Customer 8", "Customer 9"]


@pytest.mark.parametrize("leaving", [10, 50, 300, 950])
def test_no_customer_is_lost_when_earlier_ones_leave_the_second_that_is_being_read(open_books, leaving):
    """The rows of one second are paged by position: each that changes moves to the end and shifts the rest."""
    books = open_books([{"DisplayName": f"Customer {number}"} for number in range(2200)])
    everybody = ids_read(books.service())
    first = sorted(everybody, key=int)[:leaving]
    books.emulator.clock.advance(60)

    def disturb(asked: int) -> None:
        if asked == 2:
            for id in first:
                books.bookkeeper.edit_customer(id, Notes="changed while reading")

    assert ids_read(Disturbed(books.service(), disturb)) == everybody


def test_no_customer_is_lost_when_others_are_merged_away_meanwhile(open_books):
    books = open_books([{"DisplayName": f"Customer {number}"} for number in range(2200)])
    everybody = sorted(ids_read(books.service()), key=int)

    def disturb(asked: int) -> None:
        if asked == 2:
            for loser in everybody[:120]:
                books.bookkeeper.merge_customers(loser=loser, survivor=everybody[-1])

    assert ids_read(Disturbed(books.service(), disturb)) >= set(everybody[120:])


@pytest.mark.parametrize("seed", range(5))
def test_random_creations_changes_and_deactivations_while_reading_lose_nothing(open_books, seed):
    chance = random.Random(seed)
    books = open_books([{"DisplayName": f"Customer {number}"} for number in range(2100)])
    everybody = ids_read(books.service())

    def disturb(asked: int) -> None:
        books.emulator.clock.advance(chance.randint(0, 3))
        for id in chance.sample(sorted(everybody, key=int), 40):
            chance.choice([
                lambda id: books.bookkeeper.edit_customer(id, Notes=f"{asked}"),
                lambda id: books.bookkeeper.deactivate(id),
                lambda id: everybody.add(books.bookkeeper.create_customer(DisplayName=f"New {asked} {id}")["Id"]),
            ])(id)  # fmt: skip

    met = ids_read(Disturbed(books.service(), lambda asked: disturb(asked) if asked < 5 else None))
    assert met == everybody


class Told:
    """Answers every query with the same document."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def query(self, statement: str) -> dict[str, Any]:
        return self.answer


TIME = "2026-01-01T00:00:00-08:00"


@pytest.mark.parametrize(
    "answer",
    [
        {"QueryResponse": {"Customer": []}},
        {"QueryResponse": {"Customer": []}, "time": "yesterday"},
        {"QueryResponse": {"Customer": {"Id": "1"}}, "time": TIME},
        {"QueryResponse": {"Customer": None}, "time": TIME},
    ],
)
def test_an_answer_of_another_shape_is_an_error_that_passes(answer):
    with pytest.raises(QuickBooksError, match="not readable") as refused:
        list(reading.changes(Told(answer), "Customer", None))
    assert refused.value.kind == "transient"


@pytest.mark.parametrize("response", [{}, {"totalCount": "many"}])
def test_a_count_without_a_number_is_an_error_that_passes(response):
    with pytest.raises(QuickBooksError, match="not readable"):
        reading.count(Told({"QueryResponse": response, "time": TIME}), "Customer")


def test_a_row_that_is_no_object_is_handed_on_to_be_rejected():
    (page,) = reading.changes(
        Told({"QueryResponse": {"Customer": [{"Id": "1"}, None]}, "time": TIME}), "Customer", None
    )
    assert (page.rows, page.read_up_to) == ([{"Id": "1"}, None], None)
