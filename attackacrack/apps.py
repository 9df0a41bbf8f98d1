from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate

from attackacrack.celery import (
    app as celery_app,
)  # so that every @shared_task belongs to it

__all__ = ["AttackacrackConfig", "celery_app"]


class AttackacrackConfig(AppConfig):
    name = "attackacrack"
    verbose_name = "Attack-a-Crack CRM"

    def ready(self) -> None:
        from attackacrack import access, checks, schedules, sentry  # noqa: F401  checks register themselves
        from attackacrack.health import looking, signs
        from attackacrack.outcomes import page_times
        from attackacrack.sign_in import second_factor

        post_migrate.connect(access.create_groups, sender=self)
        post_migrate.connect(schedules.create_missing, sender=self)
        signs.connect()
        looking.connect()
        page_times.connect()
        second_factor.connect()
        sentry.start(settings.SENTRY_DSN, settings.SENTRY_ENVIRONMENT)
