"""What each row does: new, fills in, says nothing new, contradicts, or cannot be used. Changes rows in memory only."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import StrEnum

from contacts.importing import alike, differing, houses, known
from contacts.importing.alike import Alike
from contacts.importing.differing import Differing
from contacts.importing.drafts import Draft, House
from contacts.models import Contact, ContactEmail, ContactPhone
from contacts.particulars import Particulars
from contacts.people import Card, compare


class Outcome(StrEnum):
    CREATED = "created"
    ENRICHED = "enriched"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REJECTED = "rejected"


# A row about a house and two people has one outcome: the one that a person must know about.
_LOUDEST_FIRST = (Outcome.REJECTED, Outcome.CONFLICT, Outcome.CREATED, Outcome.ENRICHED, Outcome.UNCHANGED)


@dataclass(frozen=True)
class Verdict:
    """What became of one row. reason: what the office should know of it, "" when there is nothing."""

    draft: Draft
    outcome: Outcome
    reason: str = ""
    contact: Contact | None = None
    differs: tuple[Differing, ...] = ()
    perhaps: Contact | None = None


@dataclass
class Chunk:
    """The rows that are planned together, and everything in memory that they may touch."""

    people: known.People
    places: houses.Places
    source: str
    # external id -> line where this file named it first; lives as long as the run
    lines: dict[str, int]
    kept: differing.Kept = field(default_factory=set)
    changed: dict[int, Card] = field(default_factory=dict)

    def plan(self, draft: Draft) -> Verdict:
        if draft.problem:
            return Verdict(draft, Outcome.REJECTED, draft.problem)
        parts: list[Verdict] = []
        place = self._plan_house(draft, draft.house, parts) if draft.house else None
        for person in draft.people:
            self._plan_person(draft, person, place, parts)
        loudest = min(parts, key=lambda verdict: _LOUDEST_FIRST.index(verdict.outcome))
        reason = " ".join(verdict.reason for verdict in parts if verdict.reason)
        contact = next((verdict.contact for verdict in parts if verdict.contact), None)
        differs = tuple(one for verdict in parts for one in verdict.differs)
        contact = loudest.contact or contact
        perhaps = next((verdict for verdict in parts if verdict.perhaps), None)
        if perhaps is not None:
            contact = perhaps.contact
        return Verdict(draft, loudest.outcome, reason, contact, differs, perhaps.perhaps if perhaps else None)

    def _plan_house(self, draft: Draft, house: House, parts: list[Verdict]) -> houses.Place:
        place = self.places.find(house)
        if place is None:
            place = houses.Place(houses.new_property(house))
            self.places.add(place)
            parts.append(Verdict(draft, Outcome.CREATED))
            return place
        filled, found = place.compare(house)
        differs = differing.of_property(place.house, house, found, self.kept)
        if filled:
            place.fill(filled)
            self.places.index(place)
        parts.append(Verdict(draft, _outcome(bool(filled), differs), _reason(differs), differs=tuple(differs)))
        return place

    def _plan_person(self, draft: Draft, person: Particulars, place: houses.Place | None, parts: list[Verdict]) -> None:
        try:
            card = self._find(person, place)
        except known.Unclear as unclear:
            reason = f"{self._same_id(person)}{unclear} Nothing of it was stored."
            parts.append(Verdict(draft, Outcome.CONFLICT, reason))
            return
        like = self.people.alike(person) if card is None else None
        if like is not None and like.sure:
            card, person = like.card, alike.under_our_name(person, like)
        if card is None:
            card = self._new_card(person)
            reason = " ".join(filter(None, [_may_be(like), _kept_as_typed(card.phones, card.emails)]))
            perhaps = like.card.contact if like else None
            verdict = Verdict(draft, Outcome.CREATED, reason, card.contact, perhaps=perhaps)
        else:
            verdict = self._enrich(draft, person, card)
        _remember_id(person, draft, self.lines)
        if place is not None and place.add_owner(card.contact) and verdict.outcome is Outcome.UNCHANGED:
            verdict = replace(verdict, outcome=Outcome.ENRICHED)
        parts.append(verdict)

    def _find(self, person: Particulars, place: houses.Place | None) -> Card | None:
        resident = place.owner_named(person) if place is not None else None
        if resident is not None:
            return self.people.card_of(resident)
        return self.people.find(person)

    def _new_card(self, person: Particulars) -> Card:
        card = Card(Contact(source=self.source))
        card.take(compare(card, person))
        self.people.add(card)
        return card

    def _enrich(self, draft: Draft, person: Particulars, card: Card) -> Verdict:
        if self.people.is_stranger(person, card):
            return self._ask_only(draft, person, card)
        known_as = self.people.as_known(person, card)
        changes = compare(card, known_as)
        differs = differing.of_contact(card.contact, known_as, changes, self.kept)
        card.take(changes)
        if changes:
            self.people.index(card)
            if card.contact.pk:
                self.changed[card.contact.pk] = card
        reason = _reason(differs)
        if reason:
            reason = f"{self._same_id(person)}{reason}"
        reason = " ".join(filter(None, [reason, _kept_as_typed(changes.phones, changes.emails)]))
        return Verdict(draft, _outcome(bool(changes), differs), reason, card.contact, tuple(differs))

    def _ask_only(self, draft: Draft, person: Particulars, card: Card) -> Verdict:
        """Another person may have got the id, so that one's phone is not given to the contact."""
        known_as = self.people.as_known(person, card)
        changes = compare(deepcopy(card), known_as)
        differs = differing.of_contact(card.contact, known_as, changes, self.kept)
        sentences = [_reason(differs)]
        if changes:
            sentences.append(
                f"Nothing else of the line was stored: it has the external id of {card.contact}, but another name, and "
                "no phone or e-mail of that contact."
            )
        reason = " ".join(filter(None, sentences))
        outcome = Outcome.CONFLICT if reason else Outcome.UNCHANGED
        return Verdict(
            draft, outcome, f"{self._same_id(person)}{reason}" if reason else "", card.contact, tuple(differs)
        )

    def _same_id(self, person: Particulars) -> str:
        first_line = self.lines.get(person.external_id) if person.external_id else None
        return f"Line {first_line} has the same external id “{person.external_id}”. " if first_line else ""


