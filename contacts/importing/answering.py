"""The office decides where a list says something else: take the line's value, or keep ours for good."""

from dataclasses import dataclass, field
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from contacts.importing import writing
from contacts.importing.journal import Journal
from contacts.importing.runs import one_at_a_time
from contacts.merging import caring
from contacts.models import Contact, ContactAddress, ContactImport, ContactImportDifference, Property
from contacts.signals import contacts_filled

Answer = ContactImportDifference.Answer
AT_ONCE = 200
LOOKED_AT = 1000  # what is refused takes time too


@dataclass
class Answered:
    """left: how many more there are of those that were asked for and not looked at; after: the key of the last one that
    was, to go on from, None where none is left. refused: sentences of those that could not be taken."""

    done: int = 0
    left: int = 0
    after: int | None = None
    refused: list[str] = field(default_factory=list)


def open_fields(record: ContactImport) -> list[tuple[str, int]]:
    """(field, how often) that wait for an answer; the most frequent first."""
    counted = _open(record).values_list("field").annotate(times=Count("pk")).order_by("-times", "field")
    return list(counted)


def keep(record: ContactImport, by: AbstractBaseUser, **which: Any) -> Answered:
    """which: pk or field. Ours stays, and the same value of a later list is no question."""
    with transaction.atomic():
        rows = _open(record).filter(**which)
        # In the order of whoever takes or merges.
        ids = list(rows.order_by("of", "object_id", "pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        found = ContactImportDifference.objects.filter(pk__in=ids)
        return Answered(found.update(answer=Answer.KEPT, answered_by=by, answered_at=timezone.now()))


def take(record: ContactImport, by: AbstractBaseUser, after: int | None = None, **which: Any) -> Answered:
    """which: pk or field; after: the difference to go on from. Takes at most AT_ONCE and looks at LOOKED_AT at most; each
    AT_ONCE rows are a transaction of their own. What was changed since the import stays and waits on. A value that was
    taken goes back with the import."""
    answered, last, looked_at = Answered(), _of(record).filter(pk=after).first(), 0
    rows = _open(record).filter(**which).select_related("row").order_by("of", "object_id", "pk")
    with pghistory.context(source="import", file=record.filename, user=by.pk):
        while answered.done < AT_ONCE and looked_at < LOOKED_AT:
            seen = _take_some(record, by, rows.filter(_after(last)) if last else rows, answered)
            if not seen:
                return answered
            last, looked_at = seen[-1], looked_at + len(seen)
    answered.left = rows.filter(_after(last)).count() if last else 0
    answered.after = last.pk if last and answered.left else None
    return answered


def _take_some(
    record: ContactImport,
    by: AbstractBaseUser,
    open_rows: QuerySet[ContactImportDifference],
    answered: Answered,
) -> list[ContactImportDifference]:
    """Returns those that it looked at: none when there are no more, or the import is being taken back."""
    with transaction.atomic():
        one_at_a_time()
        if not ContactImport.objects.filter(pk=record.pk, state=ContactImport.State.DONE).exists():
            answered.refused.append("The import was taken back meanwhile.")
            return []
        rows = list(open_rows.select_for_update(of=("self",))[: AT_ONCE - answered.done])
        _lock_before_contacts(rows)
        for difference in rows:
            refused = _take(record, difference)
            if refused:
                answered.refused.append(refused)
            else:
                difference.answer, difference.answered_by, difference.answered_at = Answer.TAKEN, by, timezone.now()
                answered.done += 1
        ContactImportDifference.objects.bulk_update(rows, ["answer", "answered_by", "answered_at"])
        _tell_of(rows)
    return rows


def _tell_of(rows: list[ContactImportDifference]) -> None:
    """What was taken for a customer of QuickBooks goes there like what the office types."""
    of_contacts = (row for row in rows if row.of == ContactImportDifference.Of.CONTACT)
    changed = {row.object_id for row in of_contacts if row.answer == Answer.TAKEN}
    if changed:
        Contact.objects.filter(pk__in=changed).touch()  # the value may have been an address's
        contacts_filled.send(sender=Contact, contact_ids=changed)


def _after(last: ContactImportDifference) -> Q:
    further = Q(object_id__gt=last.object_id) | Q(object_id=last.object_id, pk__gt=last.pk)
    return Q(of__gt=last.of) | Q(of=last.of) & further


def _lock_before_contacts(rows: list[ContactImportDifference]) -> None:
    """And houses before contacts, like everybody."""
    contacts = {row.object_id for row in rows if row.of == ContactImportDifference.Of.CONTACT}
    houses = {row.object_id for row in rows if row.of != ContactImportDifference.Of.CONTACT}
    caring.lock(contacts)
    places = Property.objects.filter(pk__in=houses).order_by("pk")
    list(places.select_for_update(no_key=True).values_list("pk", flat=True))


def _of(record: ContactImport) -> QuerySet[ContactImportDifference]:
    return ContactImportDifference.objects.filter(row__source=record)


def _open(record: ContactImport) -> QuerySet[ContactImportDifference]:
    return _of(record).filter(answer=Answer.OPEN)


def _take(record: ContactImport, difference: ContactImportDifference) -> str:
    """A sentence when it cannot be."""
    of_contact = difference.of == ContactImportDifference.Of.CONTACT
    model: Any = Contact if of_contact else Property
    rows = model.objects.current() if of_contact else model.objects
    owner = rows.select_for_update().filter(pk=difference.object_id).first()
    if owner is None:
        return f"Line {difference.row.line}: what it is about was deleted or merged since."
    row = _row_of(owner, difference)
    if row is None or _said(row, difference) != difference.ours:
        return f"{owner}: the {difference.field} was changed since the import. It stays as it is now."
    try:
        with transaction.atomic():
            _set(record, owner, row, difference.values)
    except IntegrityError:
        return f"{owner}: another one has the {difference.field} “{difference.theirs}”."
    return ""


def _row_of(owner: Any, difference: ContactImportDifference) -> Any:
    kind = difference.values.get("kind")
    return owner.addresses.filter(kind=kind).first() if kind else owner


def _said(row: Any, difference: ContactImportDifference) -> str:
    if isinstance(row, ContactAddress):
        return str(row)
    # Sorted, because the database does not keep their order: a first name comes before the last one.
    return " ".join(str(value) for name in sorted(difference.values) if (value := getattr(row, name)) not in ("", None))


def _set(record: ContactImport, owner: Any, row: Any, values: dict[str, Any]) -> None:
    journal = Journal(record)
    journal.begin(type(owner), [owner])
    for name, value in values.items():
        setattr(row, name, value)
    if isinstance(row, Property):
        row.set_key()
    fields = writing.FIELDS[type(row)]
    journal.changing([row], fields)
    writing.update([row], fields)
    journal.end(type(owner))
