"""What beat does when. A person may change or switch off a schedule in the admin: that is never undone here."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Schedule:
    name: str
    task: str
    minutes: int
    description: str


SCHEDULES = [
    Schedule(
        "Pull from QuickBooks",
        "quickbooks_integration.tasks.pull",
        15,
        "Asks QuickBooks for everything that changed since the last pull.",
    ),
    Schedule(
        "Push what waits to QuickBooks",
        "quickbooks_integration.tasks.push_waiting",
        1,
        "Sends quotes, invoices, payments and contacts whose first try did not get through.",
    ),
    Schedule(
        "Read everything from QuickBooks",
        "quickbooks_integration.tasks.pull_everything",
        24 * 60,
        "Reads all customers once a day, so that customers merged or removed in QuickBooks are noticed.",
    ),
    Schedule(
        "Keep the QuickBooks sign-in fresh",
        "quickbooks_integration.tasks.refresh_tokens",
        20,
        "Renews the sign-in before it runs out, so that the office need not reconnect.",
    ),
    Schedule(
        "Clear away old records of calls",
        "quickbooks_integration.tasks.sweep_calls",
        24 * 60,
        "Deletes the records of calls to QuickBooks that are older than 30 days.",
    ),
    Schedule(
        "Mark overdue invoices",
        "billing.tasks.mark_overdue",
        60,
        "Shows invoices as overdue once their due date has passed.",
    ),
]


def create_missing(**signal: Any) -> None:
    """Runs after every migrate: adds a schedule for each task that has none, and touches no other."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    for schedule in SCHEDULES:
        # By task, not by name: a person may give it another name.
        if PeriodicTask.objects.filter(task=schedule.task).exists():
            continue
        every = {"every": schedule.minutes, "period": IntervalSchedule.MINUTES}
        # Not get_or_create: a person may have made the same interval once more.
        interval = IntervalSchedule.objects.filter(**every).first() or IntervalSchedule.objects.create(**every)
        PeriodicTask.objects.get_or_create(
            name=schedule.name,
            defaults={
                "task": schedule.task,
                "interval": interval,
                "description": schedule.description,
            },
        )
