"""Decides the pairs that need no judgement. Everything that leaves a doubt is for a person."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contacts.matching import names, normalise
from contacts.matching.candidates import Index, Pair, Person, SharedKeys, pairs
from contacts.matching.names import Names

# Orders the queue and explains; it decides nothing. Scores with measured weights replace it.
POINTS_PHONE, POINTS_EMAIL, POINTS_DOUBT = 50, 30, -10
POINTS_NAME = {Names.AGREE: 20, Names.SILENT: 0, Names.CONTRADICT: -25}


class Outcome(StrEnum):
    LINKED = "linked"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence for the office, and whether it speaks for the pair."""

    text: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """One candidate pair, by the ids of its persons. LINKED only if nothing at all speaks against it. score: 0 to 100."""

    contact: Any
    customer: Any
    outcome: Outcome
    score: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    contact: Person
    customer: Person
    shared: SharedKeys
    names: Names
    customers_sharing: int
    contacts_sharing: int
    taken_back: bool


def decide(
    contacts: Iterable[Person],
    customers: Iterable[Person],
    refused: frozenset[Pair] = frozenset(),
    taken_back: frozenset[Pair] = frozenset(),
) -> list[Decision]:
    """Decides all candidate pairs as one set, so that the order of rows never matters; best score first.

    refused: (contact id, customer id) pairs to which a person said no; they are never proposed again and, being
    other people, still count as sharing the number. taken_back: pairs whose link a person undid; they are never linked
    without asking again. Customers that are linked already are left out of the result.
    """
    ours, theirs = Index(contacts), Index(customers)
    found = pairs(ours, theirs)
    customers_of = Counter(contact for contact, _ in found)
    contacts_of = Counter(customer for _, customer in found)
    decisions = []
    for pair, shared in found.items():
        contact, customer = ours.people[pair[0]], theirs.people[pair[1]]
        if pair in refused or customer.linked_to is not None:
            continue
        said = names.compare(contact, customer)
        sharing = customers_of[contact.id], contacts_of[customer.id]
        decisions.append(_decide(_Candidate(contact, customer, shared, said, *sharing, pair in taken_back)))
    return sorted(decisions, key=lambda decision: (-decision.score, str(decision.customer), str(decision.contact)))


def _decide(candidate: _Candidate) -> Decision:
    doubts = list(_doubts(candidate))
    points = POINTS_PHONE * bool(candidate.shared.phones) + POINTS_EMAIL * bool(candidate.shared.emails)
    points += POINTS_NAME[candidate.names] + POINTS_DOUBT * len(doubts)
    return Decision(
        contact=candidate.contact.id,
        customer=candidate.customer.id,
        outcome=Outcome.REVIEW if doubts else Outcome.LINKED,
        score=max(0, min(100, points)),
        reasons=(*_evidence(candidate), *doubts),
    )


def _evidence(candidate: _Candidate) -> Iterator[Reason]:
    for key in candidate.shared.phones:
        yield Reason(f"Same phone {readable_phone(key)}", agrees=True)
    for key in candidate.shared.emails:
        yield Reason(f"Same e-mail {key}", agrees=True)
    if candidate.names is Names.AGREE:
        yield Reason("The names agree", agrees=True)


def _doubts(candidate: _Candidate) -> Iterator[Reason]:
    for text in (*_doubts_about_who(candidate), *_doubts_about_which(candidate)):
        yield Reason(text, agrees=False)


def _doubts_about_who(candidate: _Candidate) -> Iterator[str]:
    contact, customer = candidate.contact, candidate.customer
    if candidate.names is Names.CONTRADICT:
        yield f"Another name: {_name(contact)} here, {_name(customer)} in QuickBooks"
    if candidate.names is Names.SILENT and _differ(contact, customer, candidate.shared):
        yield "No name to compare, and the rest differs"


def _differ(contact: Person, customer: Person, shared: SharedKeys) -> bool:
    """Whether both have a phone and an e-mail, and only one of the two is the same: a number may have a new owner."""
    other_phone = contact.phones and customer.phones and not set(contact.phones) & set(customer.phones)
    other_email = contact.emails and customer.emails and not set(contact.emails) & set(customer.emails)
    return bool(other_email if shared.phones else other_phone)


def _doubts_about_which(candidate: _Candidate) -> Iterator[str]:
    if candidate.customers_sharing > 1:
        yield f"{candidate.customers_sharing} QuickBooks customers share this contact's phone or e-mail"
    if candidate.contacts_sharing > 1:
        yield f"{candidate.contacts_sharing} contacts share this customer's phone or e-mail"
    if candidate.contact.linked_to is not None:
        yield "The contact is already linked to another QuickBooks customer"
    if candidate.customer.is_job:
        yield "In QuickBooks this is a job of another customer"
    if not candidate.customer.active:
        yield "The customer is inactive in QuickBooks"
    if candidate.taken_back:
        yield "These two were linked before, and somebody took it back"


def _name(person: Person) -> str:
    return " ".join(filter(None, [person.first_name, person.last_name])) or person.company or person.display_name


def readable_phone(key: str) -> str:
    """+16175550123 -> (617) 555-0123; other countries stay as they are."""
    return normalise.formatted(normalise.Phone(key, ""))
