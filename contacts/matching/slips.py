"""Telephone numbers that are the same but for one slip of the finger: another digit, or two neighbours exchanged."""

from collections.abc import Collection, Iterable, Iterator, Mapping

DIGITS = "0123456789"
AFTER_COUNTRY = 2  # where slips are looked for in "+16175550123"


def is_one_off(one: str, other: str) -> bool:
    """Symmetric; a number is not one off itself."""
    if len(one) != len(other):
        return False
    wrong = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if not wrong or len(wrong) > 2 or not all(one[at] in DIGITS and other[at] in DIGITS for at in wrong):
        return False
    first, last = wrong[0], wrong[-1]
    if first < AFTER_COUNTRY:
        return False
    return first == last or (last == first + 1 and (one[first], one[last]) == (other[last], other[first]))


def one_off(number: str) -> list[str]:
    """Every number that is one slip away, each once: at most 99 of one in North America."""
    found = []
    for at, digit in enumerate(number):
        if at >= AFTER_COUNTRY and digit in DIGITS:
            head, tail = number[:at], number[at + 1 :]
            found += [head + another + tail for another in DIGITS if another != digit]
            if digit != (following := tail[:1]) and following and following in DIGITS:
                found.append(head + following + digit + tail[1:])
    return found


def held(numbers: Iterable[str], holders: Mapping[str, Collection[object]]) -> Iterator[tuple[str, str]]:
    """(number, one that somebody holds), one slip apart."""
    for number in numbers:
        yield from ((number, other) for other in one_off(number) if other in holders)
