"""Prints how well people are matched. Weights and rules were made on the seeds of PRACTICE; these figures are of others.

python -m bench.matching.quality [contacts]
"""

import sys
from time import perf_counter

from bench.matching.measuring import measure, told
from bench.matching.people import Record
from bench.matching.situations import Lists, lists_of
from contacts.matching import normalise
from contacts.matching.candidates import Person
from contacts.matching.exact import Decision, Outcome, decide
from contacts.matching.weights import FamilyNames

PRACTICE, REPORTED = (1, 2, 3), (101, 102, 103, 104, 105)
CONTACTS = 20_000


def main(contacts: int = CONTACTS) -> int:
    """1 where a seed misses what is wanted."""
    is_good = True
    for seed in REPORTED:
        lists = lists_of(seed, contacts)
        began = perf_counter()
        decisions = decided(lists)
        seconds = perf_counter() - began
        measured = measure(lists, pairs(decisions, Outcome.LINKED), pairs(decisions, Outcome.REVIEW))
        sys.stdout.write(
            f"seed {seed}: {len(lists.contacts):,} contacts, {len(lists.customers):,} customers, {seconds:.1f} s\n"
            f"{told(measured)}\n"
        )
        is_good &= measured.is_good
    return 0 if is_good else 1


def decided(lists: Lists) -> list[Decision]:
    """As the CRM does it, from the texts that were typed."""
    ours, theirs = [person(one) for one in lists.contacts], [person(one) for one in lists.customers]
    return decide(ours, theirs, family_names=FamilyNames.counted([*ours, *theirs]))


def person(record: Record) -> Person:
    return Person(
        record.id,
        record.first,
        record.last,
        record.company,
        record.display,
        tuple(phone.key for text in record.phones for phone in normalise.phones(text)),
        tuple(address for text in record.emails for address in normalise.emails(text)),
        family=record.parent or record.id,
        is_job=record.parent is not None,
        places=tuple(filter(None, [normalise.place(record.street, record.zip_code)])),
    )


def pairs(decisions: list[Decision], outcome: Outcome) -> list[tuple[int, int]]:
    return [(one.contact, one.customer) for one in decisions if one.outcome is outcome]


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
