"""What the database says of names before they are read."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.matching import names, normalise, sifting

WORDS = [
    "ann",
    "bob",
    "robert",
    "bobby",
    "kate",
    "Katherine",
    "catherine",
    "cathy",
    "lee",
    "a",
    "jr",
    "llc",
    "O'Hara",
    "",
    "josé",
]
NAMES = st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS))
PEOPLE = "SELECT 'house', * FROM unnest(%(ids)s::int[], %(names)s::text[])"


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(called=st.lists(NAMES, min_size=2, max_size=4))
def test_whoever_may_be_the_same_is_let_through(called):
    texts = [" ".join(name) for name in called]
    found, _ = sifting.shared(PEOPLE, 10, 60, only_alike=True, ids=list(range(len(texts))), names=texts)
    words = [normalise.words(text) for text in texts]
    if any(names.same_person(*pair) for pair in combinations(filter(None, words), 2)):
        assert found == [set(range(len(texts)))]


@pytest.mark.django_db
@pytest.mark.parametrize("couple", [("Ann Lee", "Bob Lee"), ("Robert Lee", "Kate Lee"), ("Ann Lee", "Ann Ray")])
def test_couples_are_kept_back(couple):
    assert sifting.shared(PEOPLE, 10, 60, only_alike=True, ids=[1, 2], names=list(couple)) == ([], False)
    assert sifting.shared(PEOPLE, 10, 60, only_alike=False, ids=[1, 2], names=list(couple)) == ([{1, 2}], False)
