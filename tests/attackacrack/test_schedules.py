"""Schedules of beat: added once, never taken back from a person."""

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask

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
