"""What the connection page says, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from contacts import colleagues
from quickbooks_integration import (
    addresses,
    auto_sync,
    by_kind,
    coverage,
    errors,
    metering,
    pauses,
    pull_only,
    reconciling,
    reminding,
)
from quickbooks_integration.errors import RECONNECT, QuickBooksError
from quickbooks_integration.fields import UnreadableToken
from quickbooks_integration.models import ApiCall, FeedPoll, QuickBooksAuth, SyncRun, Traffic
from quickbooks_integration.reconciling import merged
from quickbooks_integration.service import UNREADABLE, refuse_unusable
from quickbooks_integration.sync import kinds_to_pull
from quickbooks_integration.sync.mirroring import ORDER as DOCUMENTS

RECENT = 5
ORDER = ("customer", "item", *DOCUMENTS)
ITS_TURN = "Its turn comes after what is running now."
BUSY = (SyncRun.State.WAITING, SyncRun.State.RUNNING)
SILENT_AFTER_SECONDS = 120
SOON = timedelta(days=14)
READS_SHOWN = timedelta(days=31)
QUESTIONS = {
    "query": "Search",
    "companyinfo": "Company details",
    "bearer": "Sign-in",
    "revoke": "Disconnect",
    "cdc": "What changed",
}


@dataclass(frozen=True)
class Fact:
    """One line of the page: what it is, how it stands, and what that means."""

    label: str
    text: str
    meaning: str = ""


@dataclass(frozen=True)
class Headline:
    """How the connection stands: `tone` is good, paused, soon, bad or quiet; the first three mean that it works."""

    title: str
    text: str
    tone: str

    @property
    def works(self) -> bool:
        return self.tone in ("good", "paused", "soon")

    @property
    def asks_for_reconnect(self) -> bool:
        return self.tone not in ("good", "paused")


def context(user: User) -> dict[str, Any]:
    """Everything that the page shows to this person. Asks the database only, never QuickBooks."""
    rows = QuickBooksAuth.objects.select_related("connected_by", "pull_only_by", "auto_sync_off_by", "traffic")
    auth = rows.order_by("-connected_at").first()
    in_use = auth is not None and auth.state != QuickBooksAuth.State.DISCONNECTED
    environment = auth.environment if auth and in_use else addresses.environment()
    return {
        "auth": auth,
        "in_use": in_use,
        "headline": headline(auth),
        "books": environment,  # "environment" is the name of unfold's own badge
        "books_label": QuickBooksAuth.Environment(environment).label,
        "facts": facts(auth) if auth else [],
        "reads": _reads_by_day(auth) if auth else [],
        "can_connect": user.has_perm("quickbooks_integration.connect_quickbooks"),
        "can_sync": user.has_perm("quickbooks_integration.sync_quickbooks"),
        "client_is_set": bool(settings.QUICKBOOKS_CLIENT_ID.strip() and settings.QUICKBOOKS_CLIENT_SECRET.strip()),
        "progress": progress(auth) if auth else {"active": False, "runs": []},
        "kinds": by_kind.look(auth) if auth and in_use else [],
        "automatic": auto_sync.schedules(auth) if auth and in_use else [],
        "still": auto_sync.STILL,
        "can_see_links": user.has_perm("quickbooks_integration.view_quickbookssync"),
        "can_see_schedules": user.has_perm("django_celery_beat.view_periodictask"),
        "runs": _runs(auth)[:RECENT] if auth else [],
        "calls": described_calls(auth) if auth else [],
        "to_review": _to_review(user) if in_use else 0,
        "merged_away": _merged_away(user) if in_use else 0,
        "history_step": _history_step(auth, user) if auth and in_use else "",
        "can_see_runs": user.has_perm("quickbooks_integration.view_syncrun"),
        "can_see_calls": user.has_perm("quickbooks_integration.view_apicall"),
    }


def _to_review(user: User) -> int:
    """Pairs that wait for a decision, for those who may decide."""
    return reconciling.remaining() if user.has_perm("quickbooks_integration.decide_matches") else 0


def _merged_away(user: User) -> int:
    """Contacts whose customer was merged there, for those who may decide."""
    return merged.count() if user.has_perm("quickbooks_integration.decide_matches") else 0


def _history_step(auth: QuickBooksAuth, user: User) -> str:
    from quickbooks_integration import history_page

    return history_page.next_step(auth, user)


def headline(auth: QuickBooksAuth | None) -> Headline:
    if auth is None:
        return Headline("Not connected", "No QuickBooks company has been connected yet.", "quiet")
    if auth.state == QuickBooksAuth.State.DISCONNECTED:
        return Headline(
            "Disconnected", f"{auth} is disconnected. Its links and history are kept; Connect brings it back.", "quiet"
        )
    try:
        refuse_unusable(auth)
        if auth.access_token is None:  # reads the column, which proves that its key is there
            raise UnreadableToken
    except QuickBooksError as error:
        return Headline("Needs reconnect", str(error), "bad")
    except UnreadableToken:
        return Headline("Sign-in unreadable", UNREADABLE, "bad")
    return _working(auth)


def _working(auth: QuickBooksAuth) -> Headline:
    left = auth.reconnect_before - timezone.now()
    if left <= timedelta():
        return Headline("Needs reconnect", f"The sign-in ran out on {day(auth.reconnect_before)}. {RECONNECT}", "bad")
    return _out_of_order(Traffic.of(auth)) or _at_work(auth, left)


def _out_of_order(traffic: Traffic) -> Headline | None:
    if traffic.next_try_at and traffic.failing_since:
        said = pauses.outage_in_words(traffic.failing_since, traffic.next_try_at, traffic.trouble)
        return Headline("Waiting for QuickBooks", said, "paused")
    if traffic.is_limited:
        said = f"QuickBooks asked the CRM to slow down. It goes on by itself at {moment(traffic.limited_until)}."
        return Headline("Slowing down", said, "paused")
    return None


def _at_work(auth: QuickBooksAuth, left: timedelta) -> Headline:
    if paused := pull_only.in_words(auth):
        return Headline("Writing paused", paused, "paused")
    if left <= SOON:
        return Headline("Reconnect soon", f"The sync stops on {day(auth.reconnect_before)}. Choose Reconnect.", "soon")
    return Headline("Connected", f"The CRM and {auth} talk to each other.", "good")


def facts(auth: QuickBooksAuth) -> list[Fact]:
    by = f" by {colleagues.name_of(auth.connected_by)}" if auth.connected_by else ""
    found = [
        Fact("Company", auth.company_name or "Name not known yet", f"QuickBooks company id {auth.company_id}"),
        Fact("Connected", f"{moment(auth.connected_at)}{by}"),
    ]
    if auth.state == QuickBooksAuth.State.CONNECTED:
        found += token_facts(auth)
    found.append(_reads(auth))
    if polled := _last_poll(auth):
        found.append(Fact("Change feed", polled, "The CRM asks every 15 minutes; what it finds is under Recent syncs."))
    call = _calls(auth).first()
    found.append(Fact("Last call", call_in_words(call) if call else "None yet"))
    failed = _calls(auth).exclude(error_kind="").first()
    if failed:
        sentence = errors.sentence_for(failed.error_kind, failed.error_code, failed.status)
        found.append(Fact("Last error", f"{moment(failed.at)}: {sentence}", _reference(failed)))
    return found


def _last_poll(auth: QuickBooksAuth) -> str:
    """A poll that finds nothing new makes no run, so it is told here."""
    poll = FeedPoll.objects.filter(company=auth).first()
    if poll is not None and poll.message:
        return f"The last question failed. {poll.message}"
    kinds = kinds_to_pull(auth)
    proved = coverage.watermarks(auth, kinds)
    if len(proved) < len(kinds):
        return "" if poll is None else "Not everything is read yet. The page Coverage says what is missing."
    return f"Up to date as of {moment(min(proved.values()))}"


def token_facts(auth: QuickBooksAuth) -> list[Fact]:
    now = timezone.now()
    if auth.expires_at > now:
        access = f"Renewed {naturaltime(auth.refreshed_at)}, good until {moment(auth.expires_at)}"
    else:
        access = f"Ran out {naturaltime(auth.expires_at)}"
    lasts = (
        Fact("Sign-in", "It has run out.", "Choose Reconnect: until then nothing is synced.")
        if auth.reconnect_before <= now
        else Fact(
            "Sign-in",
            f"Reconnect before {day(auth.reconnect_before)}, otherwise the sync stops. {_left(auth.reconnect_before)}",
            "Each renewal moves this date on; it only arrives if the CRM stands still that long."
            if auth.hard_expires_at is None or auth.refresh_expires_at < auth.hard_expires_at
            else "",
        )
    )
    found = [Fact("Access", access, "The CRM renews this by itself about every hour."), lasts]
    if auth.hard_expires_at:
        found.append(
            Fact(
                "Five years",
                f"Reconnect before {day(auth.hard_expires_at)} in any case. {_left(auth.hard_expires_at)}",
                "QuickBooks ends every sign-in after five years, however much it is used.",
            )
        )
    return found


def _left(at: datetime) -> str:
    days = reminding.days_until(at)
    return "Less than a day left." if days <= 1 else f"{intcomma(days)} days left."


def _reads(auth: QuickBooksAuth) -> Fact:
    """What Intuit counts."""
    used = metering.usage(auth.company_id)
    text = (
        f"{intcomma(used.today)} today, {intcomma(used.month)} this month; at this pace about {intcomma(used.projected)} "
        "by its end."
    )
    said = [f"Intuit's plan includes {intcomma(used.budget)} a month." if used.budget else "", metering.in_words(used)]
    if later := metering.next_poll_at(auth, used):
        said.append(f"QuickBooks is asked next at {moment(later)}.")
    if auth.environment != QuickBooksAuth.Environment.PRODUCTION:
        said.append("Reads of test books cost nothing.")
    return Fact("Reads", text, " ".join(filter(None, said)))


def _reads_by_day(auth: QuickBooksAuth) -> list[tuple[str, str]]:
    """The newest first."""
    found = metering.days(auth.company_id, timezone.localdate() - READS_SHOWN)
    return [(date_format(one, "l, M j"), intcomma(number)) for one, number in reversed(found.items())]


def call_in_words(call: ApiCall) -> str:
    outcome = "failed" if call.error_kind else "answered"
    return f"{capfirst(naturaltime(call.at))}, {outcome} after {intcomma(call.milliseconds)} ms"


def question_in_words(call: ApiCall) -> str:
    """What was asked, by the address: /v3/company/1/query is "Search"."""
    _, company, endpoint = call.path.partition(f"/company/{call.company_id}/")
    topic = endpoint.split("/")[0] if company else call.path.rsplit("/", 1)[-1]
    if topic in QUESTIONS:
        return QUESTIONS[topic]
    return f"{topic.capitalize()} {'read' if call.method == 'GET' else 'sent'}"


def described_calls(auth: QuickBooksAuth) -> list[dict[str, str]]:
    return [
        {
            "at": moment(call.at),
            "what": question_in_words(call),
            "outcome": (
                errors.sentence_for(call.error_kind, call.error_code, call.status) if call.error_kind else "Answered"
            ),
            "milliseconds": f"{intcomma(call.milliseconds)} ms",
        }
        for call in _calls(auth)[:RECENT]
    ]


def progress(auth: QuickBooksAuth) -> dict[str, Any]:
    """The newest run of each kind, as the page's script draws it: {"active": bool, "runs": [...]}."""
    rows = SyncRun.objects.filter(company=auth).order_by("entity_type", "-id").distinct("entity_type")
    newest = sorted(rows, key=lambda run: ORDER.index(run.entity_type))
    one_runs = any(run.state == SyncRun.State.RUNNING for run in newest)
    runs = [
        {
            "id": run.pk,
            "title": f"{run.get_entity_type_display()}s",
            "state": run.get_state_display(),
            "tone": _tone(run),
            "read": run.read,
            "expected": run.expected,
            "percent": _percent(run),
            "sentence": ITS_TURN if one_runs and run.state == SyncRun.State.WAITING else run_in_words(run),
        }
        for run in newest
    ]
    return {"active": any(run.state in BUSY for run in newest), "runs": runs}


