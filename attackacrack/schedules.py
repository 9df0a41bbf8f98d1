"""What beat does when. A person may change or switch off a schedule in the admin: that is never undone here."""

from dataclasses import dataclass
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings


@dataclass(frozen=True)
class Schedule:
    """`when`: every so many minutes, or at a time of the day in the business' zone."""

    name: str
    task: str
    when: int | time
    description: str


SCHEDULES = [
    Schedule(
        "Sign of life",
        "attackacrack.tasks.beat_heartbeat",
        1,
        "Shows that the background work runs, and tells the office when something there is silent.",
    ),
    Schedule(
        "Pull from QuickBooks",
        "quickbooks_integration.tasks.pull",
        15,
        "Asks QuickBooks for everything that changed or was deleted since the last time.",
    ),
    Schedule(
        "Match new contacts with QuickBooks",
        "quickbooks_integration.tasks.match_arrivals",
        5,
        "Looks which QuickBooks customers new, imported and changed contacts may be, where that was not done at once.",
    ),
    Schedule(
        "Push what waits to QuickBooks",
        "quickbooks_integration.tasks.push_waiting",
        1,
        "Sends quotes, invoices, payments and contacts whose first try did not get through.",
    ),
    Schedule(
        "Work off webhooks from QuickBooks",
        "quickbooks_integration.tasks.process_webhooks",
        1,
        "Reads what QuickBooks told us of, where that was not done at once.",
    ),
    Schedule(
        "Decide conflicts",
        "quickbooks_integration.tasks.decide_conflicts",
        1,
        "Carries out answers that were given for many conflicts at once, where that was not done at once.",
    ),
    Schedule(
        "Clear away old webhooks",
        "quickbooks_integration.tasks.sweep_webhooks",
        24 * 60,
        "Deletes the webhooks from QuickBooks that are older than 60 days.",
    ),
    Schedule(
        "Find silent edits",
        "quickbooks_integration.tasks.find_silent_edits",
        24 * 60,
        "Sends to QuickBooks what was changed here by imports and repairs, past the forms.",
    ),
    Schedule(
        "Check both sides",
        "quickbooks_integration.tasks.check",
        time(3, 30),
        "Compares everything with QuickBooks at night and names what differs.",
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
        "Remind of the QuickBooks sign-in",
        "quickbooks_integration.tasks.remind_of_sign_in",
        60,
        "Mails the office 30, 14, 7 and 1 days before QuickBooks' sign-in ends, and when it has ended.",
    ),
    Schedule(
        "Clear away old records of calls",
        "quickbooks_integration.tasks.sweep_calls",
        24 * 60,
        "Deletes the records of calls to QuickBooks that are older than 30 days.",
    ),
    Schedule(
        "Seal the history",
        "attackacrack.tasks.seal_history",
        60,
        "Seals the history of changes, so that nobody can alter or remove a part of it unseen.",
    ),
    Schedule(
        "Compare the history with its seals",
        "attackacrack.tasks.verify_history",
        time(4, 0),
        "Looks at night whether a part of the history of changes was altered or removed.",
    ),
    Schedule(
        "Back up the database",
        "attackacrack.tasks.back_up",
        time(2, 0),
        "Writes an encrypted backup and proves it by restoring it beside the database.",
    ),
    Schedule(
        "Note the outcomes",
        "attackacrack.tasks.note_outcomes",
        time(4, 30),
        "Keeps what the page Outcomes shows by month, and once how it was before.",
    ),
    Schedule(
        "Make the morning's invoices",
        "billing.tasks.morning_invoices",
        time(6, 0),
        "Makes the invoices of today's repairs from their approved quotes.",
    ),
    Schedule(
        "Gather what came to merged contacts",
        "contacts.tasks.gather_late_rows",
        15,
        "Gives the contact that stays what reached the other one just after they were merged, and does wanted merges.",
    ),
    Schedule(
        "Read from OpenPhone",
        "contacts.tasks.pull_from_openphone",
        5,
        "Asks OpenPhone for the texts, calls and voicemails of the last day, where a key for it is set.",
    ),
    Schedule(
        "Work off webhooks from OpenPhone",
        "contacts.tasks.keep_openphone_events",
        1,
        "Stores the texts and calls that OpenPhone told us of, where that was not done at once.",
    ),
    Schedule(
        "Clear away old webhooks from OpenPhone",
        "contacts.tasks.sweep_openphone_events",
        24 * 60,
        "Deletes the webhooks from OpenPhone that are older than 30 days.",
    ),
    Schedule(
        "Find whose conversations they are",
        "contacts.tasks.attach_conversations",
        5,
        "Gives texts and calls of unknown numbers to the contact that has the number by now.",
    ),
    Schedule(
        "Mark overdue invoices",
        "billing.tasks.mark_overdue",
        60,
        "Shows invoices as overdue once their due date has passed.",
    ),
    Schedule(
        "Raise follow-ups",
        "billing.tasks.raise_follow_ups",
        5,
        "Says what to do next about approved, silent, overdue and paid work, and closes what has settled itself.",
    ),
    Schedule(
        "Mail approvals",
        "billing.tasks.mail_approvals",
        1,
        "Tells the office at once that a customer approved a quote.",
    ),
    Schedule(
        "Mail the open follow-ups",
        "billing.tasks.mail_follow_ups",
        time(17, 30),
        "Tells the office at the end of the day what is still to be followed up, the most urgent first.",
    ),
]


def create_missing(**signal: Any) -> None:
    """Runs after every migrate: adds a schedule for each task that has none, and touches no other."""
    from django_celery_beat.models import PeriodicTask

    for schedule in SCHEDULES:
        # By task, not by name: a person may give it another name.
        if PeriodicTask.objects.filter(task=schedule.task).exists():
            continue
        PeriodicTask.objects.get_or_create(
            name=schedule.name,
            defaults={"task": schedule.task, "description": schedule.description, **_timing(schedule.when)},
        )


def _timing(when: int | time) -> dict[str, Any]:
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule

    if isinstance(when, time):
        return {"crontab": _only(CrontabSchedule, minute=str(when.minute), hour=str(when.hour), day_of_week="*",
                                 day_of_month="*", month_of_year="*", timezone=ZoneInfo(settings.TIME_ZONE))}  # fmt: skip
    return {"interval": _only(IntervalSchedule, every=when, period=IntervalSchedule.MINUTES)}


def _only(model: Any, **columns: Any) -> Any:
    """Not get_or_create: a person may have made the same once more."""
    return model.objects.filter(**columns).first() or model.objects.create(**columns)
