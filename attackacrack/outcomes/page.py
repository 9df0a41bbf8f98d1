"""All measures, in the order of the page."""

from datetime import date

from attackacrack.outcomes import business, technical
from attackacrack.outcomes.measures import Measure

MEASURES = (
    business.collection,
    business.typing,
    business.coverage,
    technical.accuracy,
    technical.lost,
    technical.uptime,
    technical.answers,
    technical.pages,
)


def measures(today: date) -> list[Measure]:
    """A fixed number of queries: sums by month, no rows."""
    return [measure(today) for measure in MEASURES]
