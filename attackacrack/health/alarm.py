"""Looks for silences, keeps each from its beginning to its end, and mails the office: once when it begins, each day
while it lasts, once when it is over.

Beat looks each minute. Because beat itself may be dead, so does the web process after a page that somebody of the staff
opened, if nobody has looked for five minutes.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from attackacrack.health import facts, silence
from attackacrack.health.silence import Facts, Silence, moment
from attackacrack.models import Sign, SilenceEpisode
from billing.office_mail import END

log = logging.getLogger(__name__)

LOOKED_AT_LEAST_EVERY = timedelta(minutes=5)
UNWATCHED = "unwatched"
# A restart after a quiet weekend is no silence: everything has that long to come up.
TOLD_AFTER = timedelta(minutes=2)
TOLD_EVERY = timedelta(days=1)


def look() -> list[Silence]:
    """Writes down what is silent, tells the office what it does not know yet, and returns it. Not inside a transaction:
    it may talk to a mail server."""
    seen = facts.read()
    found = silence.silences(seen)
    with transaction.atomic():
        _note(seen, found)
    _tell(found)
    return found


# --- Episodes ------------------------------------------------------------------------------------


def _note(seen: Facts, found: list[Silence]) -> None:
    """One looks at a time. Whoever read his facts before another one wrote his has nothing newer to say."""
    row, _ = Sign.objects.select_for_update().get_or_create(kind=Sign.Kind.CHECK)
    about = row.about or {"first_at": seen.now.isoformat()}
    if about.get("facts_of", "") > seen.now.isoformat():
        return
    if last := about.get("facts_of"):
        _note_gap(datetime.fromisoformat(last), seen.now)
    row.at = timezone.now()
    row.about = {**about, "facts_of": seen.now.isoformat(), "silences": [[one.title, one.text] for one in found]}
    row.save()
    _note_outgoing(seen)
    _end(SilenceEpisode.objects.exclude(kind__in=[one.kind for one in found]))
    known = set(SilenceEpisode.objects.filter(ended_at=None).values_list("kind", flat=True))
    SilenceEpisode.objects.bulk_create(
        SilenceEpisode(kind=one.kind, title=one.title, since=one.since, noticed_at=seen.now)
        for one in found
        if one.kind not in known
    )


def _note_gap(last: datetime, now: datetime) -> None:
    """Nobody looked: scheduler and worker were off, and nobody opened a page. By now that is over, and whoever switched
    everything on again knows it, so it is not mailed; it counts against the uptime."""
    if now - last > LOOKED_AT_LEAST_EVERY:
        SilenceEpisode.objects.create(
            kind=UNWATCHED, title="Nobody watched the background work", since=last, noticed_at=now, told_at=now,
            ended_at=now, end_told_at=now,
        )  # fmt: skip


def _note_outgoing(seen: Facts) -> None:
    """From when on the same row has been the next to be sent."""
    same = Sign.objects.filter(kind=Sign.Kind.OUTGOING, about=seen.outgoing_first)
    if seen.outgoing_first is None:
        Sign.objects.filter(kind=Sign.Kind.OUTGOING).delete()
    elif not same.exists():
        about = {"at": seen.now, "about": seen.outgoing_first}
        Sign.objects.update_or_create(kind=Sign.Kind.OUTGOING, defaults=about)


def _end(over: QuerySet[SilenceEpisode]) -> None:
    over.filter(ended_at=None, told_at=None).delete()  # nobody heard of it
    over.filter(ended_at=None).update(ended_at=timezone.now())


# --- Telling -------------------------------------------------------------------------------------


def _tell(found: list[Silence]) -> None:
    """An e-mail is noted before it is sent, so that two beats send none twice; whoever is killed in between leaves the
    page's banner and the repeat of the next day."""
    if not settings.OFFICE_EMAILS:
        return
    now = timezone.now()
    begun = SilenceEpisode.objects.filter(ended_at=None, noticed_at__lte=now - TOLD_AFTER)
    begun = begun.filter(Q(told_at=None) | Q(told_at__lte=now - TOLD_EVERY))
    by_kind = {one.kind: one for one in found}
    claimed = _claim(begun.filter(kind__in=by_kind), "told_at")
    if claimed:
        silent = [by_kind[one.kind] for one in claimed]
        lines = (f"{one.title}. {one.text}" for one in silent)
        _send(_title([one.title for one in silent]), _list(lines), claimed, "told_at")
    over = _claim(SilenceEpisode.objects.filter(ended_at__isnull=False, end_told_at=None), "end_told_at")
    if over:
        lines = (f"{one.title}: from {moment(one.since)} until {moment(one.ended_at)}." for one in over)
        _send(f"Over: {_title([one.title for one in over])}", _list(lines), over, "end_told_at")


def _claim(episodes: QuerySet[SilenceEpisode], column: str) -> list[SilenceEpisode]:
    """Those that this caller tells of; what was there before is kept as `before`, in case that fails."""
    claimed = []
    with transaction.atomic():
        for episode in episodes.select_for_update(skip_locked=True).order_by("pk"):
            episode.before = getattr(episode, column)
            setattr(episode, column, timezone.now())
            episode.save(update_fields=[column])
            claimed.append(episode)
    return claimed


def _send(subject: str, text: str, episodes: list[SilenceEpisode], column: str) -> None:
    try:
        send_mail(f"CRM: {subject}", f"{text}{END}", None, settings.OFFICE_EMAILS)
    except Exception as error:  # a server that is away, an address or a setting that is wrong: told is what went out
        for episode in episodes:
            rows = SilenceEpisode.objects.filter(pk=episode.pk, **{column: getattr(episode, column)})
            rows.update(**{column: episode.before})
        log.warning("The office could not be told “%s” (%s); the next look tries again.", subject, error)


def _title(titles: list[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{titles[0]}, and {len(titles) - 1} more"


def _list(lines: Iterable[str]) -> str:
    return "\n\n".join(lines)
