"""Invented people, and how two clerks write the same person down: one in the CRM, one in the books."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from bench.matching import names

# Area codes of New England, each with exchanges that exist nowhere.
AREAS = ("617", "508", "781", "978", "401", "603", "860", "413")


@dataclass
class Person:
    """Who somebody really is."""

    first: str
    last: str
    phones: list[str]  # ten digits
    emails: list[str]
    number: int
    street: int  # index into the streets
    zip_code: str
    company: str = ""


@dataclass
class Record:
    """One entry in a list, as it was typed. parent: of a job, the customer that it belongs to."""

    id: int
    first: str = ""
    last: str = ""
    company: str = ""
    display: str = ""
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    street: str = ""
    zip_code: str = ""
    parent: int | None = None


class Town:
    """Makes people whose numbers and mailboxes are their own."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"town {seed}")
        self._numbers: Iterator[str] = self._own_numbers()
        self._mailboxes = 0

    def person(self, *, company: bool = False) -> Person:
        rng = self.rng
        first, last = names.first(rng), names.last(rng)
        phones = [next(self._numbers) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
        emails = [self.mailbox(first, last) for _ in range(rng.choice((0, 1, 1, 1, 1, 2)))]
        place = rng.randrange(1, 400), rng.randrange(len(names.STREETS) * 6), f"0{rng.randrange(1001, 2999)}"
        return Person(first, last, phones, emails, *place, names.company(rng) if company else "")

    def number(self) -> str:
        return next(self._numbers)

    def mailbox(self, first: str, last: str) -> str:
        """Nobody has another's: the running number is in it."""
        self._mailboxes += 1
        who = self.rng.choice((f"{first}.{last}", f"{first[0]}{last}", f"{last}{first[0]}", f"{first}_{last}"))
        return f"{who.lower().replace(chr(39), '')}{self._mailboxes}@{self.rng.choice(names.MAIL)}"

    def _own_numbers(self) -> Iterator[str]:
        """In no order, so that neighbours in the list are not neighbours on the dial."""
        step, size = 7_368_787, 8 * 700 * 10_000
        at = self.rng.randrange(size)
        while True:
            at = (at + step) % size
            area, rest = divmod(at, 700 * 10_000)
            exchange, line = divmod(rest, 10_000)
            yield f"{AREAS[area]}{exchange + 200:03}{line:04}"


# --- Writing somebody down -----------------------------------------------------------------------


def written(person: Person, id: int, rng: Random, **changed: object) -> Record:
    """A careful entry. changed: fields of the record that are otherwise."""
    number = person.phones[0] if person.phones else ""
    record = Record(
        id,
        person.first,
        person.last,
        person.company,
        f"{person.first} {person.last}",
        [phone(number, rng)] if number else [],
        [mailbox(person.emails[0], rng)] if person.emails else [],
        address(person, rng),
        person.zip_code,
    )
    return replace(record, **changed)  # type: ignore[arg-type]


def phone(digits: str, rng: Random) -> str:
    area, exchange, line = digits[:3], digits[3:6], digits[6:]
    return rng.choice((
        f"({area}) {exchange}-{line}", f"{area}-{exchange}-{line}", f"{area}.{exchange}.{line}", digits,
        f"+1 {area} {exchange} {line}", f"1-{area}-{exchange}-{line}",
    ))  # fmt: skip


def mailbox(address: str, rng: Random) -> str:
    return rng.choice((address, address, address, address.title(), f" {address}"))


def address(person: Person, rng: Random) -> str:
    name, kind = divmod(person.street, 6)
    return f"{person.number} {names.STREETS[name]} {rng.choice(names.KINDS_OF_STREET[kind])}"


def untidy(record: Record, rng: Random) -> Record:
    """What happens to an entry on top of everything else: one careless moment."""
    return rng.choice(UNTIDY)(record, rng)


def _shouted(record: Record, rng: Random) -> Record:
    return replace(record, first=record.first.upper(), last=record.last.upper(), display=record.display.upper())


def _middle_initial(record: Record, rng: Random) -> Record:
    initial = rng.choice("ABCDEJLMR")
    display = record.display.replace(record.last, f"{initial}. {record.last}", 1) if record.last else record.display
    return replace(record, first=f"{record.first} {initial}." if record.first else "", display=display)


def _title(record: Record, rng: Random) -> Record:
    title = rng.choice(("Mr.", "Mrs.", "Dr."))
    return replace(record, first=f"{title} {record.first}" if record.first else "")


def _nowhere(record: Record, rng: Random) -> Record:
    return replace(record, street="", zip_code="")


def _flat(record: Record, rng: Random) -> Record:
    return replace(record, street=f"{record.street}, {rng.choice(('Apt', 'Unit', '#'))} {rng.randrange(1, 30)}")


def _no_mail(record: Record, rng: Random) -> Record:
    return replace(record, emails=[]) if record.phones else record


def _no_phone(record: Record, rng: Random) -> Record:
    return replace(record, phones=[]) if record.emails else record


def _slip(record: Record, rng: Random) -> Record:
    return replace(record, last=misspelt(record.last, rng))


def _old_number(record: Record, rng: Random) -> Record:
    """Of somebody else's long ago; nobody has it now."""
    return replace(record, phones=[f"413-199-{rng.randrange(10_000):04}", *record.phones])


UNTIDY = (_shouted, _middle_initial, _title, _nowhere, _flat, _no_mail, _no_phone, _slip, _old_number)


def misspelt(word: str, rng: Random) -> str:
    """One slip of the finger: a letter too many, too few, another, or two exchanged. The first letter stays."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    letter = rng.choice("aeinorst")
    return rng.choice((
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + letter + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    ))  # fmt: skip


def misdialled(digits: str, rng: Random) -> str:
    at = rng.randrange(6, 10)
    other = str((int(digits[at]) + rng.randrange(1, 9)) % 10)
    return digits[:at] + other + digits[at + 1 :]
