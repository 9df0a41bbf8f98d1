"""Results of queries, remembered until something of their entity changes."""

from collections import OrderedDict
from threading import Lock

from quickbooks_integration.emulator.documents import Document


class MatchCache:
    """The last few results of one company, each valid for one generation of its entity."""

    def __init__(self, size: int = 16) -> None:
        self._size = size
        self._lock = Lock()
        self._found: OrderedDict[tuple[object, ...], tuple[int, list[Document]]] = OrderedDict()

    def get(self, key: tuple[object, ...], generation: int) -> list[Document] | None:
        with self._lock:
            held = self._found.get(key)
            return held[1] if held and held[0] == generation else None

    def put(self, key: tuple[object, ...], generation: int, documents: list[Document]) -> None:
        with self._lock:
            self._found[key] = (generation, documents)
            self._found.move_to_end(key)
            while len(self._found) > self._size:
                self._found.popitem(last=False)
