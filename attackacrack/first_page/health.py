"""How the sync stands, in a few facts, and in sentences what of it needs a person."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse

from attackacrack import outcomes_page
from attackacrack.models import Sign
from attackacrack.navigation import connection_of
from contacts.merging import wanting
from contacts.models import WantedMerge
from quickbooks_integration import connection_page, coverage, metering, reconciling
from quickbooks_integration.admin.links import STATES
from quickbooks_integration.models import CheckRun, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import kinds_to_pull

APP = "quickbooks_integration"
LINKS = f"admin:{APP}_quickbookssync_changelist"
SHOWN = {"waits": "Waiting to be sent", "needs_you": "Refused or failed", "conflict": "Changed on both sides"}
Status = QuickBooksSync.Status


@dataclass(frozen=True)
class Fact:
    label: str
    text: str
    page: str = ""


@dataclass(frozen=True)
class Ask:
    """What a person has to do, and where."""

    sentence: str
    label: str
    page: str


@dataclass
class Health:
    """`links`: what links() said, if it was asked."""

    facts: list[Fact] = field(default_factory=list)
    asks: list[Ask] = field(default_factory=list)
    links: dict[str, int] | None = None


def look(request: HttpRequest) -> Health | None:
    """None for whoever may not see the links. Asks the database only, never QuickBooks or Redis."""
    may = request.user.has_perm  # type: ignore[union-attr]
    if not may(f"{APP}.view_quickbookssync"):
        return None
    auth = connection_of(request)
    found = Health()
    sees_connection = may(f"{APP}.view_quickbooksauth")
    _ask_about_connection(found, auth, sees_connection)
    if auth is None:
        return found
    _tell_last_sync(found, auth, may(f"{APP}.view_coveragerange"))
    found.links = links()
    _tell_links(found, found.links)
    if may(f"{APP}.decide_matches"):
        _tell_matches(found)
    if may("contacts.merge_contact"):
        _tell_merges(found, request.user)
    if may(f"{APP}.view_checkrun"):
        _tell_check(found, auth)
    if sees_connection:
        _tell_budget(found, auth)
        _tell_backup(found, may("django_celery_beat.view_periodictask"))
    if outcomes_page.may_see(request.user):
        found.facts.append(Fact("Outcomes", "Show the numbers", reverse(outcomes_page.PAGE)))
    return found


def _ask_about_connection(found: Health, auth: QuickBooksAuth | None, sees_connection: bool) -> None:
    headline = connection_page.headline(auth)
    if headline.tone == "good":
        return
    page = reverse(f"admin:{APP}_quickbooksauth_changelist") if sees_connection else ""
    found.asks.append(Ask(f"{headline.title}. {headline.text}", "Open the connection", page))


def _tell_last_sync(found: Health, auth: QuickBooksAuth, sees_coverage: bool) -> None:
    kinds = kinds_to_pull(auth)
    proved = coverage.watermarks(auth, kinds)
    page = reverse(f"admin:{APP}_coveragerange_changelist") if sees_coverage else ""
    complete = len(proved) == len(kinds) > 0
    text = connection_page.moment(min(proved.values())) if complete else "Not everything is read yet"
    found.facts.append(Fact("Last sync", text, page))


def links() -> dict[str, int]:
    """How many are in each state of SHOWN: the same rows as the list of links counts. One query."""
    rows = QuickBooksSync.objects.filter(sync_status__in=[Status.PENDING, Status.ERROR, Status.CONFLICT])
    counts: dict[str, int] = rows.aggregate(**{name: Count("pk", filter=STATES[name][2]) for name in SHOWN})
    return counts


def _tell_links(found: Health, counts: dict[str, int]) -> None:
    for name, label in SHOWN.items():
        found.facts.append(Fact(label, f"{counts[name]:,}", f"{reverse(LINKS)}?state={name}"))
    if counts["needs_you"]:
        said = f"QuickBooks refused {_rows(counts['needs_you'])}. Each says why, and what to change."
        found.asks.append(Ask(said, "Open them", f"{reverse(LINKS)}?state=needs_you"))
    if counts["conflict"]:
        said = f"{_rows(counts['conflict'])} changed here and in QuickBooks. Nothing is sent until you decide."
        found.asks.append(Ask(said, "Decide", reverse(f"admin:{APP}_conflictdecision_changelist")))


def _tell_matches(found: Health) -> None:
    page, number = reverse(f"admin:{APP}_matchcandidate_review"), reconciling.remaining()
    found.facts.append(Fact("Matches to review", f"{number:,}", page))
    if number:
        pairs = "pair" if number == 1 else "pairs"
        found.asks.append(Ask(f"{number:,} {pairs} may be the same person. Say yes or no.", "Review matches", page))


def _tell_merges(found: Health, user: Any) -> None:
    """What became of merges that this person, or of those that wait anybody, had asked for."""
    page = reverse("admin:contacts_contact_duplicates")
    if number := wanting.done_lately().filter(merged_by=user).count():
        what = "A merge that you asked for was" if number == 1 else f"{number:,} merges that you asked for were"
        found.asks.append(Ask(f"{what} done by itself in the last days.", "Look at it", page))
    if number := WantedMerge.objects.exclude(changed_at=None).count():
        what = "A merge waits" if number == 1 else f"{number:,} merges wait"
        found.asks.append(Ask(f"{what} because the contacts have changed since. Choose again.", "Look again", page))


def _tell_check(found: Health, auth: QuickBooksAuth) -> None:
    page = reverse(f"admin:{APP}_checkrun_changelist")
    runs = CheckRun.objects.filter(company=auth, state=CheckRun.State.DONE)
    last = runs.only("accuracy", "difference_count", "finished_at").first()
    if last is None or last.accuracy is None:
        found.facts.append(Fact("Accuracy", "Not checked yet", page))
        return
    found.facts.append(
        Fact("Accuracy", f"{last.accuracy} % at the check of {connection_page.moment(last.finished_at)}", page)
    )
    if last.difference_count:
        number = last.difference_count
        said = f"The last check found {number:,} difference{'' if number == 1 else 's'} between both books."
        found.asks.append(Ask(said, "Settle them", page))


def _tell_budget(found: Health, auth: QuickBooksAuth) -> None:
    page, used = reverse(f"admin:{APP}_quickbooksauth_changelist"), metering.usage(auth.company_id)
    of_budget = f" of {used.budget:,}" if used.budget else ""
    found.facts.append(Fact("Reads this month", f"{used.month:,}{of_budget}", page))
    if said := metering.in_words(used):
        found.asks.append(Ask(said, "Open the connection", page))


def _tell_backup(found: Health, sees_schedules: bool) -> None:
    made = Sign.objects.filter(kind=Sign.Kind.BACKUP).first()
    page = reverse("admin:django_celery_beat_periodictask_changelist") if sees_schedules else ""
    text = connection_page.moment(made.at) if made else "None yet: it comes at night if its schedule is on"
    found.facts.append(Fact("Last backup", text, page))


def _rows(number: int) -> str:
    return f"{number:,} record{'' if number == 1 else 's'}"
