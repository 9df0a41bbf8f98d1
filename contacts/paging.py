"""Where the next page of something that goes from the newest to the oldest begins."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, order=True)
class Place:
    """Where a row stands: the greater, the newer. What has a day and no hour stands at its beginning. rank: of its kind or
    table; key: of its row. In an address it has to be quoted."""

    at: datetime
    rank: int
    key: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.rank}~{self.key}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """What str() wrote; None for anything else."""
        parts = text.split("~")
        try:
            at, rank, key = datetime.fromisoformat(parts[0]), *map(int, parts[1:])
        except ValueError:
            return None
        is_place = at.tzinfo is not None and 1900 < at.year < 9999 and abs(key) < 2**63
        return cls(at, rank, key) if is_place else None
