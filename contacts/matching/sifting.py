"""Who of the many that share a number or a house can have the same name, told by the database.

Two given and family names written out in plain letters can be the same person's only if their words are, short forms and
order aside. Nearly all names are such ones, and couples fill a house list; what is written otherwise `names` has to read.
"""

from typing import Any

from django.db import connection

from contacts.matching import names, normalise

# held: a query of key, id and name of all who have a key. The keys that two or more share, those first where two can have
# the same name: array_agg(id).
_SHARED = """
WITH held (key, id, name) AS MATERIALIZED ({held}),
stems (word, stem) AS (SELECT * FROM unnest(%(words)s::text[], %(stems)s::text[])),
split AS (
    SELECT key, id, split_part(lower(name), ' ', 1) AS one, split_part(lower(name), ' ', 2) AS two,
        lower(name) ~ '^[a-z]{{2,}} [a-z]{{2,}}$' AS is_plain
    FROM held
),
called AS (
    SELECT DISTINCT key, id, CASE WHEN is_plain AND one <> ALL(%(dropped)s) AND two <> ALL(%(dropped)s) THEN
        least(coalesce(first.stem, one), coalesce(second.stem, two))
        || ' ' || greatest(coalesce(first.stem, one), coalesce(second.stem, two)) END AS name
    FROM split LEFT JOIN stems AS first ON first.word = one LEFT JOIN stems AS second ON second.word = two
),
counted AS (
    SELECT key, array_agg(id) AS ids, count(*) > count(DISTINCT name) AS can_be_same
    FROM called GROUP BY key HAVING count(*) BETWEEN 2 AND %(most_sharing)s
)
SELECT ids FROM counted WHERE can_be_same OR NOT %(only_alike)s ORDER BY can_be_same DESC, key LIMIT %(most)s
"""


def shared(held: str, most: int, most_sharing: int, only_alike: bool, **parameters: Any) -> tuple[list[set[int]], bool]:
    """Who has a key in common, at most `most` keys, and whether there were more. One query.

    held: SQL with the columns key, id and name (first and last name, one blank between), its placeholders in parameters;
    per key and id one name. most_sharing: what more have is left out. only_alike: keys of people of quite different names
    are left out too; else they come last.
    """
    values: dict[str, Any] = {
        "words": list(_STEMS),
        "stems": list(_STEMS.values()),
        "dropped": _DROPPED,
        "most": most + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            _SHARED.format(held=held), values | {"most_sharing": most_sharing, "only_alike": only_alike} | parameters
        )
        rows = cursor.fetchall()
    return [set(ids) for (ids,) in rows[:most]], len(rows) > most


def _stems() -> dict[str, str]:
    """One word for all that are short forms of each other, also by way of a third."""
    found: dict[str, str] = {}
    for group in names.SHORT_FORMS:
        joined = {stem for word in group if (stem := found.get(word))}
        stem = min(group | joined)
        found |= dict.fromkeys([word for word, of in found.items() if of in joined], stem) | dict.fromkeys(group, stem)
    return found


_STEMS = _stems()
_DROPPED = sorted(normalise.NOT_PART_OF_A_NAME | normalise.LEGAL_FORMS)
