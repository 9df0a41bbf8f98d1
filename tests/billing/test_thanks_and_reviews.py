"""After the work: thanks on the next day, a reminder of the review a week later; once, and to nobody who wants none."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing import follow_up_rules, follow_up_texts, follow_ups
from billing.models import Appointment, FollowUp, Job
from contacts import changes, merging
from contacts.models import Contact
from tests.billing.rows import repair
from tests.billing.test_follow_ups import (  # noqa: F401
    NOON,
    _today,
    ago,
    approved,
    at,
    late,
    paid,
    raised,
    sent,
    state,
    worked,
)
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
    assert state() == [follow_up_rules.NOT_TO_BE_WRITTEN_TO] * 3
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


# --- Who is not asked -----------------------------------------------------------------------------


def test_who_has_reviewed_is_thanked_without_a_request_and_not_asked(office: User) -> None:
    worked(7)
    follow_ups.raise_due()
    thanks, review = FollowUp.objects.order_by("pk")
    assert follow_ups.has_reviewed(review, office)
    assert not follow_ups.has_reviewed(review, office)
    contact = Contact.objects.get()
    assert contact.reviewed_on == ago(0)
    draft = follow_up_texts.draft(FollowUp.objects.get(pk=thanks.pk))
    assert draft is not None
    assert "review" not in draft.body
    worked(8, contact=contact)
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="review", done_at=None).count() == 0
    assert FollowUp.objects.filter(kind="thank_work").count() == 2


@pytest.mark.parametrize("kind", ["thank", "review"])
def test_who_is_unhappy_is_neither_thanked_nor_asked_and_called_first_of_all(kind: str, office: User) -> None:
    contact = make_contact("Ann", "Lee")
    worked(7, contact=contact)
    paid(contact=contact)
    follow_ups.raise_due()
    row = FollowUp.objects.get(kind=kind)
    assert follow_ups.is_unhappy(row, office)
    assert not follow_ups.is_unhappy(row, office)
    follow_ups.raise_due()
    follow_ups.raise_due()
    first, *others = follow_ups.most_urgent_first(follow_ups.today())
    assert (first.kind, first.contact, others) == ("call", contact, [])
    assert "Call, put it right" in follow_up_texts.sentence(first)
    assert FollowUp.objects.filter(closed_reason=follow_up_rules.UNHAPPY).count() == 2
    Contact.objects.update(unhappy_since=None)
    follow_ups.raise_due()
    first.refresh_from_db()
    assert first.closed_reason == follow_ups.CONTENT_AGAIN


def test_only_thanks_and_reviews_can_be_answered_so(office: User) -> None:
    late(1)
    follow_ups.raise_due()
    assert not follow_ups.is_unhappy(FollowUp.objects.get(), office)
    assert (FollowUp.objects.get().done_at, Contact.objects.get().unhappy_since) == (None, None)


def test_a_persons_wish_for_no_follow_ups_leaves_only_what_the_office_owes(office: User) -> None:
    contact = make_contact("Ann", "Lee")
    worked(7, contact=contact)
    paid(contact=contact)
    late(1, contact=contact)
    sent(3, contact=contact)
    approved(contact=contact)
    repair(ago(1), contact=contact)
    follow_ups.raise_due()
    assert FollowUp.objects.filter(done_at=None).count() == 7
    Contact.objects.update(no_follow_ups_because="Her lawyer writes.")
    follow_ups.raise_due()
    left = FollowUp.objects.filter(done_at=None).order_by("priority").values_list("kind", flat=True)
    assert list(left) == ["schedule", "done_yesterday"]
    assert FollowUp.objects.filter(closed_reason=follow_up_rules.NO_FOLLOW_UPS).count() == 5
    Contact.objects.update(no_follow_ups_because="")
    follow_ups.raise_due()
    assert FollowUp.objects.filter(done_at=None).count() == 7


@pytest.mark.parametrize(("repeats", "number"), [(True, 4), (False, 2)])
def test_whether_a_repeat_customer_is_asked_is_a_setting(repeats: bool, number: int, settings: LazySettings) -> None:
    settings.FOLLOW_UP_REPEAT_CUSTOMERS = repeats
    builder = make_contact("Bob", "Builder")
    worked(400, contact=builder)
    worked(7, contact=builder)
    worked(7)
    assert len(raised()) == number


def test_what_a_customer_said_is_a_click_in_the_list_and_in_the_history(office_client: Client) -> None:
    worked(7)
    follow_ups.raise_due()
    address = reverse("admin:billing_followup_changelist")
    row = FollowUp.objects.get(kind="review")
    shown = office_client.post(address, {"follow_up": row.pk, "do": "unhappy"}, follow=True).content.decode()
    assert "a call stands at the top of the list" in shown
    assert Contact.objects.get().unhappy_since == ago(0)
    found = changes.page(changes.Asked(kind="contact"), lambda permission: True).changes
    assert [one.sentences for one in found] == [["Unhappy since from nothing to May 20, 2026."]]
