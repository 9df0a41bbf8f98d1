"""What may not be lost: every value that a person wrote, and which of them somebody who had seen it replaced.

Each edit writes a value of its own and goes over the value that its side showed. When all is quiet one value is left of
each field, and every other one has to be below it: replaced by somebody who saw it, or given up in a decision. A value
that is not was lost in silence.
"""

from collections import defaultdict
from typing import Any

Key = tuple[str, str]  # a row, and one of its fields
Value = Any


class Ledger:
    def __init__(self) -> None:
        self._below: defaultdict[Key, dict[Value, set[Value]]] = defaultdict(dict)
        self._told: defaultdict[Key, list[str]] = defaultdict(list)

    def wrote(self, row: str, field: str, value: Value, seen: Value, where: str) -> None:
        """A person typed `value` where `seen` stood."""
        self._put(row, field, value, seen)
        self._told[row, field].append(f"{where}: {seen!r} became {value!r}")

    def decided(self, row: str, field: str, kept: Value, dropped: Value, where: str) -> None:
        """A person chose between two values that she saw side by side."""
        self._put(row, field, kept, dropped)
        self._told[row, field].append(f"{where}: kept {kept!r}, gave up {dropped!r}")

    def _put(self, row: str, field: str, above: Value, below: Value) -> None:
        self._below[row, field].setdefault(above, set()).add(below)
        self._below[row, field].setdefault(below, set())

    def lost(self, row: str, field: str, left: Value) -> list[Value]:
        """The values of the field that nobody replaced knowingly although `left` is what stands there now."""
        below = self._below.get((row, field), {})
        found, wanted = {left}, [left]
        while wanted:
            for value in below.get(wanted.pop(), ()):
                if value not in found:
                    found.add(value)
                    wanted.append(value)
        return [value for value in below if value not in found]

    def fields(self) -> list[Key]:
        return list(self._below)

    def told(self, row: str, field: str) -> str:
        return "; ".join(self._told[row, field])
