"""What happens in real lists. Each situation enters its people on one side or both, and knows the right answer."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from bench.matching import names
from bench.matching.people import Person, Record, Town, misdialled, misspelt, phone, untidy, written
from contacts.matching.names import SHORT_FORMS

# Two of a house with one initial.
ALIKE_BUT_FOR_MORE = (("Jane", "John"), ("Mary", "Mark"), ("Ann", "Adam"), ("Susan", "Scott"), ("Karen", "Kevin"))
# Of callers from a customer's number. In truth fewer: who gets such a number hardly ever needs the same tradesman.
NEW_OWNERS = 0.01
# Of the entries on each side, on top of the situation.
UNTIDY_SHARE = 0.15


@dataclass
class Lists:
    """Both lists, and what is true of them.

    truth: customers that are the contact, by contact (a job is its customer's, never the person). kind: the situation
    of each contact. open: contacts about whom nobody can be sure, so that a question is right. never: (contact,
    customer) that look alike and are two people; linking them by itself is the error that must not happen. unknowable: pairs that look
    like the truth in every respect, and are not.
    """

    town: Town
    contacts: list[Record] = field(default_factory=list)
    customers: list[Record] = field(default_factory=list)
    truth: dict[int, set[int]] = field(default_factory=dict)
    kind: dict[int, str] = field(default_factory=dict)
    open: set[int] = field(default_factory=set)
    never: set[tuple[int, int]] = field(default_factory=set)
    unknowable: set[tuple[int, int]] = field(default_factory=set)

    @property
    def rng(self) -> Random:
        return self.town.rng

    def contact(self, kind: str, person: Person, **changed: object) -> Record:
        record = written(person, len(self.contacts) + 1, self.rng, **changed)
        if self.rng.random() < UNTIDY_SHARE:
            record = untidy(record, self.rng)
        record.display = ""
        self.contacts.append(record)
        self.kind[record.id] = kind
        return record

    def customer(self, person: Person, **changed: object) -> Record:
        record = written(person, len(self.customers) + 1, self.rng, **changed)
        if self.rng.random() < UNTIDY_SHARE and record.parent is None:
            record = untidy(record, self.rng)
        self.customers.append(record)
        return record

    def pair(self, kind: str, person: Person, here: dict[str, object], there: dict[str, object]) -> tuple[int, int]:
        contact, customer = self.contact(kind, person, **here), self.customer(person, **there)
        self.truth.setdefault(contact.id, set()).add(customer.id)
        return contact.id, customer.id


# --- The same person on both sides -----------------------------------------------------------------


def plain(lists: Lists) -> None:
    lists.pair("plain", lists.town.person(), {}, {})


def second_number(lists: Lists) -> None:
    person = lists.town.person()
    person.phones = [person.phones[0], lists.town.number()]
    here = [phone(number, lists.rng) for number in person.phones]
    lists.pair("second number", person, {"phones": here}, {"phones": [phone(person.phones[1], lists.rng)]})


def nickname(lists: Lists) -> None:
    person = lists.town.person()
    short = [group for group in SHORT_FORMS if person.first.lower() in group]
    if not short:
        return plain(lists)
    called = lists.rng.choice(sorted(short[0] - {person.first.lower()})).title()
    there = {"first": called, "display": f"{called} {person.last}"}
    lists.pair("nickname", person, {}, there)
    return None


def comma(lists: Lists) -> None:
    person = lists.town.person()
    lists.pair("last, first", person, {}, {"first": "", "last": "", "display": f"{person.last}, {person.first}"})


def couple(lists: Lists) -> None:
    person, spouse = lists.town.person(), names.first(lists.rng)
    both = lists.rng.choice((f"{person.first} & {spouse}", f"{spouse} and {person.first}"))
    there = {"first": both, "display": f"{both} {person.last}"}
    lists.pair("couple", person, {}, there)


def typo(lists: Lists) -> None:
    person = lists.town.person()
    if lists.rng.random() < 0.5:
        first, last = misspelt(person.first, lists.rng), person.last
    else:
        first, last = person.first, misspelt(person.last, lists.rng)
    lists.pair("misspelt", person, {"first": first, "last": last}, {})


def swapped(lists: Lists) -> None:
    person = lists.town.person()
    lists.pair("swapped", person, {"first": person.last, "last": person.first}, {})


def firm(lists: Lists) -> None:
    person = lists.town.person(company=True)
    lists.pair("firm", person, {}, {"first": "", "last": "", "display": person.company})


def extension(lists: Lists) -> None:
    person = lists.town.person()
    told = [f"{phone(person.phones[0], lists.rng)} {lists.rng.choice(('x', 'ext. '))}{lists.rng.randrange(10, 99)}"]
    lists.pair("extension", person, {"phones": told}, {})


def only_phone(lists: Lists) -> None:
    lists.pair("only phone", lists.town.person(), {"emails": []}, {"emails": [], "street": "", "zip_code": ""})


def only_email(lists: Lists) -> None:
    person = _reachable(lists)
    lists.pair("only e-mail", person, {"phones": []}, {})


def new_phone(lists: Lists) -> None:
    person = _reachable(lists)
    lists.pair("new phone", person, {"phones": [phone(lists.town.number(), lists.rng)]}, {})


def new_email(lists: Lists) -> None:
    person = _reachable(lists)
    lists.pair("new e-mail", person, {"emails": [lists.town.mailbox(person.first, person.last)]}, {})


def wrong_digit(lists: Lists) -> None:
    person = lists.town.person()
    wrong = [phone(misdialled(person.phones[0], lists.rng), lists.rng)]
    lists.pair("wrong digit", person, {"phones": wrong, "emails": []}, {})


def by_address(lists: Lists) -> None:
    lists.pair("name and address only", lists.town.person(), {"phones": [], "emails": []}, {})


def caller(lists: Lists) -> None:
    """Who calls without a name from a customer's number is taken for that customer. Where the number has got a new owner
    meanwhile nothing could tell."""
    nobody: dict[str, object] = {"first": "", "last": "", "emails": [], "street": "", "zip_code": ""}
    person = lists.town.person()
    if lists.rng.random() < NEW_OWNERS:
        contact = lists.contact("caller on a number with a new owner", person, **nobody)
        before = replace(lists.town.person(), phones=list(person.phones))
        lists.unknowable.add((contact.id, lists.customer(before).id))
        lists.open.add(contact.id)
        return
    contact_id, _ = lists.pair("nameless caller", person, nobody, {})
    lists.open.add(contact_id)


def initial(lists: Lists) -> None:
    """Whoever took the call wrote down one letter."""
    person = lists.town.person()
    contact, _ = lists.pair("one initial", person, {"first": person.first[0], "emails": []}, {})
    lists.open.add(contact)


def family_name(lists: Lists) -> None:
    person = lists.town.person()
    contact, _ = lists.pair("family name only", person, {"first": "", "emails": []}, {})
    lists.open.add(contact)


def jobs(lists: Lists) -> None:
    person = lists.town.person()
    _, parent = lists.pair("jobs", person, {}, {})
    for number in range(lists.rng.randrange(1, 4)):
        lists.customer(person, display=f"{person.first} {person.last}:House {number}", parent=parent)


def entered_twice_there(lists: Lists) -> None:
    person = lists.town.person()
    contact, _ = lists.pair("entered twice there", person, {}, {})
    other = lists.customer(person, display=f"{person.first} {person.last} 2")
    lists.truth[contact].add(other.id)
    lists.open.add(contact)


def entered_twice_here(lists: Lists) -> None:
    person = lists.town.person()
    contact, customer = lists.pair("entered twice here", person, {}, {})
    other = lists.contact("entered twice here", person)
    lists.truth[other.id] = {customer}
    lists.open |= {contact, other.id}


def switchboard(lists: Lists) -> None:
    """Colleagues behind one number: the name tells who is who."""
    number, firm = lists.town.number(), names.company(lists.rng)
    for _ in range(lists.rng.randrange(5, 12)):
        person = replace(lists.town.person(), phones=[number], company=firm)
        lists.pair("switchboard", person, {}, {})


# --- Two people who look like one ----------------------------------------------------------------


def household(lists: Lists) -> None:
    one = lists.town.person()
    other = replace(one, first=_another_first(lists, one.first), emails=[])
    contact, customer = lists.contact("household", one), lists.customer(other)
    lists.open.add(contact.id)
    lists.never.add((contact.id, customer.id))


def recycled_number(lists: Lists) -> None:
    one, other = lists.town.person(), lists.town.person()
    other.phones = [one.phones[0]]
    contact, customer = lists.contact("recycled number", one), lists.customer(other)
    lists.open.add(contact.id)
    lists.never.add((contact.id, customer.id))


def initial_of_another(lists: Lists) -> None:
    """Jane and John live in one house, and the call was of J."""
    one = lists.town.person()
    one.first, another = lists.rng.choice(ALIKE_BUT_FOR_MORE)
    other = replace(one, first=another, emails=[])
    contact = lists.contact("initial of another", one, first=one.first[0], emails=[])
    customer = lists.customer(other)
    lists.open.add(contact.id)
    lists.never.add((contact.id, customer.id))


def family_name_of_another(lists: Lists) -> None:
    """Somebody of the house called, and only the family's name was written down."""
    one = lists.town.person()
    other = replace(one, first=_another_first(lists, one.first), emails=[])
    contact = lists.contact("family name of another", one, first="", emails=[])
    customer = lists.customer(other)
    lists.open.add(contact.id)
    lists.never.add((contact.id, customer.id))


def namesakes(lists: Lists) -> None:
    one, other = lists.town.person(), lists.town.person()
    other.first, other.last = one.first, one.last
    contact, customer = lists.contact("namesakes", one), lists.customer(other)
    lists.never.add((contact.id, customer.id))


def father_and_son(lists: Lists) -> None:
    father = lists.town.person()
    contact = lists.contact("father and son", father, last=f"{father.last} Sr")
    customer = lists.customer(father, last=f"{father.last} Jr", display=f"{father.first} {father.last} Jr", emails=[])
    lists.open.add(contact.id)
    lists.never.add((contact.id, customer.id))


def office_mailbox(lists: Lists) -> None:
    """Two tenants, one mailbox of their landlord's office."""
    box = lists.town.mailbox("office", "rentals")
    one, other = lists.town.person(), lists.town.person()
    one.emails = other.emails = [box]
    contact, customer = lists.contact("office mailbox", one), lists.customer(other)
    lists.open.add(contact.id)
    lists.never.add((contact.id, customer.id))


def stranger_here(lists: Lists) -> None:
    lists.contact("only here", lists.town.person())


def stranger_there(lists: Lists) -> None:
    lists.customer(lists.town.person())


# How often each is met, of 1,000.
OFTEN: dict[Callable[[Lists], None], int] = {
    plain: 170, second_number: 30, nickname: 35, comma: 15, couple: 20, typo: 30, swapped: 10, firm: 15, extension: 8,
    only_phone: 30, only_email: 20, new_phone: 20, new_email: 25, wrong_digit: 8, by_address: 10, caller: 12, jobs: 18,
    entered_twice_there: 6, entered_twice_here: 6, switchboard: 2, household: 12, recycled_number: 10, namesakes: 30,
    father_and_son: 4, office_mailbox: 4, initial: 6, family_name: 8,
    initial_of_another: 2, family_name_of_another: 3, stranger_here: 330, stranger_there: 90,
}  # fmt: skip


def lists_of(seed: int, contacts: int) -> Lists:
    """About so many contacts, and four fifths as many customers."""
    lists = Lists(Town(seed))
    rng = Random(f"situations {seed}")
    choices, weights = list(OFTEN), list(OFTEN.values())
    while len(lists.contacts) < contacts:
        rng.choices(choices, weights)[0](lists)
    return lists


def _reachable(lists: Lists) -> Person:
    """Somebody with a mailbox."""
    person = lists.town.person()
    person.emails = person.emails or [lists.town.mailbox(person.first, person.last)]
    return person


def _another_first(lists: Lists, first: str) -> str:
    groups = [group for group in SHORT_FORMS if first.lower() in group]
    while True:
        other = names.first(lists.rng)
        if other != first and not any(other.lower() in group for group in groups):
            return other
