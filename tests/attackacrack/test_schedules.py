"""Schedules of beat: added once, never taken back from a person."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from attackacrack import schedules

pytestmark = pytest.mark.django_db


def test_a_person_s_name_interval_and_switch_survive_a_deployment():
    changed = PeriodicTask.objects.get(task="quickbooks_integration.tasks.pull")
    hourly = IntervalSchedule.objects.create(every=60, period="minutes")
    PeriodicTask.objects.filter(pk=changed.pk).update(name="Pull often", interval=hourly, enabled=False)
    schedules.create_missing()
    assert PeriodicTask.objects.exclude(task__startswith="celery.").count() == len(schedules.SCHEDULES)
    changed.refresh_from_db()
    assert (changed.name, changed.interval, changed.enabled) == ("Pull often", hourly, False)


def test_an_interval_that_a_person_made_twice_does_not_stop_a_deployment():
    PeriodicTask.objects.filter(task="quickbooks_integration.tasks.pull").delete()
    IntervalSchedule.objects.create(every=15, period="minutes")
    schedules.create_missing()
    assert PeriodicTask.objects.get(task="quickbooks_integration.tasks.pull").interval.every == 15


MORNING = "billing.tasks.morning_invoices"


def test_the_morning_comes_at_six_in_the_zone_of_the_business():
    crontab = PeriodicTask.objects.get(task=MORNING).crontab
    zone = ZoneInfo(settings.TIME_ZONE)
    assert (crontab.hour, crontab.minute, crontab.timezone) == ("6", "0", zone)
    last = datetime(2026, 7, 1, 5, 59, tzinfo=zone)
    schedule = crontab.schedule
    schedule.nowfun = lambda: last
    assert schedule.remaining_estimate(last.replace(hour=4)).total_seconds() == 60


def test_a_person_s_time_of_the_morning_survives_a_deployment():
    later = CrontabSchedule.objects.create(hour="7", minute="30", timezone=settings.TIME_ZONE)
    PeriodicTask.objects.filter(task=MORNING).update(crontab=later, enabled=False)
    schedules.create_missing()
    task = PeriodicTask.objects.get(task=MORNING)
    assert (task.crontab, task.enabled) == (later, False)


def test_a_time_of_the_day_that_a_person_made_twice_does_not_stop_a_deployment():
    crontab = PeriodicTask.objects.get(task=MORNING).crontab
    PeriodicTask.objects.filter(task=MORNING).delete()
    CrontabSchedule.objects.create(hour="6", minute="0", timezone=crontab.timezone)
    schedules.create_missing()
    assert PeriodicTask.objects.get(task=MORNING).crontab.hour == "6"
