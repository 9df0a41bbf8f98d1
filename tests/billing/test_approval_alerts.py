"""A customer's yes is mailed to the office once, and a crash loses none."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from billing import approval_alerts, follow_ups, quotes, tasks
from billing.models import ApprovalAlert, FollowUp, Quote
from tests.billing.rows import make_quote, repair
from tests.factories import make_contact

OFFICE = ["olivia@example.com"]


@pytest.fixture(autouse=True)
def _addresses(settings) -> None:
    settings.OFFICE_EMAILS = OFFICE


@pytest.fixture
def quote(db, office) -> Quote:
    written = make_quote(("1", "1200.00"), contact=make_contact("Ann", "Lee"))
    return quotes.finish_edit(written, office)


def fails(*args: Any, **options: Any) -> None:
    raise ConnectionRefusedError("no mail server")


def test_a_yes_is_mailed_once_with_what_to_do_next(quote, office, mailoutbox):
    quotes.approve(quote, office, accepted_by="Tom Lee")
    assert tasks.mail_approvals() == 1
    assert tasks.mail_approvals() == 0
    (mail,) = mailoutbox
    day = f"{timezone.localdate():%b} {timezone.localdate().day}"
    assert (mail.subject, mail.to) == (f"CRM: Ann Lee approved {quote}", OFFICE)
    assert (
        f"- Ann Lee approved {quote} of $1,200.00 on {day} (Tom Lee said yes)."
        " No repair is scheduled: call and set the date." in mail.body
    )


def test_editing_an_approved_quote_tells_nobody_again(quote, office, mailoutbox):
    quotes.approve(quote, office)
    approval_alerts.send()
    quotes.finish_edit(quote, office)
    quotes.taken_over(quote, "Changed in QuickBooks: Due date.")
    quotes.approve(quote, office)
    assert approval_alerts.send() == 0
    assert len(mailoutbox) == 1


def test_a_yes_that_is_taken_back_is_not_mailed_and_the_next_one_is(quote, office, mailoutbox):
    quotes.approve(quote, office)
    quotes.decline(quote, office)
    assert approval_alerts.send() == 0
    quotes.approve(quote, office)
    assert approval_alerts.send() == 1
    quotes.decline(quote, office)
    quotes.approve(quote, office)
    assert approval_alerts.send() == 1
    assert len(mailoutbox) == 2


def test_the_yes_and_its_alert_are_one_transaction(quote, office):
    with transaction.atomic():
        quotes.approve(quote, office)
        assert ApprovalAlert.objects.count() == 1
        transaction.set_rollback(True)
    assert not ApprovalAlert.objects.exists()


def test_a_mail_server_that_is_away_loses_nothing(quote, office, mailoutbox, monkeypatch):
    quotes.approve(quote, office)
    with monkeypatch.context() as broken:
        broken.setattr("billing.approval_alerts.send_mail", fails)
        with pytest.raises(ConnectionRefusedError):
            approval_alerts.send()
    assert approval_alerts.send() == 0  # not at once again
    ApprovalAlert.objects.update(taken_until=timezone.now() - timedelta(seconds=1))
    assert approval_alerts.send() == 1
    assert len(mailoutbox) == 1


def test_who_is_killed_while_he_sends_leaves_it_to_the_next_and_nobody_sends_beside_him(quote, office, monkeypatch):
    quotes.approve(quote, office)

    def dies(*args: Any, **options: Any) -> None:
        assert approval_alerts.send() == 0
        raise SystemExit

    monkeypatch.setattr("billing.approval_alerts.send_mail", dies)
    with pytest.raises(SystemExit):
        approval_alerts.send()
    monkeypatch.undo()
    assert approval_alerts.send() == 0
    ApprovalAlert.objects.update(taken_until=timezone.now() - timedelta(seconds=1))
    assert approval_alerts.send() == 1


def test_a_yes_that_is_given_anew_while_the_old_one_is_sent_is_told_too(quote, office, monkeypatch):
    quotes.approve(quote, office)

    def meanwhile(*args: Any, **options: Any) -> None:
        quotes.decline(quote, office)
        quotes.approve(quote, office)

    with monkeypatch.context() as slow:
        slow.setattr("billing.approval_alerts.send_mail", meanwhile)
        approval_alerts.send()
    assert approval_alerts.send() == 1


def test_an_old_yes_is_no_news(quote, office):
    old = timezone.now() - timedelta(days=8)
    Quote.objects.filter(pk=quote.pk).update(status="approved", approved_at=old)
    quotes.taken_over(Quote.objects.get(pk=quote.pk), "Approved in QuickBooks.")
    assert not ApprovalAlert.objects.exists()


def test_a_yes_in_quickbooks_is_told_too(quote, mailoutbox):
    Quote.objects.filter(pk=quote.pk).update(status="approved", approved_at=timezone.now())
    quotes.taken_over(Quote.objects.get(pk=quote.pk), "Approved in QuickBooks.")
    assert approval_alerts.send() == 1


def test_several_at_once_are_one_e_mail(quote, office, mailoutbox):
    other = quotes.finish_edit(make_quote(("1", "5.00"), contact=make_contact("Bob", "Ray")), office)
    for one in (quote, other):
        quotes.approve(one, office)
    assert approval_alerts.send() == 2
    assert mailoutbox[0].subject == "CRM: 2 quotes approved"
    assert mailoutbox[0].body.count("\n- ") == 2


def test_one_that_is_scheduled_by_then_says_so(quote, office, mailoutbox):
    visit = repair(timezone.localdate() + timedelta(days=1), contact=quote.contact)
    Quote.objects.filter(pk=quote.pk).update(job=visit.job)
    quotes.approve(quote, office)
    approval_alerts.send()
    assert "scheduled or invoiced already" in mailoutbox[0].body


def test_it_can_be_switched_off_and_needs_an_address(quote, office, settings, mailoutbox):
    settings.APPROVAL_ALERTS = False
    quotes.approve(quote, office)
    quotes.decline(quote, office)
    settings.APPROVAL_ALERTS, settings.OFFICE_EMAILS = True, []
    quotes.approve(quote, office)
    settings.OFFICE_EMAILS = OFFICE
    assert approval_alerts.send() == 0
    assert mailoutbox == []


def test_the_first_page_tells_it_without_any_address_until_it_is_scheduled(quote, office, settings, office_client):
    settings.OFFICE_EMAILS = []
    quotes.approve(quote, office)
    shown = office_client.get(reverse("admin:index")).content.decode()
    assert f"Ann Lee approved {quote} of $1,200.00" in shown
    assert reverse("admin:billing_quote_schedule", args=[quote.pk]) in shown
    assert "Large:" not in shown
    visit = repair(timezone.localdate() + timedelta(days=1), contact=quote.contact)
    Quote.objects.filter(pk=quote.pk).update(job=visit.job)
    assert list(approval_alerts.unhandled(Quote.objects.all())) == []
    assert office_client.get(reverse("admin:index")).context["approvals"] is None


@pytest.mark.parametrize("verb", ["complete", "postpone"])
def test_it_stays_until_a_person_has_handled_its_follow_up_and_the_next_yes_is_told_again(verb, quote, office):
    quotes.approve(quote, office)
    follow_ups.raise_due()
    assert list(approval_alerts.unhandled(Quote.objects.all())) == [quote]
    (row,) = FollowUp.objects.all()
    more = [timezone.localdate() + timedelta(days=1)] if verb == "postpone" else []
    getattr(follow_ups, verb)(row, *more, office)
    assert list(approval_alerts.unhandled(Quote.objects.all())) == []
    quotes.decline(quote, office)
    quotes.approve(quote, office)
    assert list(approval_alerts.unhandled(Quote.objects.all())) == [quote]


@pytest.mark.parametrize("verb", ["complete", "postpone"])
def test_a_yes_that_is_given_anew_on_the_same_day_can_be_handled_anew(verb, quote, office, office_client):
    def later() -> str:
        return office_client.get(reverse("admin:index")).context["approvals"].later

    more = [timezone.localdate() + timedelta(days=1)] if verb == "postpone" else []
    quotes.approve(quote, office)
    assert later() == ""  # its follow-up is not there yet
    follow_ups.raise_due()
    assert later() != ""
    getattr(follow_ups, verb)(FollowUp.objects.get(), *more, office)
    quotes.decline(quote, office)
    quotes.approve(quote, office)
    follow_ups.raise_due()
    (row,) = follow_ups.today()
    assert later() != ""
    getattr(follow_ups, verb)(row, *more, office)
    assert list(approval_alerts.unhandled(Quote.objects.all())) == []


def test_a_yes_that_is_taken_back_is_not_on_the_first_page(quote, office):
    quotes.approve(quote, office)
    quotes.decline(quote, office)
    assert list(approval_alerts.unhandled(Quote.objects.all())) == []


def test_a_large_one_is_marked_and_comes_first(quote, office, settings, mailoutbox, office_client):
    settings.APPROVAL_ALERT_OVER = 1_199
    small = quotes.finish_edit(make_quote(("1", "1199.00"), contact=make_contact("Bob", "Ray")), office)
    for one in (small, quote):
        quotes.approve(one, office)
    approval_alerts.send()
    assert mailoutbox[0].subject == "CRM, over $1,199.00: 2 quotes approved"
    assert mailoutbox[0].body.index("Ann Lee") < mailoutbox[0].body.index("Bob Ray")
    rows = office_client.get(reverse("admin:index")).context["approvals"].rows
    assert [row.is_big for row in rows] == [True, False]


def test_the_number_of_approvals_is_that_of_the_list_behind_it_without_what_was_handled(office, office_client):
    rows = [
        quotes.finish_edit(make_quote(("1", str(amount)), contact=make_contact()), office) for amount in range(1, 6)
    ]
    for one in rows:
        quotes.approve(one, office)
    follow_ups.raise_due()
    follow_ups.complete(FollowUp.objects.get(quote=rows[0]), office)
    shown = office_client.get(reverse("admin:index"))
    listed = office_client.get(shown.context["approvals"].page).context["cl"].result_list
    assert {row.pk for row in listed} == {row.pk for row in rows[1:]}
    assert shown.context["approvals"].number == 4
    assert ">All 4</a>" in shown.content.decode()
