"""What the CRM was to bring about, in numbers: how it was before, how it is now, how it went by month.

measures.py    what a number is made of
technical.py   answers, pages, accuracy, lost webhooks, uptime
business.py    coverage, typing, payments
follow_ups.py  whether the day's list is worked off on the day
histograms.py  medians out of counts; page_times.py counts how long pages take
keeping.py     the value of each month, and what was before, noted once

Campaigns are not in the CRM yet, so nothing is said about what they bring.
"""

from attackacrack.outcomes.keeping import note
from attackacrack.outcomes.measures import Measure
from attackacrack.outcomes.page import measures

__all__ = ["Measure", "measures", "note"]
