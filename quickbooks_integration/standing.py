"""How one of our rows stands with QuickBooks, in a sentence, for one page and for lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync

Status = QuickBooksSync.Status


class State(StrEnum):
    NEEDS_YOU = "needs_you"
    CONFLICT = "conflict"
    WAITS = "waits"
    ON_ITS_WAY = "on_its_way"
    IN_STEP = "in_step"
    HERE = "here"


LABELS = {
    State.NEEDS_YOU: "Needs you",
    State.CONFLICT: "Both changed",
    State.WAITS: "Waits",
    State.ON_ITS_WAY: "On its way",
    State.IN_STEP: "In step",
    State.HERE: "Only here",
}
COLOURS = {
    "Needs you": "danger", "Both changed": "warning", "Waits": "info", "On its way": "info", "In step": "success",
}  # fmt: skip
# The rows of each state but HERE, which has none.
CONDITIONS = {
    State.NEEDS_YOU: Q(sync_status=Status.ERROR),
    State.CONFLICT: Q(sync_status=Status.CONFLICT),
    State.WAITS: Q(sync_status=Status.PENDING) & (~Q(error_message="") | ~Q(waits_for="")),
    State.ON_ITS_WAY: Q(sync_status=Status.PENDING, error_message="", waits_for=""),
    State.IN_STEP: Q(sync_status=Status.SYNCED),
}


@dataclass(frozen=True)
class Standing:
    state: State
    sentence: str

    @property
    def label(self) -> str:
        return LABELS[self.state]


def state_of(sync: QuickBooksSync | None) -> State:
    """As CONDITIONS says of rows."""
    if sync is None:
        return State.HERE
    if sync.sync_status == Status.ERROR:
        return State.NEEDS_YOU
    if sync.sync_status == Status.CONFLICT:
        return State.CONFLICT
    if sync.sync_status == Status.SYNCED:
        return State.IN_STEP
    return State.WAITS if sync.error_message or sync.waits_for else State.ON_ITS_WAY


def of(sync: QuickBooksSync | None, *, is_draft: bool = False, why_not: str = "") -> Standing:
    """why_not: why nothing is sent at all at the moment. Pure."""
    state = state_of(sync)
    if sync is None:
        return Standing(state, _only_here(is_draft, why_not))
    if state == State.ON_ITS_WAY and why_not:
        return Standing(State.WAITS, why_not)
    sentence = {
        State.NEEDS_YOU: sync.error_message or "QuickBooks refused this. Press Try again to see why.",
        State.CONFLICT: "It was changed here and in QuickBooks, in the same place. Nothing is sent until you decide.",
        State.WAITS: f"Waits: {sync.error_message or 'something else has to be in QuickBooks first.'}{_next_try(sync)}",
        State.ON_ITS_WAY: "On its way to QuickBooks: a matter of seconds.",
        State.IN_STEP: f"In step with QuickBooks. Last compared {moment(sync.last_synced)}.",
        State.HERE: "",
    }[state]
    if sync.needs_read and state == State.IN_STEP:
        sentence += " It is being read again."
    return Standing(state, sentence)


def _only_here(is_draft: bool, why_not: str) -> str:
    if is_draft:
        return "Not in QuickBooks. Drafts stay here; it goes there once it is marked as ready to send."
    return f"Not in QuickBooks yet. {why_not or 'Press Push to QuickBooks to send it.'}"


def _next_try(sync: QuickBooksSync) -> str:
    if sync.next_try_at is None or sync.next_try_at <= timezone.now():
        return ""
    return f" Next try at {date_format(timezone.localtime(sync.next_try_at), 'g:i A')}."


def moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "M j, Y, g:i A")


# --- Of many -------------------------------------------------------------------------------------


def attach(rows: Iterable[Any], entity_types: Sequence[str]) -> None:
    """Gives each row its map row as `quickbooks_row`, or None. One query."""
    listed = list(rows)
    found = {sync.local_id: sync for sync in rows_of(entity_types).filter(local_id__in=[row.pk for row in listed])}
    for row in listed:
        row.quickbooks_row = found.get(row.pk)


def in_state(queryset: QuerySet[Any], state: str, entity_types: Sequence[str]) -> QuerySet[Any]:
    """Those of our rows that stand like this."""
    if state == State.HERE:
        return queryset.exclude(pk__in=rows_of(entity_types).filter(local_id__isnull=False).values("local_id"))
    condition = CONDITIONS.get(State(state)) if state in set(State) else None
    if condition is None:
        return queryset
    found = rows_of(entity_types).filter(condition, local_id__isnull=False)
    return queryset.filter(pk__in=found.values("local_id"))


def rows_of(entity_types: Sequence[str]) -> QuerySet[QuickBooksSync]:
    """The map rows of these kinds in the company that is connected. Of a contact's customers the primary one counts."""
    return QuickBooksSync.objects.filter(company__in=QuickBooksAuth.objects.in_use(), entity_type__in=entity_types)


def waiting() -> QuerySet[QuickBooksSync]:
    """Map rows that have something to send."""
    return QuickBooksSync.objects.filter(company__in=QuickBooksAuth.objects.in_use()).filter(
        Q(sent__lt=F("wanted")) | ~Q(request_id="")
    )
