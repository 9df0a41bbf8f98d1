"""What the page Matching says: how many are linked and by whom, what is left and why, and what to do next."""

from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from contacts import duplicates
from contacts.matching.kinds import LABELS, Kind
from contacts.matching.measured import LINKS_MEASURED, LINKS_RIGHT
from contacts.models import Contact
from contacts.models.people import ContactQuerySet
from quickbooks_integration import reconciling
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling import differing, merged, progress, same_customers, together
from quickbooks_integration.reconciling.comparing import dollars
from quickbooks_integration.reconciling.progress import REVIEW, VANISHED, Part

APP = "admin:quickbooks_integration"
# Fewer than that are as quickly decided one by one.
WORTH_A_PREVIEW = 5
# Of a hundred contacts: so many shall have a name, and so many an e-mail.
NAMED_WANTED, WITH_EMAIL_WANTED = 80, 50
COUNTED_FOR = 60  # seconds


@dataclass(frozen=True)
class Line:
    """One number. page: its rows. does, does_page: what can be done about it."""

    label: str
    number: int
    share: str
    owed: str = ""
    page: str = ""
    does: str = ""
    does_page: str = ""
    goal: str = ""  # what is wanted of the share


@dataclass(frozen=True)
class Step:
    """The one next thing to do, as a sentence with a button."""

    sentence: str
    button: str
    page: str


def context(user: User) -> dict[str, Any]:
    """Asks the database only, never QuickBooks; a fixed number of queries."""
    auth = QuickBooksAuth.objects.in_use().first()
    if auth is None:
        return {"auth": None}
    found = {part.name: part for part in progress.parts(auth)}
    there = [part for part in found.values() if part.name != VANISHED]
    total = sum(part.number for part in there)
    machine, person = _of(there, progress.BY_MACHINE), _of(there, progress.BY_PERSON)
    may_decide = user.has_perm("quickbooks_integration.decide_matches")
    return {
        "auth": auth,
        "total": total,
        "linked": _sum("Linked", [*machine, *person], total),
        "by_machine": [_line(part, total) for part in machine],
        "by_person": [_line(part, total) for part in person],
        "waiting": [_line(part, total, may_decide) for part in _of(there, progress.WAITING)],
        "left": [_line(part, total) for part in _of(there, progress.LEFT)],
        "vanished": _line(found[VANISHED], 0) if VANISHED in found else None,
        "all": _sum("Together", there, total),
        "machine_share": _share(sum(part.number for part in machine), total),
        "person_share": _share(sum(part.number for part in person), total),
        "may_choose": user.has_perms(differing.PERMISSIONS),
        "next": _next(auth, found, user) if may_decide else None,
        "twice": _twice(auth, user) if may_decide else [],
        "contacts": _contacts(auth, may_decide) if user.has_perm("contacts.view_contact") else [],
        "precision": f"{100 * LINKS_RIGHT / LINKS_MEASURED:.2f} %",
        "measured": LINKS_MEASURED,
    }


def _of(parts: Iterable[Part], names: dict[str, str]) -> list[Part]:
    return [part for part in parts if part.name in names]


def _line(part: Part, total: int, may_decide: bool = False) -> Line:
    kind = part.name.removeprefix(REVIEW) if part.name.startswith(REVIEW) else ""
    return Line(
        part.label,
        part.number,
        _share(part.number, total),
        dollars(part.owed),
        f"{reverse(f'{APP}_quickbookscustomer_changelist')}?{urlencode({'part': part.name})}",
        "Decide" if kind and may_decide else "",
        _review(kind) if kind and may_decide else "",
    )


def _sum(label: str, parts: list[Part], total: int) -> Line:
    number, owed = sum(part.number for part in parts), sum((part.owed for part in parts), Decimal(0))
    return Line(label, number, _share(number, total), dollars(owed))


def _share(number: int, total: int) -> str:
    """Of a hundred; never rounded to none or to all."""
    if not total:
        return ""
    percent = 100 * number / total
    if number == 0:
        return "0 %"
    if percent < 0.1:
        return "< 0.1 %"
    if number == total:
        return "100 %"
    return "> 99.9 %" if percent > 99.9 else f"{percent:.1f} %"


def _review(kind: str = "") -> str:
    page = reverse(f"{APP}_matchcandidate_review")
    return f"{page}?{urlencode({'kind': kind})}" if kind else page


# --- Contacts ----------------------------------------------------------------------------------


def _contacts(auth: QuickBooksAuth, may_decide: bool) -> list[Line]:
    """Those that are a customer of the books, and those that are none."""
    contacts = Contact.objects.current()
    total, linked = contacts.count(), contacts.filter(quickbooks_customer_id__isnull=False).count()
    asked = MatchCandidate.objects.filter(contact=OuterRef("pk"), state=MatchCandidate.State.OPEN)
    waiting = contacts.filter(Exists(asked), quickbooks_customer_id=None).count()
    refused = QuickBooksSync.objects.filter(
        Q(local_id__isnull=False), company=auth, entity_type="customer", entity_id="", sync_status="error"
    ).count()
    listed, links = reverse("admin:contacts_contact_changelist"), reverse(f"{APP}_quickbookssync_changelist")
    lines = [
        Line("Are a customer in QuickBooks", linked, _share(linked, total), page=f"{listed}?linked=yes"),
        Line(
            "Are none, or none that is known", total - linked, _share(total - linked, total), page=f"{listed}?linked=no"
        ),
        Line(
            "of these: waiting for a decision",
            waiting,
            _share(waiting, total),
            page=_review() if may_decide else "",
        ),
    ]
    if refused:
        label = "of these: QuickBooks refused to add them, for example because a vendor has the name"
        lines.append(
            Line(label, refused, _share(refused, total), page=f"{links}?state=needs_you&entity_type__exact=customer")
        )
    return [*lines, *_known(contacts, total, listed)]


