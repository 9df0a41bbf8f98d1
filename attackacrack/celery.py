"""The Celery application: `celery -A attackacrack.celery worker` and `... beat`."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")

app = Celery("attackacrack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_: object) -> None:
    """It is set up with the settings. With a listener here Celery leaves it alone, and lines with intuit_tid come out."""
