"""Decides the pairs that need no judgement. Everything that leaves a doubt is for a person.

Weights say how likely a pair is, and order the questions. But what looks most alike is a household or a number with a
new owner, so a pair is linked by itself only if, beside its weight, nothing at all speaks against it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import product
from math import log2
from typing import Any, NamedTuple

from contacts.matching import names, normalise, slips
from contacts.matching.candidates import Index, Pair, Person, SharedKeys, holders_of, pairs
from contacts.matching.kinds import Kind, of_another_name
from contacts.matching.names import Names
from contacts.matching.weights import ANOTHER_EMAIL, ANOTHER_PHONE, ANOTHER_PLACE, NEARLY, PRIOR, FamilyNames, Weights

# Bits: eight to one that they are the same.
LINKED_FROM = 3.0
EVEN_CHANCE, POINTS_A_BIT = 50, 2.5
NEAR = (Names.NEAR_FAMILY, Names.NEAR_GIVEN)
ALIKE = (Names.AGREE, *NEAR)
NAMES_AGREE = "The names agree"  # stored with each question, and looked for there
ALREADY = -4.0  # bits against a pair of which a person or a link says something else
# The same as a score: what any two have before something is known of them, and from where a pair may be linked unasked.
START_SCORE = EVEN_CHANCE + round(POINTS_A_BIT * PRIOR)
LINKED_FROM_SCORE = EVEN_CHANCE + round(POINTS_A_BIT * LINKED_FROM)


class Outcome(StrEnum):
    LINKED = "linked"
    REVIEW = "review"


class Reason(NamedTuple):
    """A sentence for the office, whether it speaks for the pair, and how many points of the score it is. about: the
    sentence without names and numbers."""

    text: str
    agrees: bool
    points: int = 0
    about: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One candidate pair, by the ids of its persons. LINKED only if nothing at all speaks against it. score: 0 to 100;
    50 is as likely as not, and each five points more make it four times as likely. kind: why it is a question."""

    contact: Any
    customer: Any
    outcome: Outcome
    score: int
    reasons: tuple[Reason, ...]
    kind: Kind | None = None

    @property
    def shape(self) -> str:
        """What the reasons are about. Questions of one shape are alike but for the names and numbers."""
        return "; ".join(dict.fromkeys(reason.about for reason in self.reasons))


# Not frozen, nor are reasons and keys: at 100,000 contacts that takes a third of a second.
@dataclass(slots=True)
class _Candidate:
    contact: Person
    customer: Person
    shared: SharedKeys
    names: Names
    weights: Weights
    customers_sharing: int
    contacts_sharing: int
    taken_back: bool


def decide(
    contacts: Iterable[Person],
    customers: Iterable[Person],
    refused: frozenset[Pair] = frozenset(),
    taken_back: frozenset[Pair] = frozenset(),
    family_names: FamilyNames | None = None,
) -> list[Decision]:
    """Decides all candidate pairs as one set, so that the order of rows never matters; best score first.

    refused: (contact id, customer id) pairs to which a person said no; they are never proposed again and, being
    other people, still count as sharing the number. taken_back: pairs whose link a person undid; they are never linked
    without asking again. family_names: how frequent they are, if that is known. Customers that are linked already are
    left out of the result, and so are jobs whose customer is a candidate of the same contact: they follow it.
    """
    ours, theirs = Index(contacts), Index(customers)
    weights, found = Weights(ours, theirs, family_names or FamilyNames()), _candidates(ours, theirs)
    # A customer and its jobs are one: the person is linked to the customer, and a job goes where its customer goes.
    customers_of = Counter(contact for contact, _ in {(pair[0], theirs.people[pair[1]].household) for pair in found})
    contacts_of = Counter(customer for _, customer in found)
    heads = {customer.household: customer for customer in theirs.people.values() if not customer.is_job}
    open_pairs = found.keys() - refused
    decisions = []
    for pair, (shared, said) in found.items():
        contact, customer = ours.people[pair[0]], theirs.people[pair[1]]
        if pair in refused or customer.linked_to is not None:
            continue
        if customer.is_job and _is_the_same_question(contact, heads.get(customer.household), open_pairs):
            continue
        sharing = customers_of[contact.id], contacts_of[customer.id]
        decisions.append(_decide(_Candidate(contact, customer, shared, said, weights, *sharing, pair in taken_back)))
    return sorted(decisions, key=lambda decision: (-decision.score, str(decision.customer), str(decision.contact)))


def _is_the_same_question(contact: Person, head: Person | None, candidates: Set[Pair]) -> bool:
    """Whether the job's customer is, or may be, this contact: then nobody asks about the job by itself."""
    if head is None:
        return False
    return (contact.id, head.id) in candidates if head.linked_to is None else head.linked_to == contact.id


def candidate_pairs(contacts: Iterable[Person], customers: Iterable[Person]) -> Set[Pair]:
    """The pairs that `decide` looks at, and those that it would if others were not there."""
    ours, theirs = Index(contacts), Index(customers)
    found, others = _likely(ours, theirs)
    return found.keys() | others.keys() | _mistyped(ours, theirs.people.values()).keys()


