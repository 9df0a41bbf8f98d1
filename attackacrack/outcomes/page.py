"""All measures, in the order of the page."""

from datetime import date

from attackacrack.outcomes import business, follow_ups, technical
from attackacrack.outcomes.measures import Measure

MEASURES = (
    business.collection,
    business.typing,
    business.coverage,
    follow_ups.on_the_day,
    technical.accuracy,
    technical.lost,
    technical.uptime,
    technical.answers,
    technical.pages,
)


def measures(today: date) -> list[Measure]:
    """A fixed number of queries: sums by month, no rows."""
    return [measure(today) for measure in MEASURES]
