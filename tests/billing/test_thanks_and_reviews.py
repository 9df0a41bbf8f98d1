"""After the work: thanks on the next day, a reminder of the review a week later; once, and to nobody who wants none."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing import follow_up_texts, follow_ups
from billing.models import Appointment, FollowUp, Job
from contacts import merging
from contacts.models import Contact
from tests.billing.rows import repair
from tests.billing.test_follow_ups import NOON, _today, ago, at, paid, raised, state, worked  # noqa: F401
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, []), (1, ["thank_work"]), (6, ["thank_work"]), (7, ["thank_work", "review"]),
     (8, ["thank_work", "review"]), (9, ["review"]), (10, ["review"]), (11, [])],
)  # fmt: skip
def test_work_is_thanked_for_the_day_after_and_reviewed_from_day_7_to_10(days: int, expected: list[str]) -> None:
    worked(days)
    assert [kind for kind, _, _ in raised()] == expected


def test_it_is_asked_once_for_all_the_days_of_a_job_and_only_when_its_work_is_done() -> None:
    first = worked(3)
    last = worked(1, job=first.job)
    repair(ago(1), status="done")
    repair(ago(1), kind="assessment", job=first.job)
    assert [kind for kind, _, _ in raised()] == ["thank_work"]
    assert FollowUp.objects.get().appointment == last


def test_intervals_are_settings_and_none_is_none(settings: LazySettings) -> None:
    settings.FOLLOW_UP_THANK_WORK_DAYS, settings.FOLLOW_UP_REVIEW_DAYS = [], [2]
    worked(2)
    assert [(kind, step) for kind, step, _ in raised()] == [("review", 2)]


def test_who_is_not_to_be_written_to_is_not_thanked_and_not_asked() -> None:
    quiet = make_contact("Ann", "Lee", do_not_contact=True)
    worked(1, contact=quiet)
    worked(7, contact=quiet)
    paid(contact=quiet)
    assert raised() == []


def test_the_flag_closes_what_is_open_and_taken_off_opens_it_again() -> None:
    worked(7)
    paid()
    follow_ups.raise_due()
    assert state() == ["open"] * 3
    Contact.objects.update(do_not_contact=True)
    follow_ups.raise_due()
    assert state() == [follow_ups.NOT_TO_BE_WRITTEN_TO] * 3
    Contact.objects.update(do_not_contact=False)
    follow_ups.raise_due()
    assert state() == ["open"] * 3


def test_a_day_that_is_corrected_thanks_nobody_twice(office: User, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = worked(2)
    follow_ups.raise_due()
    follow_ups.complete(FollowUp.objects.get(), office)
    Job.objects.update(work_done_at=NOON - (NOON - visit.ends_at) / 2)
    follow_ups.raise_due()
    assert (FollowUp.objects.count(), FollowUp.objects.get().done_by) == (1, office)


def test_a_customer_is_asked_for_one_review_whatever_is_repaired_later(office: User) -> None:
    builder = make_contact("Bob", "Builder")
    worked(8, contact=builder)
    worked(7, contact=builder)
    follow_ups.raise_due()
    reviews = FollowUp.objects.filter(kind="review").order_by("pk")
    assert len(reviews) == 2
    follow_ups.complete(reviews[0], office)
    follow_ups.raise_due()
    reviews[1].refresh_from_db()
    assert reviews[1].closed_reason.startswith("The customer was asked already")
    worked(9, contact=builder)
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="review").count() == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda: Job.objects.update(work_done_at=None), "The work is not done after all."),
        (lambda: Job.objects.update(status="cancelled"), "The job was called off."),
        (lambda: Appointment.objects.update(status="cancelled"), "The repair was cancelled."),
    ],
)
def test_what_was_not_done_after_all_is_not_thanked_for(change: Any, reason: str) -> None:
    worked(1)
    follow_ups.raise_due()
    change()
    follow_ups.raise_due()
    assert state() == [reason]


@pytest.mark.parametrize("link", ["", "https://g.page/r/example/review"])
def test_the_texts_are_drafts_with_the_way_to_the_review(link: str, settings: LazySettings) -> None:
    settings.REVIEW_LINK = link
    worked(7)
    follow_ups.raise_due()
    said = {row.kind: follow_up_texts.draft(row) for row in FollowUp.objects.all()}
    assert list(said) == ["thank_work", "review"]
    for draft in said.values():
        assert draft is not None
        assert draft.body.startswith("Hello Ann,")
        assert (link or "very much.") in draft.body
        assert "None" not in draft.body


def test_their_rows_lead_to_the_text(office_client: Client) -> None:
    worked(7)
    follow_ups.raise_due()
    rows = office_client.get(reverse("admin:billing_followup_changelist")).context["rows"]
    assert [row.action[0] for row in rows] == ["Open the text"] * 2
    assert "was done on May 13" in rows[0].sentence
    assert "Hello Ann," in office_client.get(rows[1].action[1]).content.decode()


def test_the_flag_survives_a_merge(office: User) -> None:
    quiet, survivor = make_contact("Ann", "Lee", do_not_contact=True), make_contact("Annie", "Lee")
    merging.merge(survivor.pk, quiet.pk, office)
    survivor.refresh_from_db()
    assert survivor.do_not_contact
