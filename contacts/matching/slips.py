"""Telephone numbers that are the same but for one slip of the finger: another digit, or two neighbours exchanged."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator

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


def between(numbers: Collection[str], others: Collection[str]) -> Iterator[tuple[str, str]]:
    """(one of numbers, one of others) that are one slip apart, each pair once. Both each number once; `others` quick to
    look into. Place by place: only the digits of one are in memory at a time."""
    for at in range(AFTER_COUNTRY, max(map(len, numbers), default=0)):
        yield from _another_digit(at, numbers, others)
        yield from _exchanged(at, numbers, others)


def _another_digit(at: int, numbers: Collection[str], others: Collection[str]) -> Iterator[tuple[str, str]]:
    """Two numbers that differ here and nowhere else are the same without this digit."""
    after = at + 1
    wanted = {number[:at] + number[after:] for number in numbers}
    same: dict[str, list[str]] = defaultdict(list)
    for other in others:
        if (rest := other[:at] + other[after:]) in wanted:
            same[rest].append(other)
    for number in numbers if same else ():
        for other in same.get(number[:at] + number[after:], ()):
            if number != other and len(number) == len(other) and number[at] in DIGITS and other[at] in DIGITS:
                yield number, other


def _exchanged(at: int, numbers: Iterable[str], others: Container[str]) -> Iterator[tuple[str, str]]:
    for number in numbers:
        pair = number[at : at + 2]
        other = number[:at] + pair[::-1] + number[at + 2 :]
        if other in others and other != number and pair[0] in DIGITS and pair[1] in DIGITS:
            yield number, other
