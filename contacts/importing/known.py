"""Which contacts a chunk of rows may mean: those in the database, and those that earlier rows made."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, Q, QuerySet

from contacts import merging
from contacts.importing import alike
from contacts.importing.alike import Alike
from contacts.matching import normalise
from contacts.matching.candidates import SHARED_BY_TOO_MANY
from contacts.matching.names import Names
from contacts.merging import caring
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone
from contacts.particulars import Particulars
from contacts.people import Card, compare

Words = tuple[str, ...]
# (key, what is known of the name): ("name", words), ("company", words), ("blank",) or ("any",).
Signature = tuple[Any, ...]
BLANK: Signature = ("blank",)
ANY: Signature = ("any",)


class Unclear(Exception):
    """A line whose person cannot be told, so nothing of it may be stored. str() is the reason for the office."""


class SeveralPeople(Unclear):
    """A line without a name whose number belongs to several contacts."""


class SomebodyElses(Unclear):
    """A line whose bare id is the external id of a contact that nothing else of it speaks for."""


def name_words(first_name: str, last_name: str) -> Words:
    return tuple(sorted(normalise.words(first_name, last_name)))


def _signatures(first_name: str, last_name: str, company: str) -> list[Signature]:
    """Under what a contact is found, beside one of its keys."""
    names, firm = name_words(first_name, last_name), normalise.words(company)
    found: list[Signature] = [ANY]
    if names:
        found.append(("name", names))
    if firm:
        found.append(("company", firm))
    return found if names or firm else [ANY, BLANK]


class People:
    """The contacts of one chunk by everything that identifies them. Cards of new contacts are added as they are made."""

    def __init__(
        self,
        cards: Iterable[Card] = (),
        merged: Mapping[str, int] | None = None,
        crowded: Collection[str] = (),
    ) -> None:
        """merged: contacts that became part of others, see merging.survivors: their ids in a list still mean somebody.
        crowded: keys that too many share to say who somebody is, whoever of them is among the cards."""
        self.merged = merged or {}
        self._crowded = crowded
        self.cards: list[Card] = []
        self._by_contact: dict[int, Card] = {}
        self._by_external_id: dict[str, Card] = {}
        self._by_key: dict[tuple[str, Signature], list[Card]] = defaultdict(list)
        self._by_text: dict[tuple[str, ...], list[Card]] = defaultdict(list)
        for card in cards:
            self.add(card)
        by_key = {card.contact.pk: card for card in self.cards}
        self._by_external_id |= {listed: by_key[pk] for listed, pk in self.merged.items() if pk in by_key}

    def as_known(self, particulars: Particulars, card: Card) -> Particulars:
        """The same under the id and the name that the contact has by now, where they are those of one that was merged
        into it: that these two are one was decided."""
        contact, known = card.contact, particulars
        if known.external_id in self.merged:
            known = replace(known, external_id=contact.external_id or "")
        if name_words(known.first_name, known.last_name) in {name_words(*names[:2]) for names in card.also_called}:
            known = replace(known, first_name=contact.first_name, last_name=contact.last_name)
        if normalise.words(known.company) in {normalise.words(firm) for *_, firm in card.also_called}:
            known = replace(known, company=contact.company)
        return known

    def add(self, card: Card) -> None:
        self.cards.append(card)
        self._by_contact[id(card.contact)] = card
        self.index(card)

    def card_of(self, contact: Contact) -> Card:
        """The card of a contact object of this chunk."""
        return self._by_contact[id(contact)]

    def index(self, card: Card) -> None:
        """Makes the card found under what it has now; call it after a change."""
        contact = card.contact
        if contact.external_id:
            self._by_external_id[contact.external_id] = card
        signatures = _signatures(contact.first_name, contact.last_name, contact.company)
        signatures += [one for names in card.also_called for one in _signatures(*names) if one not in (ANY, BLANK)]
        for key in _keys_on(card):
            for signature in signatures:
                _add_once(self._by_key[key, signature], card)
        for text in _texts_on(card):
            _add_once(self._by_text[text], card)

    def find(self, particulars: Particulars) -> Card | None:
        """The contact that the particulars mean; None when it is a new one. Raises Unclear."""
        if particulars.external_id and particulars.external_id in self._by_external_id:
            return self._with_id(particulars, self._by_external_id[particulars.external_id])
        keys = particulars.keys
        return self._by_keys(particulars, keys) if keys else self._by_texts(particulars)

    def _with_id(self, particulars: Particulars, card: Card) -> Card:
        """Lists of different programs number their people alike, so a bare id alone says nothing."""
        said = self._names_beside_id(particulars, card) if particulars.bare_id else Names.AGREE
        if said not in (Names.SILENT, Names.CONTRADICT):
            return card
        raise SomebodyElses(
            f"The id “{particulars.external_id}” is that of {card.contact} here, and the line tells of "
            f"{particulars.name or 'somebody'} without a phone or an e-mail of that contact. If the list is of another "
            "program, remove its column of ids and import it again. If the two are one person, correct the contact first."
        )

    def is_stranger(self, particulars: Particulars, card: Card) -> bool:
        """Whether nothing but an external id says that the contact is meant, and the name says that it is not."""
        listed = particulars.external_id
        if not listed or self._by_external_id.get(listed) is not card:
            return False
        contact = card.contact
        both_people = (contact.first_name or contact.last_name) and (particulars.first_name or particulars.last_name)
        if not both_people and not (contact.company and particulars.company):
            return False  # a firm's line about one of its people only adds to what is known
        return self._names_beside_id(particulars, card) is Names.CONTRADICT

    def _names_beside_id(self, particulars: Particulars, card: Card) -> Names:
        """What the names say of two with the same id; who shares a phone or an e-mail too is the same."""
        shared = {key for key in _keys_on(card) if key not in self._crowded}.intersection(particulars.keys)
        return Names.AGREE if shared else alike.names_of(card, particulars)

    def _by_keys(self, particulars: Particulars, keys: list[str]) -> Card | None:
        """The contact with the same number and the same name. A side without any name contradicts nobody."""
        names = name_words(particulars.first_name, particulars.last_name)
        firm = normalise.words(particulars.company)
        same = ("name", names) if names else ("company", firm) if firm else BLANK
        for signature in (same, BLANK):
            found = self._sharing(keys, signature, particulars)
            if found:
                return found[0]
        if names or firm:
            return None
        everybody = self._sharing(keys, ANY, particulars)
        if len(everybody) > 1:
            who = ", ".join(sorted(str(card.contact) for card in everybody[:5]))
            raise SeveralPeople(f"The line has no name, and several contacts have this phone or e-mail: {who}.")
        return everybody[0] if everybody else None

    def _sharing(self, keys: list[str], signature: Signature, particulars: Particulars) -> list[Card]:
        """Cards under the signature as they are now. One with an id in the list of its own is somebody else."""
        sharing = {id(card): card for key in keys for card in self._by_key.get((key, signature), ())}
        return [
            card
            for card in sharing.values()
            if not (particulars.external_id and card.contact.external_id)
            and (signature != BLANK or not card.contact.name)
        ]

    def alike(self, particulars: Particulars) -> Alike | None:
        """Whom the particulars, which `find` does not know, may mean all the same."""
        found: dict[int, Card] = {}
        for key in (key for key in particulars.keys if key not in self._crowded):
            sharing = self._sharing([key], ANY, particulars)
            if len(sharing) < SHARED_BY_TOO_MANY:
                found |= {id(card): card for card in sharing}
        return alike.find(particulars, list(found.values()))

    def _by_texts(self, particulars: Particulars) -> Card | None:
        """Without a number or an e-mail only a contact that says all of this already is the same."""
        for text in texts_of(particulars):
            for card in self._by_text.get(text, ()):
                changes = compare(card, particulars)
                if not changes and not changes.differs:
                    return card
        return None


def _add_once(cards: list[Card], card: Card) -> None:
    if not cards or cards[-1] is not card:
        cards.append(card)


def _keys_on(card: Card) -> Iterator[str]:
    yield from (phone.key for phone in card.phones if phone.key)
    yield from (email.key for email in card.emails if email.key)


def _texts_on(card: Card) -> Iterator[tuple[str, ...]]:
    contact = card.contact
    if contact.name:
        yield "name", contact.first_name, contact.last_name, contact.company
    yield from (("phone", phone.number) for phone in card.phones if not phone.key)
    yield from (("email", email.address) for email in card.emails if not email.key)


def texts_of(particulars: Particulars) -> Iterator[tuple[str, ...]]:
    """What a person without a key can be found by: the name as typed, else the unreadable phone or e-mail as typed."""
    if particulars.name:
        yield "name", particulars.first_name, particulars.last_name, particulars.company
        return
    yield from (("phone", number.text) for number in particulars.numbers)
    yield from (("email", address) for address in particulars.mailboxes)


def load(people: Iterable[Particulars], also: Iterable[int] = (), *, lock: bool = True) -> People:
    """The contacts that the people of a chunk may be, locked against changes until the transaction ends.

    also: ids of contacts that are needed for another reason.
    """
    everybody = list(people)
    merged = merging.survivors({person.external_id for person in everybody if person.external_id})
    ids = {*also, *merged.values()}
    ids.update(_ids_by_external_id(everybody))
    crowded: set[str] = set()
    models: tuple[type[ContactPhone] | type[ContactEmail], ...] = (ContactPhone, ContactEmail)
    for model in models:
        shared = _crowded(model, everybody)
        ids.update(_ids_by_key(model, everybody, shared))
        crowded |= shared
    ids.update(_ids_by_text(person for person in everybody if not person.keys))
    return People(_cards(ids, lock=lock), merged, crowded)


def _ids_by_external_id(people: list[Particulars]) -> Iterable[int]:
    external_ids = {person.external_id for person in people if person.external_id}
    found = Contact.objects.current().filter(external_id__in=external_ids)
    return found.values_list("pk", flat=True) if external_ids else ()


def _crowded(model: type[ContactPhone] | type[ContactEmail], people: list[Particulars]) -> set[str]:
    """The keys of these people that SHARED_BY_TOO_MANY contacts or more have: a switchboard's."""
    keys = {key for person in people for key in person.keys}
    if not keys:
        return set()
    held = model.objects.filter(key__in=keys).values("key").annotate(holders=Count("contact", distinct=True))
    return set(held.filter(holders__gte=SHARED_BY_TOO_MANY).order_by().values_list("key", flat=True))


