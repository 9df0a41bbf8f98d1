"""Working days: what falls on a Sunday or a holiday is due on the next day on which the office works; nothing is lost."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from attackacrack import checks
from billing import follow_up_digest, follow_ups, working_time
from billing.models import FollowUp
from tests.billing.test_figures import quote
from tests.billing.test_follow_ups import at

FIVE_DAYS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "8:00-18:00")


@pytest.fixture(autouse=True)
def _hours(settings: LazySettings, _always_open: None) -> None:
    settings.WORKING_HOURS, settings.FEDERAL_HOLIDAYS = FIVE_DAYS, True


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    """In May 2026, by the business's clock (UTC-4). The 17th is a Sunday, the 25th Memorial Day."""
    return datetime(2026, 5, day, hour + 4, minute, tzinfo=UTC)


def test_federal_holidays_of_two_years() -> None:
    found = [
        day.isoformat()
        for offset in range(730)
        if working_time.is_holiday(day := date(2026, 1, 1) + timedelta(days=offset)) and day.weekday() < 5
    ]
    assert found == [
        "2026-01-01", "2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03", "2026-09-07", "2026-10-12",
        "2026-11-11", "2026-11-26", "2026-12-25",
        "2027-01-01", "2027-01-18", "2027-02-15", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06", "2027-10-11",
        "2027-11-11", "2027-11-25", "2027-12-24", "2027-12-31",
    ]  # fmt: skip


def test_own_holidays_and_hours_that_nobody_can_read(settings: LazySettings) -> None:
    settings.HOLIDAYS = ["2026-05-20"]
    assert working_time.on_or_after(date(2026, 5, 20)) == date(2026, 5, 21)
    assert working_time.on_or_before(date(2026, 5, 25)) == date(2026, 5, 22)
    settings.WORKING_HOURS = {"mon": "eight to five"}
    with pytest.raises(ImproperlyConfigured, match="8:00-17:00"):
        working_time.is_working_day(date(2026, 5, 18))
    settings.WORKING_HOURS = {}
    with pytest.raises(ImproperlyConfigured, match="no day"):
        working_time.on_or_after(date(2026, 5, 18))


@pytest.mark.parametrize("written", ["8-17", "17:00-8:00", "8:00-8:00", "8:00am-5:00pm", "8:00"])
def test_hours_that_nobody_can_read_are_an_error_of_the_start(written: str, settings: LazySettings) -> None:
    settings.WORKING_HOURS = FIVE_DAYS | {"sun": written}
    (error,) = checks.the_offices_days_can_be_read(None)
    assert (error.id, written in error.msg) == ("attackacrack.E001", True)


def test_so_are_other_names_of_days_and_other_dates(settings: LazySettings) -> None:
    assert checks.the_offices_days_can_be_read(None) == []
    settings.WORKING_HOURS = FIVE_DAYS | {"monday": "8:00-17:00"}
    settings.HOLIDAYS = ["2026-12-24", "12/24/2026", "20261224", " 2026-12-31"]
    said = [error.msg.split(" is not ")[0] for error in checks.the_offices_days_can_be_read(None)]
    assert said == [
        "WORKING_HOURS: 'monday'", "HOLIDAYS: '12/24/2026'", "HOLIDAYS: '20261224'", "HOLIDAYS: ' 2026-12-31'",
    ]  # fmt: skip


@pytest.mark.django_db
def test_day_3_on_a_sunday_is_monday_at_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    quote(status="sent", approved_at=None, sent_at=moment(14, 12))
    seen = []
    for now in (moment(17, 12), moment(18, 7, 59), moment(18, 8), moment(18, 19)):
        at(monkeypatch, now)
        follow_ups.raise_due()
        seen.append(list(FollowUp.objects.values_list("step", "due_on")))
    assert seen == [[], [], [(3, date(2026, 5, 18))], [(3, date(2026, 5, 18))]]


@pytest.mark.django_db
def test_what_came_after_closing_waits_for_the_morning_and_stays_closed_over_the_weekend(
    monkeypatch: pytest.MonkeyPatch, office: User
) -> None:
    at(monkeypatch, moment(22, 18, 30))
    row = quote(approved_at=moment(22, 18, 20))
    follow_ups.raise_due()
    assert not FollowUp.objects.exists()
    at(monkeypatch, moment(26, 8))  # Monday is Memorial Day
    follow_ups.raise_due()
    (raised,) = FollowUp.objects.all()
    assert raised.quote == row
    follow_ups.complete(raised, office)
    follow_ups.raise_due()
    assert FollowUp.objects.count() == 1


@pytest.mark.django_db
def test_what_is_postponed_to_a_day_off_comes_back_on_the_next_working_day(
    monkeypatch: pytest.MonkeyPatch, office: User
) -> None:
    at(monkeypatch, moment(20, 12))
    quote(approved_at=moment(20, 11))
    follow_ups.raise_due()
    (row,) = FollowUp.objects.all()
    follow_ups.postpone(row, date(2026, 5, 23), office)
    row.refresh_from_db()
    assert row.postponed_to == date(2026, 5, 26)


@pytest.mark.django_db
def test_the_days_e_mail_comes_on_working_days(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, mailoutbox: list[object]
) -> None:
    settings.OFFICE_EMAILS = ["olivia@example.com"]
    at(monkeypatch, moment(22, 12))
    quote(approved_at=moment(22, 11))
    follow_ups.raise_due()
    sent = []
    for day in (22, 23, 25, 26):
        at(monkeypatch, moment(day, 17, 30))
        sent.append(follow_up_digest.send())
    assert sent == [True, False, False, True]


@pytest.mark.parametrize("seed", range(4))
def test_every_step_is_due_once_in_working_time_and_none_is_lost(
    seed: int, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    """Every hour of ten weeks, with weekdays off, holidays and closed weeks by chance: of whatever began on each day."""
    chance = random.Random(seed)
    open_days = chance.sample(working_time.WEEKDAYS, chance.randint(1, 7))
    settings.WORKING_HOURS = {name: f"{chance.randint(6, 11)}:00-{chance.randint(12, 19)}:00" for name in open_days}
    begin = datetime(2026, 5, 1, 4, tzinfo=UTC)
    closed_from = chance.randint(0, 40)
    closed = [closed_from + offset for offset in range(chance.randint(0, 9))] + chance.sample(range(70), 5)
    settings.HOLIDAYS = [(date(2026, 5, 1) + timedelta(days=day)).isoformat() for day in closed]
    seen: dict[tuple[str, date], dict[int, date]] = {}
    for hour in range(70 * 24):
        now = begin + timedelta(hours=hour)
        monkeypatch.setattr(timezone, "now", lambda now=now: now)
        if not working_time.is_open():
            continue
        today = timezone.localdate()
        assert working_time.is_working_day(today)
        for rule in follow_ups.RULES:
            for span in follow_ups.spans(rule, today):
                for offset in range(max(0, (span.last - span.first).days + 1)):
                    began = span.first + timedelta(days=offset)
                    seen.setdefault((rule.kind, began), {}).setdefault(span.step, today)
    for rule in follow_ups.RULES:
        for offset in range(30):
            began = date(2026, 5, 3) + timedelta(days=offset)
            due = {step: working_time.on_or_after(began + timedelta(days=step)) for step in rule.steps}
            only_last = {day: step for step, day in due.items()}  # of several of one day the last
            assert seen[rule.kind, began] == {step: day for day, step in only_last.items()}, (rule.kind, began)
