"""The e-mail at the end of the day: once, the most urgent first, none when there is nothing to say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import follow_up_digest, follow_ups
from billing.models import FollowUp, FollowUpDigest, Job
from tests.billing.rows import repair
from tests.billing.test_figures import quote
from tests.billing.test_follow_ups_page import one_of_each
from tests.factories import make_property

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _office(settings: LazySettings) -> None:
    settings.OFFICE_EMAILS = ["olivia@example.com"]


def test_it_tells_what_is_open_the_most_urgent_first() -> None:
    one_of_each()
    follow_ups.complete(FollowUp.objects.get(kind="thank"), None)
    assert follow_up_digest.send()
    sent = mail.outbox[0]
    assert (sent.subject, sent.to) == ("CRM: 4 follow-ups open", ["olivia@example.com"])
    lines = [line for line in sent.body.splitlines() if line.startswith("- ")]
    assert [line.split(" Quote ")[0] for line in lines[::3]] == ["- Ann Lee approved", "- Ann Lee has not answered"]
    assert len(lines) == 4


def test_it_goes_out_once_a_day_of_the_business(monkeypatch: pytest.MonkeyPatch) -> None:
    one_of_each()
    sent = []
    for moment in (datetime(2027, 5, 20, 21, 30, tzinfo=UTC), datetime(2027, 5, 21, 3, 59, tzinfo=UTC),
                   datetime(2027, 5, 21, 21, 30, tzinfo=UTC)):  # fmt: skip
        monkeypatch.setattr(timezone, "now", lambda moment=moment: moment)
        sent.append(follow_up_digest.send())
    assert sent == [True, False, True]
    assert len(mail.outbox) == 2


def test_nothing_open_or_nobody_to_tell_is_no_e_mail_and_leaves_the_day_open(settings: LazySettings) -> None:
    assert not follow_up_digest.send()
    one_of_each()
    settings.OFFICE_EMAILS = []
    assert not follow_up_digest.send()
    assert (mail.outbox, FollowUpDigest.objects.count()) == ([], 0)


def test_it_tells_what_the_day_brought_and_what_tomorrow_brings_also_without_a_follow_up(office: User) -> None:
    now = timezone.now()
    for status in ("sent", "approved", "draft"):
        quote("700", status=status, sent_at=now if status != "draft" else now - timedelta(days=1), contact=None,
              customer_name="Old", quickbooks_estimate_id=status)  # fmt: skip
    done = Job.objects.create(property=make_property("5 Oak Street"), title="Cracks", work_done_at=now)
    Job.objects.create(property=done.property, title="Earlier", work_done_at=now - timedelta(days=1))
    tomorrow = timezone.localdate() + timedelta(days=1)
    repair(tomorrow, job=done, technician=office)
    repair(tomorrow, status="cancelled")
    repair(tomorrow + timedelta(days=1))
    FollowUp.objects.all().delete()
    assert follow_up_digest.send()
    sent = mail.outbox[0]
    assert sent.subject == "CRM: today and tomorrow"
    assert [line for line in sent.body.splitlines() if line.startswith("- ")] == [
        "- 2 quotes sent, $1,400.00", "- Done: Cracks, 5 Oak Street",
        "- 9:00 AM, Repair for Ann Lee, 5 Oak Street, with olivia",
    ]  # fmt: skip
    assert "follow up" not in sent.body


def test_a_mail_server_that_is_away_leaves_the_day_for_a_next_try(settings: LazySettings) -> None:
    one_of_each()
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1
    with pytest.raises(ConnectionRefusedError):
        follow_up_digest.send()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert follow_up_digest.send()


def test_it_takes_the_same_queries_for_many_and_names_30() -> None:
    def queries() -> int:
        FollowUpDigest.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            follow_up_digest.send()
        return len(captured)

    one_of_each()
    few = queries()
    for _ in range(7):
        one_of_each()
    assert queries() == few
    said: Any = mail.outbox[-1].body
    assert said.count("\n- ") == 31
    assert "- and 10 more" in said
