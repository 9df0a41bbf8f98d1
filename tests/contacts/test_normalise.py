import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.matching import normalise
from contacts.matching.normalise import Phone

BOSTON = "+16175550123"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(617) 555-0123", [Phone(BOSTON, "")]),
        ("617.555.0123", [Phone(BOSTON, "")]),
        ("6175550123", [Phone(BOSTON, "")]),
        ("16175550123", [Phone(BOSTON, "")]),
        ("+1 (617) 555-0123", [Phone(BOSTON, "")]),
        ("001 617 555 0123", [Phone(BOSTON, "")]),
        ("617/555-0123", [Phone(BOSTON, "")]),
        ("+617-555-0123", [Phone(BOSTON, "")]),
        ("617\u2011555\u20110123", [Phone(BOSTON, "")]),
        ("\u202a+1 (617)\u00a0555\u20130123\u202c", [Phone(BOSTON, "")]),
        ("６１７-５５５-０１２３", [Phone(BOSTON, "")]),
        ("٦١٧٥٥٥٠١٢٣", [Phone(BOSTON, "")]),
        ("617-555-0123 x5", [Phone(BOSTON, "5")]),
        ("617-555-0123 ext. 12", [Phone(BOSTON, "12")]),
        ("617-555-0123 Extension: 7", [Phone(BOSTON, "7")]),
        ("617-555-0123 (x44)", [Phone(BOSTON, "44")]),
        ("617-555-0123 #2", [Phone(BOSTON, "2")]),
        ("617-555-0123 / 508-555-0199", [Phone(BOSTON, ""), Phone("+15085550199", "")]),
        ("617-555-0123 x 508-555-0199", [Phone(BOSTON, ""), Phone("+15085550199", "")]),
        ("Phone:(617) 555-0123 Mobile:(508) 555-0199", [Phone(BOSTON, ""), Phone("+15085550199", "")]),
        ("617-555-0123 or 617.555.0123", [Phone(BOSTON, "")]),
        ("Bob's cell 617-555-0123, call after 5", [Phone(BOSTON, "")]),
        ("+44 20 7946 0018", [Phone("+442079460018", "")]),
        ("011 44 20 7946 0018", [Phone("+442079460018", "")]),
        ("+44 20 7946 0018 / 617-555-0123", [Phone("+442079460018", ""), Phone(BOSTON, "")]),
        # Ten digits from abroad look like an American number without its country code.
        ("+6592345678", [Phone("+6592345678", "")]),
        ("+52 222 345 6789", [Phone("+522223456789", "")]),
        ("+4532123456", [Phone("+4532123456", "")]),
    ],
)
def test_a_number_has_one_key_however_it_is_typed(text: str, expected: list[Phone]) -> None:
    assert normalise.phones(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "call after 5",
        "n/a",
        "000-000-0000",
        "999-999-9999",
        "555 555 5555",
        "123-456-7890",
        "555-0123",
        "117-555-0123",
        "61755501234567",
        "4111 1111 1111 1111",
        "+1",
        "😀",
    ],
)
def test_what_nobody_can_dial_has_no_key(text: str) -> None:
    assert normalise.phones(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  617-555-0123  ", ["617-555-0123"]),
        ("call after 5", ["call after 5"]),
        ("", []),
        ("617-555-0123 x5 / 508.555.0199", ["(617) 555-0123 x5", "(508) 555-0199"]),
    ],
)
def test_a_field_with_several_numbers_becomes_one_text_each(text: str, expected: list[str]) -> None:
    assert normalise.phone_texts(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ann@Example.COM", ["ann@example.com"]),
        ("Ann <ann@example.com>", ["ann@example.com"]),
        ("mailto:ann@example.com", ["ann@example.com"]),
        (
            "ann@example.com, bob@example.org;carl@example.net",
            ["ann@example.com", "bob@example.org", "carl@example.net"],
        ),
        ("ann@example.com/bob@example.org", ["ann@example.com", "bob@example.org"]),
        ("'ann@example.com'", ["ann@example.com"]),
        ("ann@example.com.", ["ann@example.com"]),
        ("ann@example.com ANN@EXAMPLE.COM", ["ann@example.com"]),
        ("o'hara@example.com", ["o'hara@example.com"]),
        ("josé@exämple.com", ["josé@exämple.com"]),
        ("none@none.com", []),
        ("n/a@example.com", []),
        ("noemail@example.com, ann@example.com", ["ann@example.com"]),
        ("ann@example", []),
        ("ann@example..com", []),
        ("ann at example.com", []),
        ("a" * 300 + "@example.com", []),
    ],
)
def test_emails_of_a_list(text: str, expected: list[str]) -> None:
    assert normalise.emails(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O'Brien, José Jr.", ("obrien", "jose")),
        ("Mr. Bob & Sue Smith-Jones", ("bob", "sue", "smith", "jones")),
        ("Łukasz Øre", ("lukasz", "ore")),
        ("Acme Builders, LLC", ("acme", "builders")),
        ("The Company", ("the", "company")),
        ("Smith (deleted)", ("smith",)),
        ("😀", ()),
        ("李雷", ("李雷",)),
        ("", ()),
    ],
)
def test_words_of_a_name(text: str, expected: tuple[str, ...]) -> None:
    assert normalise.words(text) == expected