Found = dict[Pair, tuple[SharedKeys, Names]]


def _candidates(ours: Index, theirs: Index) -> Found:
    """Pairs that may be one person, with what their names say. Only a customer whom nobody fits by the name is compared
    with whom it resembles, and with whose number is the same but for a slip."""
    found, others = _likely(ours, theirs)
    fitting = {customer for (_, customer), (_, said) in found.items() if said in ALIKE}
    found |= {pair: why for pair, why in others.items() if pair[1] not in fitting}
    free = [one for one in theirs.people.values() if one.id not in fitting]
    return _mistyped(ours, free) | found


def _likely(ours: Index, theirs: Index) -> tuple[Found, Found]:
    """Pairs by what they share and their names; then those that have two things in common and a part of the name."""
    found: Found = {}
    others: Found = {}
    for pair, shared in pairs(ours, theirs).items():
        contact, customer = ours.people[pair[0]], theirs.people[pair[1]]
        said = names.compare(contact, customer)
        # A house, or the number of an office, says nothing about people of another name.
        if shared.reach_somebody or said in ALIKE:
            found[pair] = shared, said
        elif said is Names.CONTRADICT and _resemble(contact, customer):
            others[pair] = shared, said
    return found, others


def _resemble(contact: Person, customer: Person) -> bool:
    """Whether two of phone, e-mail and house are the same, however many others share them, and a part of the name. A
    mistyped phone counts."""
    is_mistyped = any(slips.is_one_off(a, b) for a in contact.phones for b in customer.phones)
    return contact.kinds_shared(customer) + is_mistyped > 1 and names.resemble(contact.words, customer.words)


def _mistyped(ours: Index, customers: Iterable[Person]) -> Found:
    """In one town nearly every number is near another's: at a glance most of them have nothing of a name in common."""
    theirs = {customer.id: customer for customer in customers}
    holding, calling = ours.crowded | ours.by_phone, holders_of((one.phones, one.id) for one in theirs.values())
    marks_here, marks_there = cache(_marks_of(ours.people)), cache(_marks_of(theirs))
    numbers: dict[Pair, list[tuple[str, str]]] = defaultdict(list)
    for number, other in slips.between(calling.keys(), holding.keys()):
        for contact, customer in product(holding[other], calling[number]):
            if not marks_here(contact).isdisjoint(marks_there(customer)):
                numbers[contact, customer].append((other, number))
    found: Found = {}
    for pair, near in numbers.items():
        said = names.compare(ours.people[pair[0]], theirs[pair[1]])
        if said in ALIKE:
            found[pair] = SharedKeys((), (), slips=tuple(sorted(near))), said
    return found


def _marks_of(people: Mapping[Hashable, Person]) -> Callable[[Hashable], frozenset[str | int]]:
    return lambda id: names.marks(people[id])


def _decide(candidate: _Candidate) -> Decision:
    evidence = list(_evidence(candidate))
    doubts = [*_doubts_about_who(candidate), *_doubts_about_which(candidate)]
    against = [weighed for _, weighed in doubts]
    bits = candidate.weights.prior + sum([weight for _, _, weight in evidence + against])
    is_sure = not doubts and bits >= LINKED_FROM
    return Decision(
        contact=candidate.contact.id,
        customer=candidate.customer.id,
        outcome=Outcome.LINKED if is_sure else Outcome.REVIEW,
        score=max(0, min(100, EVEN_CHANCE + _points(bits))),
        reasons=(
            *[Reason(text, True, _points(weight), about) for about, text, weight in evidence],
            *[Reason(text, False, _points(weight), about) for about, text, weight in against],
        ),
        kind=None if is_sure else _kind({kind for kind, _ in doubts}),
    )


def _kind(doubts: Set[Kind]) -> Kind:
    """The one that leaves least to a machine."""
    return next((kind for kind in Kind if kind in doubts), Kind.LITTLE)


def _points(bits: float) -> int:
    return round(POINTS_A_BIT * bits)


# What it is about, the sentence, and its weight in bits.
Weighed = tuple[str, str, float]
# With the kind of question that it makes of the pair.
Doubt = tuple[Kind, Weighed]


def _evidence(candidate: _Candidate) -> Iterator[Weighed]:
    weights, shared = candidate.weights, candidate.shared
    for key in shared.phones:
        yield "Same phone", f"Same phone {readable_phone(key)}", weights.phone(key)
    for key in shared.emails:
        yield "Same e-mail", f"Same e-mail {key}", weights.email(key)
    for key in shared.places:
        yield "Same house", f"Same house {_readable_place(key)}", weights.place(key)
    for key in shared.crowded:
        yield "A number of several", f"{_readable(key)}, which several share", weights.crowded(key)
    for one, other in shared.slips:
        said = f"Nearly the same phone: {readable_phone(one)} here, {readable_phone(other)} in QuickBooks"
        yield "Nearly the same phone", said, NEARLY
    worth = weights.names(candidate.names, candidate.contact, candidate.customer)
    if candidate.names is Names.AGREE:
        yield NAMES_AGREE, NAMES_AGREE, worth
    elif candidate.names in NEAR:
        yield "One letter differs", "The names agree but for one letter", worth


