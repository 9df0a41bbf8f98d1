"""Which customer of the books is which contact: what the machine finds, what people decide, and the way back.

arriving.py  what is new or changed since everybody was matched
reading.py   both sides as persons to compare, all of them or those around one
matching.py  decides what is beyond doubt, and asks about the rest
deciding.py  the verbs of a person: link, not the same, new contact, later
jobs.py      jobs of a linked customer follow it
merged.py    contacts whose customer was merged into another one there
primaries.py which of a contact's customers is kept up to it
together.py  one answer for many questions that are alike
undoing.py   takes a decision back
progress.py  how far matching has come, and what is left and why
queue.py     who is asked about which pair next
evidence.py  how a score comes about, for a picture
stakes.py    how much money hangs on a question
reporting.py every pair and its state, for a file
"""

from quickbooks_integration.reconciling.arriving import has_begun, match_arrivals, ring_for
from quickbooks_integration.reconciling.deciding import (
    Settled,
    Tally,
    create_contact,
    each,
    link,
    link_to,
    refuse,
    skip,
)
from quickbooks_integration.reconciling.matching import MatchResult, match, propose
from quickbooks_integration.reconciling.queue import claim, counts_by_kind, last_decision, next_for, remaining
from quickbooks_integration.reconciling.undoing import undo, unlink

__all__ = [
    "MatchResult",
    "Settled",
    "Tally",
    "claim",
    "counts_by_kind",
    "create_contact",
    "each",
    "last_decision",
    "has_begun",
    "link",
    "link_to",
    "match",
    "match_arrivals",
    "next_for",
    "propose",
    "refuse",
    "remaining",
    "ring_for",
    "skip",
    "undo",
    "unlink",
]
