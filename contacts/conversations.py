"""Verbs on conversations: keep what was said, once and in its newest form, and find whose number the other side is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Count, Exists, Min, OuterRef, Q, Subquery

from contacts.card_numbers import masked
from contacts.matching import normalise
from contacts.models import Activity, Contact, ContactPhone, Conversation, PhoneLine
from contacts.models.talk import NOT_REACHED

Kind, Direction = Activity.Kind, Activity.Direction
# Nothing comes after these: what says something else is older, whatever its clock says.
FINAL = {
    *("received", "delivered", "undelivered", "failed"),  # texts
    *("completed", "missed", "no-answer", "busy", "canceled", "forwarded", "abandoned", "ai-handled"),  # calls
}
# What somebody outside waits after, and what ends the waiting.
WAITS = Q(direction=Direction.INCOMING) & (~Q(kind=Kind.CALL) | Q(status__in=NOT_REACHED))
ANSWERS = Q(direction=Direction.OUTGOING) & ~Q(status__in=("failed", "undelivered")) | Q(
    direction=Direction.INCOMING, kind=Kind.CALL, status__in=("completed", "forwarded", "ai-handled")
)
MOST_NUMBERS = 200  # characters
AT_ONCE = 500


@dataclass(frozen=True)
class Thread:
    """Between which line of ours (PN...) and whom. others: as the provider writes them; several of a group."""

    line: str
    others: tuple[str, ...]
    provider_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The line's id and the numbers as they are stored."""
        return self.line, number_key(self.others)


@dataclass(frozen=True)
class Said:
    """One text, call or voicemail. kind, direction: values of Activity's. Times with zone. seconds: None when not known.
    changed_at: when the provider last changed it. A voicemail has the id of its call."""

    provider_id: str
    thread: Thread
    kind: str
    direction: str
    at: datetime
    changed_at: datetime
    text: str = ""
    attachments: int = 0
    status: str = ""
    seconds: int | None = None


class UnknownLine(LookupError):
    """What was said on a line of ours that is not stored. str() is its id."""


def number_key(numbers: Iterable[str]) -> str:
    """As Conversation.other_number holds them: E.164 where it is a number, else as written; sorted, each once."""
    keys = set()
    for number in numbers:
        number = number.replace("\0", "").replace(",", " ").strip()
        found = normalise.phone(number)
        keys.add(found.key if found is not None else number)
    return ",".join(sorted(filter(None, keys)))[:MOST_NUMBERS]


def keep_lines(lines: Iterable[tuple[str, str, str]]) -> None:
    """Stores our own numbers: (provider's id, E.164, name). May be called inside a transaction."""
    rows = [PhoneLine(provider_id=key, number=number[:20], name=name[:200]) for key, number, name in lines]
    PhoneLine.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["provider_id"], update_fields=["number", "name"]
    )


def keep(said: Sequence[Said]) -> int:
    """Stores what is new and takes over what is newer; the same twice is one row. Returns how many rows were written.

    One transaction, or part of the caller's; conversations are locked in the order of their keys. Raises UnknownLine, and
    then nothing is stored. As many queries for any number of rows: give it a page at a time.
    """
    said = [one for one in said if one.thread.key[1]]
    with transaction.atomic():
        threads = _locked(said)
        rows = Activity.objects.in_bulk({one.provider_id for one in said}, field_name="provider_id")
        new, changed = _put(said, threads, rows)
        Activity.objects.bulk_create(new, ignore_conflicts=True)
        Activity.objects.bulk_update(changed, TAKEN)
        if ids := {row.conversation_id for row in (*new, *changed)}:
            _refresh(ids)
            attach(Q(pk__in=ids))
    return len(new) + len(changed)


def attach(among: Q | None = None) -> int:
    """Gives conversations whose contact is not known, or no longer has the number, to the only contact that has it. Where
    several have it none is guessed. among: which conversations; None for all. Returns how many were given. May be called
    inside a transaction."""
    phones = ContactPhone.objects.filter(contact__merged_into=None)
    own = phones.filter(key=OuterRef("other_number"), contact=OuterRef("contact"))
    loose = Conversation.objects.filter(Q(contact=None) | ~Exists(own)).filter(among or Q())
    having = phones.filter(key__in=loose.values("other_number")).order_by().values("key")
    single = having.annotate(owners=Count("contact", distinct=True), owner=Min("contact")).filter(owners=1)
    with transaction.atomic():
        only = dict(single.values_list("key", "owner"))
        locked = loose.filter(other_number__in=list(only)).order_by("pk").select_for_update(of=("self",), no_key=True)
        rows = list(locked.only("other_number"))
        for row in rows:
            row.contact_id = only[row.other_number]
        Conversation.objects.bulk_update(rows, ["contact"], batch_size=AT_ONCE)
    return len(rows)


def follow(contact: Contact, **signal: Any) -> None:
    """A contact was edited: what waited for one with such a number is its own now. After the commit, so that whoever edits
    waits for nobody who keeps what was said; if it fails the task of every few minutes does it."""
    keys = contact.phones.exclude(key="").values("key")
    transaction.on_commit(partial(attach, Q(other_number__in=keys) | Q(contact=contact)), robust=True)


def owners(conversation: Conversation) -> list[Contact]:
    """The contacts that have the number; at most ten."""
    has = ContactPhone.objects.filter(contact=OuterRef("pk"), key__in=conversation.numbers)
    found = Contact.objects.current().filter(Exists(has))
    return list(found.prefetch_related("phones", "emails").order_by("pk")[:10])


