"""How many follow-ups wait today, with the way there."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.urls import reverse

from attackacrack.first_page.work import may
from billing import follow_ups


@dataclass(frozen=True)
class FollowUps:
    text: str
    page: str


def look(request: HttpRequest) -> FollowUps | None:
    """None where this person may not see them, or where there are none. One query."""
    number = follow_ups.today().count() if may(request, "billing.view_followup") else 0
    if not number:
        return None
    return FollowUps(f"{number:,} follow-up{pluralize(number)} today", reverse("admin:billing_followup_changelist"))
