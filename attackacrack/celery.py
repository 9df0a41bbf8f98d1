"""The Celery application: `celery -A attackacrack.celery worker` and `... beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")

app = Celery("attackacrack")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
