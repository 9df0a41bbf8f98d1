"""The ids of one entity's documents in the order of their last change, so that a poll without news costs nothing."""

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache

from quickbooks_integration.emulator.clock import parse_moment

LONGEST_ID = 20
USUAL_LENGTH = len("2026-05-05T02:08:55-07:00")
FEW = 10_000  # entries that are never worth clearing out
TimeOf = Callable[[str], str]  # the LastUpdatedTime that an id has now, "" for one that is gone without a trace


class ChangeOrder:
    """Writing only notes the id. Reading sorts in what was noted since; entries of older versions are skipped."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, str]] = []
        self._noted: dict[str, None] = {}
        self._worth_keeping = FEW

    def note(self, id: str) -> None:
        self._noted[id] = None

    def since(self, moment: float, time_of: TimeOf) -> list[str]:
        """Ids whose last change is not older than `moment` (seconds since 1970), oldest first."""
        self._settle(time_of)
        found: dict[str, None] = {}
        for changed, padded in self._entries[bisect_left(self._entries, (moment, "")) :]:
            id = padded.lstrip()
            if _seconds(time_of(id)) == changed:
                found[id] = None
        return list(found)

    def _settle(self, time_of: TimeOf) -> None:
        if not self._noted:
            return
        last = self._entries[-1] if self._entries else (float("-inf"), "")
        news = sorted((_seconds(time), id.rjust(LONGEST_ID)) for id in self._noted if (time := time_of(id)))
        self._noted = {}
        if not self._entries:
            self._worth_keeping = max(FEW, 2 * len(news))
        self._entries += news
        if news and news[0] < last:
            self._entries.sort()
        if len(self._entries) > self._worth_keeping:
            self._forget_older_versions(time_of)

    def _forget_older_versions(self, time_of: TimeOf) -> None:
        current = [entry for entry in self._entries if _seconds(time_of(entry[1].lstrip())) == entry[0]]
        self._entries = list(dict.fromkeys(current))
        self._worth_keeping = max(FEW, 2 * len(self._entries))


def _seconds(text: str) -> float:
    """Seconds since 1970. The usual form is read by its parts, many times faster: loaded companies have 100,000s."""
    if len(text) == USUAL_LENGTH:
        return _hour(text[:13], text[19:]) + 60 * int(text[14:16]) + int(text[17:19])
    return parse_moment(text).timestamp() if text else float("-inf")


@lru_cache(maxsize=65536)
def _hour(text: str, offset: str) -> float:
    return parse_moment(f"{text}:00:00{offset}").timestamp()