def _ids_by_key(
    model: type[ContactPhone] | type[ContactEmail], people: list[Particulars], crowded: Collection[str]
) -> Iterator[int]:
    """Only those whose name agrees, or is alike where the key is not crowded: thousands may share a switchboard's."""
    wanted: dict[str, set[Signature]] = defaultdict(set)
    listed: set[str] = set()
    unlisted: set[str] = set()
    for person in people:
        signatures = set(_signatures(person.first_name, person.last_name, person.company))
        nameless = BLANK in signatures
        for key in person.keys:
            wanted[key] |= signatures if nameless else signatures - {ANY} | {BLANK}
            (listed if person.external_id else unlisted).add(key)
    if not wanted:
        return
    holders: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    sharing = Q(key__in=unlisted) | Q(key__in=listed, contact__external_id=None)
    columns = ("key", "contact_id", "contact__first_name", "contact__last_name", "contact__company")
    for key, *holder in model.objects.filter(sharing).values_list(*columns).iterator():
        holders[key].append(tuple(holder))
    for key, contact_id, *names in _names_of_merged(model, wanted):
        holders[key].append((contact_id, *names))
    asking = _asking(people)
    for key, some in holders.items():
        for contact_id, *names in some:
            is_known = wanted[key].intersection(_signatures(*names))
            if is_known or (
                key not in crowded
                and any(alike.may_be((names[0], names[1], names[2]), person) for person in asking[key])
            ):
                yield contact_id