def _outcome(filled: bool, differs: list[Differing]) -> Outcome:
    if differs:
        return Outcome.CONFLICT
    return Outcome.ENRICHED if filled else Outcome.UNCHANGED


def _may_be(like: Alike | None) -> str:
    if like is None:
        return ""
    return (
        f"It may be {like.card.contact}, who has the same phone or e-mail and a like name. It is a contact of its own now; "
        "if the two are one person, merge them."
    )


def _kept_as_typed(phones: Iterable[ContactPhone], emails: Iterable[ContactEmail]) -> str:
    """What is new and cannot be dialled or written to: nothing is lost, but somebody should know."""
    said = [f"“{phone.number}” is not a phone number" for phone in phones if not phone.key]
    said += [f"“{email.address}” is not an e-mail address" for email in emails if not email.key]
    return " ".join(f"{one}; it is kept as typed. Correct it at the contact." for one in said)


def _reason(differs: Iterable[Differing]) -> str:
    return " ".join(map(str, differs))


def prepare(drafts: Iterable[Draft], source: str, lines: dict[str, int], *, lock: bool = True) -> Chunk:
    """Loads and locks what the drafts may touch. Call inside a transaction. lock: False where nothing is stored."""
    usable = [draft for draft in drafts if not draft.problem]
    places = houses.load((draft.house for draft in usable if draft.house), lock=lock)
    people = known.load(_people(usable), also=places.contact_ids(), lock=lock)
    by_id = {card.contact.pk: card.contact for card in people.cards}
    for place in places.places:
        place.roles = [role for role in place.roles if role.contact_id in by_id]  # the others were merged meanwhile
        for role in place.roles:
            role.contact = by_id[role.contact_id]
    kept = differing.load_kept(by_id.keys(), {place.house.pk for place in places.places})
    return Chunk(people, places, source, lines, kept)


def remember_ids(draft: Draft, lines: dict[str, int]) -> None:
    """Of a row that was imported before."""
    for person in draft.people if not draft.problem else ():
        _remember_id(person, draft, lines)


def _remember_id(person: Particulars, draft: Draft, lines: dict[str, int]) -> None:
    if person.external_id:
        lines.setdefault(person.external_id, draft.line)


def _people(drafts: Iterable[Draft]) -> Iterator[Particulars]:
    for draft in drafts:
        yield from draft.people
