"""What Celery is told: who takes which work, and that the log stays ours."""

import logging

import pytest

from attackacrack.celery import app
from attackacrack.tasks import back_up
from quickbooks_integration import tasks


def waiting(queue: str) -> int:
    with app.connection_for_write() as broker:
        return broker.default_channel.client.llen(queue)


@pytest.mark.parametrize("task", [tasks.push, tasks.send_email])
def test_what_a_person_waits_for_does_not_stand_behind_pulls(task):
    tasks.execute_run.delay(1)
    task.delay(1)
    assert (waiting("celery"), waiting("people")) == (1, 1)


def test_a_backup_is_made_only_where_a_worker_was_told_to():
    back_up.delay()
    assert (waiting("celery"), waiting("backups")) == (0, 1)


def test_a_worker_that_was_told_nothing_takes_from_all_queues():
    assert {queue.name for queue in app.amqp.queues.consume_from.values()} == {"celery", "people", "backups"}


def test_celery_leaves_the_log_as_the_settings_have_it():
    before = (logging.getLogger().level, list(logging.getLogger().handlers))
    app.log.already_setup = False
    app.log.setup_logging_subsystem(loglevel="CRITICAL")
    assert (logging.getLogger().level, logging.getLogger().handlers) == before
