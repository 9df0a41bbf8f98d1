"""Whether a line without an exact match is somebody known under a like name: Bob Smith with Robert Smith's phone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from contacts.matching import exact, names, normalise
from contacts.matching.candidates import Person
from contacts.matching.names import Names
from contacts.particulars import Address, Particulars
from contacts.people import Card, address_of

_ALIKE = (Names.AGREE, Names.NEAR_FAMILY, Names.NEAR_GIVEN)
_LINE = "line"


@dataclass(frozen=True)
class Alike:
    """sure: nothing speaks against it, so that the same two would be linked with QuickBooks unasked. names: Names.AGREE
    for another form of the same name."""

    card: Card
    sure: bool
    names: Names


def find(particulars: Particulars, cards: Collection[Card]) -> Alike | None:
    """cards: who shares a phone or an e-mail with the line. The most likely one with a like name."""
    if not cards or not particulars.name:
        return None
    line = _of_line(particulars)
    people = {position: (card, _of_card(position, card)) for position, card in enumerate(cards)}
    said = {position: names.compare(person, line) for position, (_, person) in people.items()}
    if not any(one in _ALIKE for one in said.values()):
        return None
    for decision in exact.decide([person for _, person in people.values()], [line]):
        if said[decision.contact] in _ALIKE:
            sure = decision.outcome is exact.Outcome.LINKED
            return Alike(people[decision.contact][0], sure, said[decision.contact])
    return None


def under_our_name(particulars: Particulars, alike: Alike) -> Particulars:
    """A short form of the same name is no question; a slip of the finger, or a second person in the name, is one."""
    contact = alike.card.contact
    ours = normalise.words(contact.first_name, contact.last_name)
    theirs = normalise.words(particulars.first_name, particulars.last_name)
    if alike.names is not Names.AGREE or len(ours) != len(theirs):
        return particulars
    return replace(particulars, first_name=contact.first_name, last_name=contact.last_name)


def names_of(card: Card, theirs: Particulars) -> Names:
    """What the names say; the best of those that the contact had before others were merged into it counts."""
    line = Person(_LINE, theirs.first_name, theirs.last_name, theirs.company)
    contact = card.contact
    called = [(contact.first_name, contact.last_name, contact.company), *card.also_called]
    said = {names.compare(Person("", *one), line) for one in called}
    return next(one for one in Names if one in said)  # they are listed in this order


def may_be(ours: tuple[str, str, str], theirs: Particulars) -> bool:
    """Whether the two names are alike at all. ours: first name, last name, company."""
    line = Person(_LINE, theirs.first_name, theirs.last_name, theirs.company)
    return names.compare(Person("", *ours), line) in _ALIKE


def _of_line(particulars: Particulars) -> Person:
    return _person(
        _LINE,
        (particulars.first_name, particulars.last_name, particulars.company),
        particulars.keys,
        filter(None, particulars.addresses),
    )


def _of_card(position: int, card: Card) -> Person:
    contact = card.contact
    keys = [row.key for row in (*card.phones, *card.emails) if row.key]
    name = (contact.first_name, contact.last_name, contact.company)
    return _person(position, name, keys, map(address_of, card.addresses))


def _person(key: str | int, name: tuple[str, str, str], keys: Iterable[str], addresses: Iterable[Address]) -> Person:
    found = list(dict.fromkeys(keys))
    places = (normalise.place(address.street, address.zip_code) for address in addresses if address.street)
    return Person(
        key,
        *name,
        phones=tuple(one for one in found if "@" not in one),
        emails=tuple(one for one in found if "@" in one),
        places=tuple(dict.fromkeys(filter(None, places))),
    )
