"""The admin's first page: what to do next, how the money stands, whether both books agree."""

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils import timezone

from attackacrack.first_page import approvals, charts, follow_ups, health, money, news, work
from attackacrack.first_page import today as the_day


def context(request: HttpRequest, found: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK. What a person may not see is not even read from the database."""
    today = timezone.localdate()
    seen = money.Seen.by(request, today)
    columns = [column for column in work.columns(request, seen, today) if column]
    sections = [section for column in columns for section in column]
    contacts = [row.contact for section in sections for row in section.rows if row.contact is not None]
    if contacts:
        prefetch_related_objects(contacts, "phones", "emails")  # what a nameless one is called by
    sync = health.look(request)
    shown = {
        "approvals": approvals.look(request),
        "follow_ups": follow_ups.look(request),
        "day": the_day.look(request, today),
        "columns": columns,
        "lines": money.lines(seen, today),
        "charts": charts.charts(seen, today),
        "health": sync,
    }
    more = {"sections": sections, "is_empty": not any(shown.values()), "today": today}
    new = news.begin(request, seen.buckets, sync.links if sync else None)
    return {**found, **shown, **more, "news": new, "sees_contacts": work.may(request, "contacts.view_contact")}