def run_in_words(run: SyncRun) -> str:
    if run.state == SyncRun.State.WAITING:
        return "Waiting for the background worker. If this lasts longer than a minute, check that it is running."
    if (
        run.state == SyncRun.State.RUNNING
        and (timezone.now() - run.heartbeat_at).total_seconds() > SILENT_AFTER_SECONDS
    ):
        return "No sign of life for some minutes. Nothing is lost: the next sync goes on from here."
    return run.message or counts_in_words(run)


def counts_in_words(run: SyncRun) -> str:
    of_expected = f" of {intcomma(run.expected)}" if run.expected else ""
    return (
        f"Read {intcomma(run.read)}{of_expected}: {intcomma(run.created)} new, {intcomma(run.updated)} changed, "
        f"{intcomma(run.unchanged)} unchanged, {intcomma(run.conflict)} to decide, {intcomma(run.rejected)} rejected."
    )


def _tone(run: SyncRun) -> str:
    if run.state in BUSY:
        return "busy"
    return "good" if run.state == SyncRun.State.DONE else "bad"


def _percent(run: SyncRun) -> int:
    if run.state == SyncRun.State.DONE:
        return 100
    return min(99, 100 * run.read // run.expected) if run.expected else 0


def _runs(auth: QuickBooksAuth) -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(company=auth).order_by("-id")


def _calls(auth: QuickBooksAuth) -> QuerySet[ApiCall]:
    return ApiCall.objects.filter(company=auth.company_id).order_by("-id")


def _reference(call: ApiCall) -> str:
    known = [
        f"code {call.error_code}" if call.error_code else "",
        f"trace {call.intuit_tid}" if call.intuit_tid else "",
    ]
    reference = ", ".join(filter(None, known))
    return f"For Intuit's support: {reference}" if reference else ""


def moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "M j, Y, g:i A")


def day(at: Any) -> str:
    return date_format(timezone.localtime(at), "M j, Y")