def _doubts_about_who(candidate: _Candidate) -> Iterator[Doubt]:
    contact, customer, shared = candidate.contact, candidate.customer, candidate.shared
    if candidate.names is Names.CONTRADICT:
        worth = candidate.weights.names(candidate.names, contact, customer)
        said = f"Another name: {_name(contact)} here, {_name(customer)} in QuickBooks"
        yield of_another_name(contact, customer, shared), ("Another name", said, worth)
    if candidate.names is Names.NEAR_GIVEN and not (shared.phones and shared.emails):
        said = f"Perhaps another of the family: {_name(contact)} here, {_name(customer)} in QuickBooks"
        yield Kind.HOUSEHOLD, ("Perhaps another of the family", said, 0.0)
    if candidate.names is Names.AGREE and not shared.emails and names.agree_in_the_family_name_only(contact, customer):
        said = "Nothing of a given name to compare: perhaps another of the family"
        yield Kind.PART, ("Only a part of the name", said, 0.0)
    if candidate.names is Names.SILENT and _differ(contact, customer, shared):
        said = "No name to compare, and the rest differs"
        yield Kind.SILENT, ("No name", said, ANOTHER_PHONE + ANOTHER_EMAIL)
    if shared.slips:
        said = "The number may be mistyped, or be another's: nothing else to reach them is the same"
        yield Kind.LITTLE, ("Nothing else", said, 0.0)
    if _is_name_only(candidate):
        said = "The same name and house, but another phone or e-mail"
        yield Kind.NAME_ONLY, ("Another phone or e-mail", said, ANOTHER_PHONE + ANOTHER_PLACE)


def _is_name_only(candidate: _Candidate) -> bool:
    shared = candidate.shared
    if shared.reach_somebody or shared.crowded:
        return False
    return not _may_have_a_slip(candidate.contact, candidate.customer)


def _may_have_a_slip(contact: Person, customer: Person) -> bool:
    """Whether nothing to reach them by contradicts: one side has none of the kind, or one number is mistyped."""
    if contact.phones and customer.phones:
        return any(slips.is_one_off(a, b) for a in contact.phones for b in customer.phones)
    return not (contact.emails and customer.emails)


def _differ(contact: Person, customer: Person, shared: SharedKeys) -> bool:
    """Whether both have a phone and an e-mail, and only one of the two is the same: a number may have a new owner."""
    other_phone = contact.phones and customer.phones and not set(contact.phones) & set(customer.phones)
    other_email = contact.emails and customer.emails and not set(contact.emails) & set(customer.emails)
    return bool(other_email if shared.phones else other_phone)


def _doubts_about_which(candidate: _Candidate) -> Iterator[Doubt]:
    """What does not make them less alike, but leaves the choice to a person: of n alike each is the one in n cases."""
    if candidate.customers_sharing > 1:
        said = f"{candidate.customers_sharing} QuickBooks customers share this contact's phone or e-mail"
        yield Kind.SEVERAL, ("Several customers", said, -log2(candidate.customers_sharing))
    if candidate.contacts_sharing > 1:
        said = f"{candidate.contacts_sharing} contacts share this customer's phone or e-mail"
        yield Kind.SEVERAL, ("Several contacts", said, -log2(candidate.contacts_sharing))
    if candidate.contact.linked_to is not None:
        said = "The contact is already linked to another QuickBooks customer"
        yield Kind.LINKED, ("Already linked", said, ALREADY)
    if candidate.customer.is_job:
        yield Kind.JOB, ("A job", "In QuickBooks this is a job of another customer", 0.0)
    if told := _vendor(candidate.contact, candidate.customer):
        yield Kind.VENDOR, ("A vendor", told, 0.0)
    if not candidate.customer.active:
        yield Kind.INACTIVE, ("Inactive", "The customer is inactive in QuickBooks", 0.0)
    if candidate.taken_back:
        said = "These two were linked before, and somebody took it back"
        yield Kind.TAKEN_BACK, ("Taken back", said, ALREADY)


def _vendor(contact: Person, customer: Person) -> str:
    """Why one of the two may be the vendor of a name, and the other the customer; "" if nothing says so."""
    if contact.is_vendor:
        return "The contact is a vendor here, and this is a customer in QuickBooks"
    if names.tell_vendor_apart(customer):
        return f"{customer.display_name or _name(customer)}: the name in QuickBooks keeps a customer and a vendor apart"
    if names.tell_vendor_apart(contact):
        return f"{_name(contact)}: the name here keeps a customer and a vendor apart"
    return ""


def _name(person: Person) -> str:
    return " ".join(filter(None, [person.first_name, person.last_name])) or person.company or person.display_name


def _readable(key: str) -> str:
    """A key of any kind."""
    return _readable_place(key) if "|" in key else key if "@" in key else readable_phone(key)


def _readable_place(key: str) -> str:
    return key.replace("|", ", ")


def readable_phone(key: str) -> str:
    """+16175550123 -> (617) 555-0123; other countries stay as they are."""
    return normalise.formatted(normalise.Phone(key, ""))