def _asking(people: list[Particulars]) -> dict[str, list[Particulars]]:
    found: dict[str, list[Particulars]] = defaultdict(list)
    for person in people:
        for key in person.keys:
            if len(found[key]) < SHARED_BY_TOO_MANY:
                found[key].append(person)
    return found


def _names_of_merged(model: type[ContactPhone] | type[ContactEmail], keys: Iterable[str]) -> QuerySet[Any]:
    """(key, contact, first name, last name, company): what those were called that were merged into holders of a key."""
    merged = Contact.objects.exclude(merged_into=None)
    at = "merged_into__phones__key" if model is ContactPhone else "merged_into__emails__key"
    found = merged.filter(**{f"{at}__in": list(keys)})
    return found.values_list(at, "merged_into", "first_name", "last_name", "company")


def _ids_by_text(people: Iterable[Particulars]) -> Iterator[int]:
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for person in people:
        for kind, *texts in texts_of(person):
            found[kind].add(tuple(texts))
    if names := found["name"]:
        firsts, lasts = {name[0] for name in names}, {name[1] for name in names}
        firms = {firm for first, last, firm in names if not first and not last}
        same_parts = (
            Contact.objects.current()
            .filter(
                Q(first_name__in=firsts, last_name__in=lasts) & ~Q(first_name="", last_name="")
                | Q(first_name="", last_name="", company__in=firms)
            )
            .values_list("pk", "first_name", "last_name", "company")
        )
        yield from (pk for pk, *parts in same_parts.iterator() if tuple(parts) in names)
    if numbers := {text for (text,) in found["phone"]}:
        yield from ContactPhone.objects.filter(key="", number__in=numbers).values_list("contact_id", flat=True)
    if addresses := {text for (text,) in found["email"]}:
        yield from ContactEmail.objects.filter(key="", address__in=addresses).values_list("contact_id", flat=True)


def _cards(ids: set[int], *, lock: bool) -> Iterator[Card]:
    if not ids:
        return
    if lock:
        caring.lock_links(ids)
    # In the order of ids, so that two transactions never wait for each other in a circle.
    contacts = Contact.objects.current().filter(pk__in=ids).order_by("pk")
    contacts = contacts.select_for_update() if lock else contacts
    cards = {contact.pk: Card(contact) for contact in contacts}
    merged = Contact.objects.filter(merged_into__in=cards)
    for contact_id, *names in merged.values_list("merged_into", "first_name", "last_name", "company"):
        cards[contact_id].also_called.append((names[0], names[1], names[2]))
    for phone in ContactPhone.objects.filter(contact_id__in=cards):
        cards[phone.contact_id].phones.append(phone)
    for email in ContactEmail.objects.filter(contact_id__in=cards):
        cards[email.contact_id].emails.append(email)
    for address in ContactAddress.objects.filter(contact_id__in=cards):
        cards[address.contact_id].addresses.append(address)
    yield from cards.values()
