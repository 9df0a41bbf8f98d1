"""Follow-ups done on the day: what of a day's list counts, and that a day is counted once, when it is over."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from attackacrack import outcomes
from attackacrack.models import FollowUpDay, OutcomeMonth
from attackacrack.outcomes import Measure, follow_ups, keeping
from billing import follow_up_days
from billing import follow_ups as verbs
from billing.follow_up_days import Worked
from billing.models import FollowUp
from tests.attackacrack.first_page.test_page import at
from tests.billing.rows import make_invoice

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 5, 18)
NOON = datetime(2026, 5, 18, 16, tzinfo=UTC)
DAY = timedelta(days=1)


def due(on: date = MONDAY, **fields: Any) -> FollowUp:
    row = FollowUp.objects.create(
        kind="collect", invoice=make_invoice(), step=1, priority=2, began_on=on - DAY, due_on=on, **fields
    )
    FollowUp.objects.filter(pk=row.pk).update(created_at=NOON - 9 * DAY)
    return row


def measure() -> Measure:
    return next(one for one in outcomes.measures(timezone.localdate()) if one.name == "follow-ups")


def test_what_was_done_or_postponed_that_day_counts_against_what_was_due(office: User, monkeypatch: Any) -> None:
    done, postponed, left, overdue, later, before, tomorrow = (due() for _ in range(7))
    at(monkeypatch, NOON - DAY)
    verbs.postpone(before, MONDAY + 3 * DAY, office)  # yesterday: not on Monday's list
    at(monkeypatch, NOON)
    FollowUp.objects.filter(pk=overdue.pk).update(due_on=MONDAY - 5 * DAY)
    FollowUp.objects.filter(pk=tomorrow.pk).update(due_on=MONDAY + DAY)
    verbs.complete(done, office)
    verbs.postpone(postponed, MONDAY + 2 * DAY, office)
    at(monkeypatch, NOON + DAY)
    verbs.complete(left, office)
    verbs.postpone(later, MONDAY + 2 * DAY, office)
    assert follow_up_days.look(MONDAY) == Worked(due=5, handled=2)
    assert follow_up_days.look(MONDAY + DAY) == Worked(due=4, handled=2)


def test_what_settled_itself_or_was_raised_later_is_nothing_to_do(monkeypatch: Any) -> None:
    at(monkeypatch, NOON)
    verbs.close_if_open([due().pk], "It is paid.")
    raised_later = due()
    FollowUp.objects.filter(pk=raised_later.pk).update(created_at=NOON + DAY)
    assert follow_up_days.look(MONDAY) == Worked(0, 0)


def test_a_day_ends_at_midnight_of_the_business(office: User, monkeypatch: Any) -> None:
    for moment in (datetime(2026, 5, 19, 3, 59, tzinfo=UTC), datetime(2026, 5, 19, 4, 0, tzinfo=UTC)):
        row = due()
        at(monkeypatch, moment)
        verbs.complete(row, office)
    assert follow_up_days.look(MONDAY) == Worked(2, 1)
    assert follow_up_days.look(MONDAY + DAY) == Worked(1, 1)


def test_a_reopened_one_was_not_done(office: User, monkeypatch: Any) -> None:
    row = due()
    at(monkeypatch, NOON)
    verbs.postpone(row, MONDAY + DAY, office)
    verbs.complete(row, office)
    verbs.reopen(row)
    assert follow_up_days.look(MONDAY) == Worked(1, 0)


@pytest.fixture
def office_hours(settings: LazySettings, _always_open: None) -> None:
    """Without weekends and holidays, and on Saturdays besides."""
    weekdays = ("mon", "tue", "wed", "thu", "fri", "sat")
    settings.WORKING_HOURS = dict.fromkeys(weekdays, "8:00-17:00")
    settings.FEDERAL_HOLIDAYS = True


def test_a_day_counts_when_the_office_works_by_its_settings(office_hours: None, monkeypatch: Any) -> None:
    due(date(2026, 5, 20))
    at(monkeypatch, datetime(2026, 5, 27, 16, tzinfo=UTC))  # the 25th is Memorial Day
    follow_ups.note()
    assert [one.day.day for one in FollowUpDay.objects.order_by("day")] == [20, 21, 22, 23, 26]


def test_hours_that_nobody_can_read_keep_nothing_else_from_being_noted(
    settings: LazySettings, monkeypatch: Any
) -> None:
    at(monkeypatch, NOON)
    settings.WORKING_HOURS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "from eight")
    monkeypatch.setitem(keeping.KEPT, "coverage", lambda month: Decimal(50))
    with pytest.raises(ImproperlyConfigured):
        outcomes.note()
    assert OutcomeMonth.objects.filter(name="coverage").exists()


def test_each_working_day_is_counted_once_when_it_is_over(
    office_hours: None, office: User, settings: LazySettings, monkeypatch: Any
) -> None:
    settings.WORKING_HOURS["sat"] = ""
    row = due(MONDAY - 3 * DAY)  # a Friday
    at(monkeypatch, NOON + DAY)
    follow_ups.note()
    assert list(FollowUpDay.objects.order_by("day").values_list("day", "due", "handled")) == [
        (MONDAY - 3 * DAY, 1, 0), (MONDAY, 1, 0),
    ]  # fmt: skip
    FollowUp.objects.filter(pk=row.pk).update(done_at=NOON, done_by=office)
    follow_ups.note()
    assert FollowUpDay.objects.get(day=MONDAY).handled == 0


def test_more_than_four_of_five_reach_the_aim(monkeypatch: Any) -> None:
    at(monkeypatch, NOON)
    assert (measure().now, measure().is_met, measure().more) == ("-", None, "")
    FollowUpDay.objects.create(day=MONDAY - 3 * DAY, due=6, handled=5)
    FollowUpDay.objects.create(day=MONDAY - 4 * DAY, due=4, handled=3)
    FollowUpDay.objects.create(day=MONDAY - 40 * DAY, due=100, handled=1)
    FollowUpDay.objects.create(day=MONDAY, due=100, handled=1)  # not over
    found = measure()
    assert (found.now, found.more, found.is_met) == ("80 %", "8 of 10 on 2 days", False)
    assert [point.text for point in found.trend] == ["1 % of 100", "80 % of 10"]
    assert [point.label for point in found.parts] == ["Fri May 15", "Thu May 14"]
    FollowUpDay.objects.filter(due=4).update(handled=4)
    assert measure().is_met is True
