"""What names a contact without a key of the database, so that no walk over relations finds it: "not the same" of two
contacts, the office's answers about a list, and a number that both have. It goes to the survivor like all the rest.

A wanted merge stays with its two: it is forgotten when one of them becomes part of somebody else (wanting.py).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from contacts import dismissals
from contacts.merging.journal import Journal
from contacts.models import ContactImportDifference, ContactPhone, Conversation, DismissedDuplicate
from contacts.models.merges import pair_key

Answer = ContactImportDifference.Answer


def lock(contact_ids: Collection[int]) -> None:
    """Before anything else of the contacts is locked, as whoever answers does it."""
    list(_differences(contact_ids).select_for_update().order_by("object_id", "pk").values_list("pk", flat=True))


def carry(journal: Journal) -> None:
    """Inside the transaction of the merge; the undo takes it back."""
    _carry_dismissed(journal)
    _carry_answers(journal)
    _carry_conversations(journal)


def _carry_dismissed(journal: Journal) -> None:
    survivor, loser = journal.survivor.pk, journal.loser.pk
    ours = set(_dismissed(survivor).values_list("pair", flat=True))
    for row in _dismissed(loser).order_by("pk"):
        other = next((key for key in row.keys if key != loser), loser)
        pair = pair_key(survivor, other)
        if other == survivor:
            journal.change(row, undone_at=timezone.now())
        elif pair in ours:
            journal.drop(row)
        else:
            journal.change(row, pair=pair)


def _dismissed(contact_id: int) -> QuerySet[DismissedDuplicate]:
    return dismissals.standing(DismissedDuplicate).filter(
        Q(pair__startswith=f"{contact_id}-") | Q(pair__endswith=f"-{contact_id}")
    )


def _carry_answers(journal: Journal) -> None:
    """One question or answer for each value: what was kept of either is kept. What was taken is over."""
    survivor, loser = journal.survivor.pk, journal.loser.pk
    by_value: dict[tuple[str, str], list[ContactImportDifference]] = defaultdict(list)
    for row in _differences([survivor, loser]).exclude(answer=Answer.TAKEN).order_by("pk"):
        by_value[row.field, row.theirs].append(row)
    for rows in by_value.values():
        for double in _doubles(rows, survivor):
            journal.drop(double)
            rows.remove(double)
    theirs = [row for rows in by_value.values() for row in rows if row.object_id == loser]
    journal.change_all(theirs, otherwise=lambda _: "", object_id=survivor)


def _doubles(rows: Iterable[ContactImportDifference], survivor: int) -> list[ContactImportDifference]:
    """All but one, which is answered if any of them is, and the survivor's own if it can be. Of one contact alone
    nothing is double: each belongs to a list of its own."""
    first, *others = sorted(rows, key=lambda row: (row.answer != Answer.KEPT, row.object_id != survivor, row.pk))
    return [row for row in others if row.object_id != first.object_id]


def _differences(contact_ids: Collection[int]) -> QuerySet[ContactImportDifference]:
    return ContactImportDifference.objects.filter(
        of=ContactImportDifference.Of.CONTACT, object_id__in=list(contact_ids)
    )


def _carry_conversations(journal: Journal) -> None:
    """Of a number that only these two had nobody could say whose conversation it is; now there is one who has it."""
    keys = list(journal.survivor.phones.exclude(key="").values_list("key", flat=True))
    found = Conversation.objects.filter(contact=None, other_number__in=keys).order_by("pk")
    elsewhere = ContactPhone.objects.filter(contact__merged_into=None, key=OuterRef("other_number"))
    others = elsewhere.exclude(contact__in=[journal.survivor.pk, journal.loser.pk])
    rows = found.exclude(Exists(others)).select_for_update(no_key=True)
    journal.change_all(rows, otherwise=lambda _: "", contact=journal.survivor)