def test_streets_and_zip_codes_have_one_spelling() -> None:
    assert normalise.street("12 North Main Street, Apt. 3") == normalise.street("12 N. MAIN ST APT 3")
    assert [normalise.zip_code(text) for text in ("2184", "02184-1234", "02184", "K1A 0B6")] == [
        "02184",
        "02184",
        "02184",
        "K1A 0B6",
    ]


areas = st.tuples(st.integers(200, 999), st.integers(200, 999), st.integers(0, 9999)).filter(
    lambda parts: "{:03}{:03}{:04}".format(*parts) not in normalise.PLACEHOLDER_DIGITS
)
formats = st.sampled_from(
    [
        "({:03}) {:03}-{:04}",
        "{:03}-{:03}-{:04}",
        "{:03}.{:03}.{:04}",
        "{:03} {:03} {:04}",
        "{:03}{:03}{:04}",
        "1-{:03}-{:03}-{:04}",
        "+1{:03}{:03}{:04}",
        "+1 ({:03}) {:03}-{:04}",
        "cell {:03}-{:03}-{:04}, call after 5",
    ]
)


@given(areas, formats, formats)
def test_any_two_formats_of_a_number_give_the_same_key(parts: tuple[int, int, int], one: str, other: str) -> None:
    assert normalise.phones(one.format(*parts)) == normalise.phones(other.format(*parts))
    assert len(normalise.phones(one.format(*parts))) == 1


@given(st.text(max_size=60))
def test_normalising_what_was_normalised_changes_nothing(text: str) -> None:
    for phone in normalise.phones(text):
        assert normalise.phones(phone.key) == [Phone(phone.key, "")]
        assert normalise.phones(normalise.formatted(phone)) == [phone]
    for address in normalise.emails(text):
        assert normalise.emails(address) == [address]
    words = normalise.words(text)
    assert normalise.words(" ".join(words)) == words
    assert normalise.street(normalise.street(text)) == normalise.street(text)


@given(st.text(alphabet="+0123456789()-. x#@ab,;", max_size=60))
def test_normalising_formatted_numbers_in_noise_changes_nothing(text: str) -> None:
    for phone in normalise.phones(text):
        assert normalise.phones(normalise.formatted(phone)) == [phone]
    for address in normalise.emails(text):
        assert normalise.emails(address) == [address]


@given(st.sampled_from([44, 49, 33, 61, 353, 52, 65, 45, 64]), st.integers(10**6, 10**11))
def test_numbers_from_abroad_keep_their_key(country: int, number: int) -> None:
    for phone in normalise.phones(f"+{country} {number}"):
        assert normalise.phones(phone.key) == [phone]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6175550123", "(617) 555-0123"),
        ("+16175550123", "(617) 555-0123"),
        ("16175550123", "(617) 555-0123"),
        ("617.555.0123 x5", "617.555.0123 x5"),
        ("+442071234567", "+442071234567"),
        ("0000000000", "0000000000"),
        ("call after 5", "call after 5"),
        ("", ""),
    ],
)
def test_only_bare_digits_are_shown_in_another_way_than_typed(text: str, expected: str) -> None:
    assert normalise.readable(text) == expected