def _known(contacts: ContactQuerySet, total: int, listed: str) -> list[Line]:
    """How much is known of the contacts; the number leads to those of whom it is not known."""
    nameless, without = contacts.nameless().count(), contacts.without_email().count()
    return [
        Line(
            "Have no name", nameless, _share(nameless, total), page=f"{listed}?missing=name",
            goal=_goal("have a name", total - nameless, total, NAMED_WANTED),
        ),
        Line(
            "Have no e-mail", without, _share(without, total), page=f"{listed}?missing=email",
            goal=_goal("have an e-mail", total - without, total, WITH_EMAIL_WANTED),
        ),
    ]  # fmt: skip


def _goal(what: str, number: int, total: int, wanted: int) -> str:
    if not total:
        return ""
    said = f"{_share(number, total)} {what}; the aim is {wanted} %"
    return said if 100 * number >= wanted * total else f"{said}, {-(-wanted * total // 100) - number:,} more"


def _twice(auth: QuickBooksAuth, user: User) -> list[Step]:
    """Those that may be there twice, on both sides, each with its list."""
    steps = []
    if user.has_perm("contacts.view_contact") and (number := _counted(auth, "contacts", duplicates.groups)):
        said = f"{number:,} {_groups(number)} of contacts that may be one person. Merge them, or say that they are not."
        steps.append(Step(said, "Open the list", reverse("admin:contacts_contact_duplicates")))
    if number := _counted(auth, "customers", partial(same_customers.groups, auth)):
        said = f"{number:,} {_groups(number)} of customers that QuickBooks may have twice. The list says how to merge them there."
        steps.append(Step(said, "Open the list", reverse(f"{APP}_quickbookscustomer_same")))
    return steps


def _counted(auth: QuickBooksAuth, what: str, groups: Callable[[], Sized]) -> int:
    """Both lists are read whole to be counted: for this page what they were a minute ago is enough."""
    return int(cache.get_or_set(f"twice:{auth.pk}:{what}", lambda: len(groups()), COUNTED_FOR))


def _groups(number: int) -> str:
    return "group" if number == 1 else "groups"


# --- What to do next ---------------------------------------------------------------------------


def _next(auth: QuickBooksAuth, found: dict[str, Part], user: User) -> Step | None:
    if not reconciling.has_begun(auth):
        page = reverse(f"{APP}_quickbooksauth_changelist")
        return Step(
            "Contacts and customers have not been compared yet. The first sync does it.", "Open the connection", page
        )
    return _accept_many(user) or _decide(found) or _merged() or _make_contacts(found)


def _accept_many(user: User) -> Step | None:
    answer = together.above(together.LOWEST_SCORE, user)
    number = answer.number()
    if number < WORTH_A_PREVIEW:
        return None
    sentence = (
        f"{number:,} pairs have enough points and no other candidate. Look through the list and accept them together."
    )
    page = reverse(f"{APP}_matchcandidate_together")
    return Step(sentence, "Show the list", f"{page}?{urlencode({'score': together.LOWEST_SCORE})}")


def _decide(found: dict[str, Part]) -> Step | None:
    """The kind of question with most money in it, then the one with most customers."""
    waiting = [part for part in found.values() if part.name in progress.WAITING]
    if not waiting:
        return None
    part = max(waiting, key=lambda part: (part.owed, part.number))
    customers = "customer waits" if part.number == 1 else "customers wait"
    kind = part.name.removeprefix(REVIEW)
    why = f" ({LABELS[Kind(kind)]})" if kind else ""
    owing = f", owing {dollars(part.owed)}" if part.owed else ""
    return Step(f"{part.number:,} {customers} for a yes or no{why}{owing}.", "Decide", _review(kind))


def _merged() -> Step | None:
    number = merged.count()
    if not number:
        return None
    contacts = "contact belonged" if number == 1 else "contacts belonged"
    sentence = f"{number:,} {contacts} to a customer that was merged in QuickBooks. Say whose they are."
    return Step(sentence, "Decide", reverse(f"{APP}_quickbookscustomer_merged"))


def _make_contacts(found: dict[str, Part]) -> Step | None:
    part = found.get("nobody")
    if part is None:
        return None
    customers = "customer of QuickBooks fits" if part.number == 1 else "customers of QuickBooks fit"
    page = f"{reverse(f'{APP}_quickbookscustomer_changelist')}?{urlencode({'part': 'nobody'})}"
    return Step(
        f'{part.number:,} {customers} no contact. Tick them in the list and choose "Create contacts".',
        "Open the list",
        page,
    )
