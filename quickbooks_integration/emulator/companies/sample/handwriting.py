"""How people type: the same number, address or name in the many forms in which it stands in real books."""

from collections.abc import Callable
from random import Random

# Of 100 numbers in the books, so many look like this.
PHONE_STYLES: tuple[tuple[int, str], ...] = (
    (44, "({0}) {1}-{2}"),
    (22, "{0}-{1}-{2}"),
    (10, "{0}.{1}.{2}"),
    (9, "{0}{1}{2}"),
    (6, "+1 {0} {1} {2}"),
    (4, "1-{0}-{1}-{2}"),
    (3, "({0}){1}-{2}"),
    (2, "{0} {1} {2}"),
)
PLACEHOLDER_PHONES = ("000-000-0000", "(000) 000-0000", "0000000000")
PLACEHOLDER_EMAILS = ("none@none.com", "NONE@NONE.COM", "noemail@example.com")
PHONES_WITHOUT_NUMBER = ("call after 5", "see notes", "none", "n/a", "left message", "?")


def phone(rng: Random, digits: str) -> str:
    """A number in one of the usual styles."""
    (_, style) = rng.choices(PHONE_STYLES, [share for share, _ in PHONE_STYLES])[0]
    return style.format(digits[:3], digits[3:6], digits[6:])


def dashed(digits: str) -> str:
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def international(digits: str) -> str:
    """As a telephone service exports it."""
    return f"+1{digits}"


def odd_case(rng: Random, email: str) -> str:
    name, _, domain = email.partition("@")
    return rng.choice((email.upper(), f"{name.capitalize()}@{domain}", f"{name}@{domain.title()}"))


def typo(rng: Random, name: str) -> str:
    """The name with one slip of the finger, never in the first letter and never without effect."""
    if len(name) < 4:
        return name + name[-1]
    slips: tuple[Callable[[str, int], str], ...] = (_swap, _drop, _double)
    places = [place for place in range(1, len(name) - 1) if name[place : place + 2].isalpha()]
    while True:
        slipped = rng.choice(slips)(name, rng.choice(places))
        if slipped != name:
            return slipped


def _swap(name: str, place: int) -> str:
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]


def _drop(name: str, place: int) -> str:
    return name[:place] + name[place + 1 :]


def _double(name: str, place: int) -> str:
    return name[:place] + name[place] + name[place:]