def give(conversation: Conversation, contact_id: int) -> Contact | None:
    """A person says whose it is, of those who have the number. None, and nothing is changed, if that contact has it no
    more or was merged away meanwhile."""
    with transaction.atomic():
        row = Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
        contact = next((owner for owner in owners(row) if owner.pk == contact_id), None)
        if contact is not None:
            row.contact = contact
            row.save(update_fields=["contact"])
    return contact


def recent(of: Q, number: int = 3) -> list[Activity]:
    """The newest texts and calls, newest first. of: in which conversations, by columns of a conversation."""
    rows = Activity.objects.filter(conversation__in=Conversation.objects.filter(of).values("pk"))
    return list(rows.select_related("conversation").order_by("-at", "-pk")[:number])


# --- Under lock ----------------------------------------------------------------------------------

TAKEN = ["kind", "direction", "text", "attachments", "status", "seconds", "changed_at"]
NEVER = datetime.fromtimestamp(0, tz=UTC)


def _locked(said: Iterable[Said]) -> dict[tuple[str, str], Conversation]:
    """The conversations by Thread.key, made where they are missing. What is known stays where it is, should it be told of
    with other numbers."""
    ids = {one.provider_id for one in said}
    known = dict(Activity.objects.filter(provider_id__in=ids).values_list("provider_id", "conversation_id"))
    wanted = {one.thread.key: one.thread.provider_id[:64] for one in said if one.provider_id not in known}
    lines = PhoneLine.objects.in_bulk({line for line, _ in wanted}, field_name="provider_id")
    if unknown := [line for line, _ in wanted if line not in lines]:
        raise UnknownLine(unknown[0])
    new = [
        Conversation(line=lines[line], other_number=number, provider_id=wanted[line, number], last_activity_at=NEVER)
        for line, number in sorted(wanted)
    ]
    Conversation.objects.bulk_create(new, ignore_conflicts=True)
    these = Q(other_number__in={number for _, number in wanted}, line__in=lines.values())
    rows = Conversation.objects.filter(these | Q(pk__in=known.values())).select_related("line")
    locked = rows.order_by("pk").select_for_update(of=("self",), no_key=True)
    return {(row.line.provider_id, row.other_number): row for row in locked}


def _put(
    said: Iterable[Said], threads: dict[tuple[str, str], Conversation], rows: dict[str, Activity]
) -> tuple[list[Activity], list[Activity]]:
    """New rows and changed ones, in memory. rows: those that are known, by the provider's id."""
    new: list[Activity] = []
    changed: dict[str, Activity] = {}
    for one in said:
        row = rows.get(one.provider_id)
        if row is None:
            rows[one.provider_id] = row = _row(one, threads[one.thread.key])
            new.append(row)
        elif _take(row, one) and row.pk is not None:
            changed[one.provider_id] = row
    return new, list(changed.values())


def _row(one: Said, conversation: Conversation) -> Activity:
    return Activity(
        conversation=conversation, provider_id=one.provider_id, kind=one.kind, direction=one.direction,
        text=_storable(one.text), attachments=one.attachments, at=one.at, status=one.status[:20], seconds=one.seconds,
        changed_at=one.changed_at,
    )  # fmt: skip


def _take(row: Activity, one: Said) -> bool:
    """Makes the row say what is newer, in memory. Whether anything changed. A voicemail stays one, whichever of the call
    and its voicemail was told last; what an answer leaves out is not lost."""
    was = [getattr(row, name) for name in TAKEN]
    is_newer = (one.status in FINAL, one.changed_at) >= (row.status in FINAL, row.changed_at)
    is_first_voicemail = one.kind == Kind.VOICEMAIL and row.kind != Kind.VOICEMAIL
    if is_first_voicemail:
        row.kind = Kind.VOICEMAIL
    if one.kind == row.kind and (is_newer or is_first_voicemail):  # what a call says is not its voicemail's
        row.text = _storable(one.text) or row.text
        row.seconds = row.seconds if one.seconds is None else one.seconds
    elif one.kind == row.kind:  # older, but it may have what the newer one lacked: what was said into a voicemail
        row.text = row.text or _storable(one.text)
        row.seconds = one.seconds if row.seconds is None else row.seconds
    if is_newer:
        row.direction = one.direction
        row.status = one.status[:20] or row.status
        row.attachments = one.attachments or row.attachments
        row.changed_at = one.changed_at
    return was != [getattr(row, name) for name in TAKEN]


def _storable(text: str) -> str:
    """PostgreSQL holds no NUL character and no half of an emoji. Masked here too, so that a row is compared with what is
    stored of it."""
    return masked(text.replace("\0", "").encode("utf-8", "replace").decode())


def _refresh(conversation_ids: Iterable[int]) -> None:
    """What the list shows of each conversation, from its rows."""
    newest = Activity.objects.filter(conversation=OuterRef("pk")).order_by("-at").values("at")[:1]
    later = Activity.objects.filter(ANSWERS, conversation=OuterRef("conversation"), at__gte=OuterRef("at"))
    waiting = Activity.objects.filter(WAITS & ~Exists(later), conversation=OuterRef("pk"))
    oldest = waiting.order_by("at").values("at")[:1]
    rows = Conversation.objects.filter(pk__in=list(conversation_ids))
    rows.update(last_activity_at=Subquery(newest), waits_since=Subquery(oldest))
