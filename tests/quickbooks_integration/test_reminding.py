"""The office is told in time that QuickBooks wants it to sign in again: 30, 14, 7 and 1 days before, each once."""

# ruff: noqa: F811  (fixtures that are imported)

import smtplib
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from quickbooks_integration import checks, connecting, consenting, reminding, tasks
from quickbooks_integration.models import QuickBooksAuth, SignInReminder
from quickbooks_integration.service import QuickBooksService


@pytest.fixture(autouse=True)
def _office(settings) -> None:
    settings.OFFICE_EMAILS = ["olivia@example.com", "owner@example.com"]


def ends_in(days: float, *, five_years: bool = False) -> None:
    at = timezone.now() + timedelta(days=days)
    far = timezone.now() + timedelta(days=1000)
    QuickBooksAuth.objects.update(
        refresh_expires_at=at if not five_years else timezone.now() + timedelta(days=101),
        hard_expires_at=at if five_years else far,
    )


def subjects() -> list[str]:
    return [message.subject.rpartition(" ends ")[2] for message in mail.outbox]


@pytest.mark.parametrize("five_years", [False, True])
def test_as_the_end_comes_nearer_the_office_is_told_four_times_and_once_each(connected, five_years):
    for hours in range(40 * 24, 0, -6):
        ends_in(hours / 24, five_years=five_years)
        tasks.remind_of_sign_in()
        tasks.remind_of_sign_in()  # a second beat, or after a restart

    assert subjects() == ["in 30 days", "in 14 days", "in 7 days", "within a day"]
    assert mail.outbox[0].to == ["olivia@example.com", "owner@example.com"]


@pytest.mark.parametrize(
    ("five_years", "why"), [(False, "It could not be renewed for a long time."), (True, "ends after five years.")]
)
def test_the_e_mail_says_when_why_and_what_to_do(connected, five_years, why):
    ends_in(6.5, five_years=five_years)
    tasks.remind_of_sign_in()

    (message,) = mail.outbox
    assert message.subject == "QuickBooks: the sign-in of Craig's Design and Landscaping Services ends in 7 days"
    for part in (
        why,
        "ends in 7 days, on ",
        "Open QuickBooks > Connection in the CRM and choose Reconnect",
        "Nothing is lost",
    ):
        assert part in message.body


def test_a_crm_that_was_off_for_weeks_tells_the_stage_of_today_only(connected):
    ends_in(12)
    tasks.remind_of_sign_in()
    assert subjects() == ["in 12 days"]
    assert SignInReminder.objects.get().days == 14


def test_more_than_thirty_days_before_nobody_is_bothered(connected):
    ends_in(30.2)
    tasks.remind_of_sign_in()
    assert mail.outbox == []


def test_a_renewal_starts_over(connected):
    ends_in(5)
    tasks.remind_of_sign_in()
    QuickBooksService.current().refresh_access_token()
    QuickBooksAuth.objects.update(hard_expires_at=timezone.now() + timedelta(days=1000))
    tasks.remind_of_sign_in()
    ends_in(5)
    tasks.remind_of_sign_in()
    assert subjects() == ["in 5 days", "in 5 days"]


def test_a_reconnect_starts_over_at_once(connected):
    ends_in(5, five_years=True)
    tasks.remind_of_sign_in()
    answer = consenting.agree(QuickBooksService().get_authorization_url("again"))

    connecting.store(answer["realmId"], QuickBooksService().exchange_code_for_tokens(answer["code"], "again"), by=None)

    assert not SignInReminder.objects.exists()
    ends_in(5, five_years=True)
    tasks.remind_of_sign_in()
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("how", ["refused", "ran out"])
def test_a_sign_in_that_has_ended_is_told_once(connected, how):
    if how == "refused":
        QuickBooksAuth.objects.update(state="needs_reconnect")
    else:
        ends_in(-1)
    tasks.remind_of_sign_in()
    tasks.remind_of_sign_in()

    (message,) = mail.outbox
    assert message.subject == "QuickBooks: Craig's Design and Landscaping Services needs you to sign in again"


@pytest.mark.django_db(transaction=True)
def test_ten_beats_at_once_send_one(connected):
    ends_in(5)
    ready = threading.Barrier(10)

    def beat() -> None:
        ready.wait(30)
        try:
            reminding.remind()
        finally:
            connection.close()

    threads = [threading.Thread(target=beat) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(mail.outbox) == 1


def test_a_mail_server_that_refuses_is_asked_again_in_the_next_round(connected, monkeypatch, caplog):
    ends_in(5)

    def refuse(*args: object, **options: object) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(reminding, "send_mail", refuse)
    tasks.remind_of_sign_in()
    assert "could not be told" in caplog.text
    monkeypatch.undo()
    tasks.remind_of_sign_in()
    assert subjects() == ["in 5 days"]


def test_without_an_address_nothing_is_sent_nor_noted(connected, settings):
    settings.OFFICE_EMAILS = []
    ends_in(5)
    tasks.remind_of_sign_in()
    assert mail.outbox == []
    assert not SignInReminder.objects.exists()


@pytest.mark.parametrize(("production", "emails", "ids"), [
    (True, [], ["quickbooks_integration.W004"]), (False, [], []), (True, ["olivia@example.com"], []),
])  # fmt: skip
def test_a_check_warns_when_nobody_would_be_told_in_production(settings, production, emails, ids):
    settings.PRODUCTION, settings.OFFICE_EMAILS = production, emails
    assert [warning.id for warning in checks.somebody_is_told(None)] == ids


def test_without_a_connection_there_is_nothing_to_remind_of(db):
    assert reminding.remind() == 0
