"""When the office is mailed of a silence: once at its beginning, each day while it lasts, once at its end."""

import socket
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from attackacrack.health import alarm
from attackacrack.models import Sign, SilenceEpisode
from tests.attackacrack.health.conftest import ago, beat_was_seen, change, worker_was_seen
from tests.other_connection import in_other_connection

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _office(settings) -> None:
    settings.OFFICE_EMAILS = ["olivia@example.com"]


def subjects() -> list[str]:
    return [one.subject for one in mail.outbox]


def worker_dies() -> None:
    worker_was_seen(ago(minutes=11))
    alarm.look()
    change(SilenceEpisode, noticed_at=ago(minutes=3))


def test_a_silence_is_told_once_and_its_end_once(alive):
    worker_dies()
    alarm.look()
    alarm.look()
    assert subjects() == ["CRM: The background worker is silent"]
    assert mail.outbox[0].to == ["olivia@example.com"]
    assert "look at the worker" in mail.outbox[0].body
    worker_was_seen(timezone.now())
    alarm.look()
    alarm.look()
    assert subjects() == ["CRM: The background worker is silent", "CRM: Over: The background worker is silent"]


def test_a_silence_that_is_over_in_two_minutes_is_told_nobody(alive):
    worker_was_seen(ago(minutes=11))
    alarm.look()
    worker_was_seen(timezone.now())
    alarm.look()
    assert (subjects(), SilenceEpisode.objects.count()) == ([], 0)


def test_what_lasts_is_told_again_each_day(alive):
    worker_dies()
    alarm.look()
    change(SilenceEpisode, told_at=ago(hours=23))
    alarm.look()
    assert len(subjects()) == 1
    change(SilenceEpisode, told_at=ago(hours=25))
    alarm.look()
    alarm.look()
    assert len(subjects()) == 2


def test_several_silences_are_one_mail(alive):
    beat_was_seen(ago(hours=1))
    worker_was_seen(ago(hours=2))
    alarm.look()
    change(SilenceEpisode, noticed_at=ago(minutes=3))
    alarm.look()
    assert subjects() == ["CRM: The scheduler is silent, and 1 more"]
    assert "The background worker" not in mail.outbox[0].subject
    assert "The scheduler is silent. It has given" in mail.outbox[0].body
    assert "The background worker is silent. It has given" in mail.outbox[0].body


def test_a_new_silence_after_the_end_of_one_is_told_anew(alive):
    for _ in range(2):
        worker_dies()
        alarm.look()
        worker_was_seen(timezone.now())
        alarm.look()
    assert len(subjects()) == 4
    assert SilenceEpisode.objects.count() == 2


def test_a_mail_server_that_is_away_is_tried_again_until_it_takes_the_mail(alive, settings):
    worker_dies()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.EMAIL_HOST, settings.EMAIL_PORT = closed.getsockname()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    alarm.look()
    assert SilenceEpisode.objects.get().told_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    alarm.look()
    assert len(subjects()) == 1


def test_a_mail_setting_that_is_wrong_does_not_count_as_told(alive, settings, caplog):
    worker_dies()
    settings.EMAIL_BACKEND = "no.such.backend"
    alarm.look()
    assert SilenceEpisode.objects.get().told_at is None
    assert "the next look tries again" in caplog.text


def test_without_an_address_nothing_is_taken_for_told(alive, settings):
    settings.OFFICE_EMAILS = []
    worker_dies()
    alarm.look()
    assert SilenceEpisode.objects.get().told_at is None
    settings.OFFICE_EMAILS = ["olivia@example.com"]
    alarm.look()
    assert len(subjects()) == 1


def test_facts_that_were_read_before_another_look_change_nothing(alive):
    worker_was_seen(ago(minutes=11))
    alarm.look()
    later = (timezone.now() + timedelta(seconds=5)).isoformat()
    sign = Sign.objects.get(kind="check")
    change(sign, about={**sign.about, "facts_of": later})
    worker_was_seen(timezone.now())
    alarm.look()
    assert SilenceEpisode.objects.get().ended_at is None


def test_the_database_has_one_open_episode_of_a_kind(db):
    SilenceEpisode.objects.create(kind="beat", title="Silent", since=timezone.now(), noticed_at=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        SilenceEpisode.objects.create(kind="beat", title="Silent", since=timezone.now(), noticed_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_is_telling_just_now_is_neither_told_nor_waited_for():
    worker_was_seen(ago(minutes=11))
    beat_was_seen(timezone.now())
    alarm.look()
    change(SilenceEpisode, noticed_at=ago(minutes=3))
    with in_other_connection() as other, connection.cursor() as mine:
        other.execute("BEGIN; UPDATE attackacrack_silenceepisode SET told_at = now()")
        mine.execute("SET lock_timeout = '2s'")
        alarm.look()
        other.execute("COMMIT")
        mine.execute("RESET lock_timeout")
    alarm.look()
    assert subjects() == []


@pytest.mark.django_db(transaction=True)
def test_two_beats_and_two_workers_send_one_mail():
    beat_was_seen(timezone.now())
    worker_was_seen(ago(minutes=11))
    together = threading.Barrier(4)

    def look() -> None:
        together.wait()
        alarm.look()
        connection.close()

    def all_look() -> None:
        threads = [threading.Thread(target=look) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]

    all_look()
    assert SilenceEpisode.objects.count() == 1
    change(SilenceEpisode, noticed_at=ago(minutes=3))
    all_look()
    assert len(subjects()) == 1
    worker_was_seen(timezone.now())
    all_look()
    assert len(subjects()) == 2


def test_time_in_which_nobody_looked_is_kept_from_its_beginning_to_its_end_and_not_mailed(alive):
    """Everything was off over night: nobody noted a silence, and when all is on again nothing is silent."""
    alarm.look()
    sign, last = Sign.objects.get(kind="check"), ago(hours=9)
    change(sign, about={**sign.about, "facts_of": last.isoformat()})
    alarm.look()
    alarm.look()
    night = SilenceEpisode.objects.get()
    assert (night.kind, night.since, night.ended_at is not None) == ("unwatched", last, True)
    assert subjects() == []
