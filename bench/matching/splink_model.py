"""Splink 5 with the configuration that its documentation recommends for people, given the same normalised columns.

Names with term frequencies and swapped columns; phones and e-mails as lists of which one may agree; the house; blocking
on each of them; u from a random sample, m by expectation maximisation in two rounds, each of which leaves the columns of
the other free.
"""

from typing import Any

import pandas
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from contacts.matching import normalise
from contacts.matching.candidates import Person

BLOCKING = [
    block_on("phones", arrays_to_explode=["phones"]),
    block_on("emails", arrays_to_explode=["emails"]),
    block_on("place"),
    block_on("surname", "zip_code", "substr(first_name, 1, 1)"),
]
# Deterministic rules of which Splink is told that they find four of five matches.
CERTAIN = ["l.first_email = r.first_email", "l.first_phone = r.first_phone and l.surname = r.surname"]


def scores(ours: list[Person], theirs: list[Person]) -> dict[tuple[Any, Any], float]:
    """The match weight of every pair that Splink looks at, as (contact, customer)."""
    connection = DuckDBAPI()
    tables = [connection.register(_frame(side), table_name=name) for side, name in ((ours, "ours"), (theirs, "theirs"))]
    linker = Linker(tables, _settings(), log_level=None)
    linker.training.estimate_probability_two_random_records_match(CERTAIN, recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=5_000_000, seed=1)
    for rule in (block_on("place"), block_on("surname", "first_name")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_weight=-10).as_pandas_dataframe()
    pairs = zip(found["unique_id_l"], found["unique_id_r"], found["source_dataset_l"], strict=True)
    weights = found["match_weight"]
    return {
        (left, right) if side == "ours" else (right, left): weight
        for (left, right, side), weight in zip(pairs, weights, strict=True)
    }


def _settings() -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=BLOCKING,
        comparisons=[
            cl.ForenameSurnameComparison("first_name", "surname", forename_surname_concat_col_name="full_name"),
            cl.ArrayIntersectAtSizes("phones", [1]),
            cl.ArrayIntersectAtSizes("emails", [1]),
            cl.ExactMatch("place").configure(term_frequency_adjustments=True),
            cl.ExactMatch("company"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


def _frame(people: list[Person]) -> pandas.DataFrame:
    return pandas.DataFrame([_row(person) for person in people])


def _row(person: Person) -> dict[str, Any]:
    first, last = _names(person)
    place = person.places[0] if person.places else None
    return {
        "unique_id": person.id,
        "first_name": first or None,
        "surname": last or None,
        "full_name": f"{first} {last}" if first and last else None,
        "company": " ".join(normalise.words(person.company)) or None,
        "phones": list(person.phones) or None,
        "emails": list(person.emails) or None,
        "first_phone": next(iter(person.phones), None),
        "first_email": next(iter(person.emails), None),
        "place": place,
        "zip_code": place.rpartition("|")[2] if place else None,
    }


def _names(person: Person) -> tuple[str, str]:
    """As the pull reads them too: "Last, First" of a customer without name fields."""
    first, last = person.first_name, person.last_name
    if not first and not last and not person.company:
        family, comma, given = person.display_name.partition(",")
        first, last = (given, family) if comma else person.display_name.split(" ", 1) if " " in person.display_name else ("", "")  # fmt: skip
    return " ".join(normalise.words(first)), " ".join(normalise.words(last))
