"""The query language as text: what it accepts, where it says that an error is, and that it writes what it reads."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration.emulator.errors import Problem, ServiceFault
from quickbooks_integration.emulator.query.grammar import (
    OPERATORS,
    Comparison,
    CurrentDate,
    Ordering,
    Query,
    parse,
    render,
)
from quickbooks_integration.emulator.query.tokens import KEYWORDS

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True).filter(lambda name: name.upper() not in KEYWORDS)
paths = st.lists(names, min_size=1, max_size=2).map(".".join)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(lambda text: not text.endswith("\\"))
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12)
literals = st.one_of(texts, numbers, st.booleans(), st.just(CurrentDate()))
comparisons = st.one_of(
    st.builds(Comparison, paths, st.sampled_from([*OPERATORS, "LIKE"]), st.tuples(literals)),
    st.builds(Comparison, paths, st.just("IN"), st.lists(literals, min_size=1, max_size=4).map(tuple)),
)
projections = st.one_of(st.just(("*",)), st.lists(st.one_of(st.just("*"), paths), min_size=1, max_size=4).map(tuple))
positions = st.one_of(st.none(), st.integers(-5, 10**9))
orderings = st.lists(st.builds(Ordering, paths, st.booleans()), max_size=3).map(tuple)
conditions = st.lists(comparisons, max_size=4).map(tuple)
queries = st.one_of(
    st.builds(Query, names, projections, st.just(False), conditions, orderings, positions, positions),
    st.builds(Query, names, st.just(("*",)), st.just(True), conditions, orderings, positions, positions),
)


@given(queries)
def test_what_is_written_reads_back_the_same(query: Query) -> None:
    assert parse(render(query)) == query


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_4000(text: str) -> None:
    refused_or_read(text)


@given(
    st.lists(
        st.sampled_from(
            [*KEYWORDS, "Customer", "Id", "'a'", "'", "5", "-", "1.2.3", "(", ")", ",", "*", "=", "<=", "\\", "\n"]
        ),
        max_size=14,
    )
)
def test_any_row_of_words_is_read_or_refused_with_4000(words: list[str]) -> None:
    refused_or_read(" ".join(words))
    refused_or_read("SELECT * FROM Customer WHERE " + " ".join(words))


def refused_or_read(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        assert isinstance(parse(text), Query)
    except ServiceFault as fault:
        problems = fault.problems
    assert [problem.code for problem in problems] in ([], ["4000"])
    assert all("at line " in problem.detail for problem in problems)


@pytest.mark.parametrize(
    ("statement", "query"),
    [
        ("SELECT * FROM Customer", Query("Customer")),
        ("select * from customer", Query("customer")),
        ("SELECT * FROM Customer  MAXRESULTS 100", Query("Customer", most=100)),
        ("SELECT *, Sku FROM Item ", Query("Item", ("*", "Sku"))),
        ("SELECT COUNT(*) FROM Customer ", Query("Customer", count=True)),
        ("select count ( * ) from Customer", Query("Customer", count=True)),
        ("SELECT Id, MetaData.CreateTime FROM Bill", Query("Bill", ("Id", "MetaData.CreateTime"))),
        (
            r"SELECT * FROM Customer WHERE DisplayName = 'Bill\'s'",
            Query("Customer", where=(Comparison("DisplayName", "=", ("Bill's",)),)),
        ),
        (
            "select * from Customer where Active = True and Balance>-1.50",
            Query(
                "Customer",
                where=(Comparison("Active", "=", (True,)), Comparison("Balance", ">", (Decimal("-1.50"),))),
            ),
        ),
        (
            "SELECT * FROM Customer WHERE Id in ('1', 2)",
            Query("Customer", where=(Comparison("Id", "IN", ("1", Decimal(2))),)),
        ),
        (
            "SELECT * FROM Customer WHERE GivenName like '%a%'",
            Query("Customer", where=(Comparison("GivenName", "LIKE", ("%a%",)),)),
        ),
        (
            "SELECT * FROM Invoice WHERE TxnDate >= CURRENT_DATE",
            Query("Invoice", where=(Comparison("TxnDate", ">=", (CurrentDate(),)),)),
        ),
        (
            "SELECT * FROM Customer ORDERBY FamilyName DESC, GivenName STARTPOSITION 5 MAXRESULTS 10",
            Query("Customer", order=(Ordering("FamilyName", True), Ordering("GivenName")), start=5, most=10),
        ),
        ("SELECT * FROM Customer ORDER BY Id ASC", Query("Customer", order=(Ordering("Id"),))),
        ("SELECT * FROM Customer MAXRESULTS 10 STARTPOSITION 5", Query("Customer", start=5, most=10)),
        ("SELECT * FROM Customer WHERE Notes = ''", Query("Customer", where=(Comparison("Notes", "=", ("",)),))),
        (r"SELECT * FROM A WHERE B = 'C:\dir'", Query("A", where=(Comparison("B", "=", (r"C:\dir",)),))),
        ("SELECT\n*\tFROM\r\nCustomer", Query("Customer")),
    ],
)
def test_statements_that_clients_send(statement: str, query: Query) -> None:
    assert parse(statement) == query


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("", "Encountered <EOF> at line 1, column 1. "),
        ("FROM Customer", 'Encountered <IDENTIFIER> "FROM" at line 1, column 1. '),
        ("SELECT * Customer", 'Encountered <IDENTIFIER> "Customer" at line 1, column 10. '),
        ("SELECT * FROM", "Encountered <EOF> at line 1, column 14. "),
        ("SELECT * FROM Customer WHERE", "Encountered <EOF> at line 1, column 29. "),
        ("SELECT * FROM Customer WHERE Id != '1'", "Invalid content. Lexical error at line 1, column 33. "),
        ("SELECT * FROM Customer WHERE Id IS NULL", 'Encountered <IDENTIFIER> "IS" at line 1, column 33. '),
        ("SELECT * FROM Customer WHERE Id = '1' OR Id = '2'", 'Encountered <IDENTIFIER> "OR" at line 1, column 39. '),
        ("SELECT * FROM Customer WHERE NOT Active = true", 'Encountered <IDENTIFIER> "Active" at line 1, column 34. '),
        ("SELECT * FROM Customer WHERE DisplayName = 'O''Neil'", 'Encountered <STRING> "Neil" at line 1, column 47. '),
        ("SELECT * FROM Customer WHERE DisplayName = 'O", "Invalid content. Lexical error at line 1, column 46. "),
        ('SELECT * FROM Customer WHERE DisplayName = "O"', "Invalid content. Lexical error at line 1, column 44. "),
        ("SELECT *\nFROM Customer\nWHERE Id ~ '1'", "Invalid content. Lexical error at line 3, column 10. "),
        ("SELECT * FROM Customer WHERE Id IN '1'", 'Encountered <STRING> "1" at line 1, column 36. '),
        ("SELECT * FROM Customer WHERE Id IN ()", 'Encountered <SYMBOL> ")" at line 1, column 37. '),
        ("SELECT * FROM Customer WHERE TxnDate = 2026-05-01", 'Encountered <NUMBER> "-05" at line 1, column 44. '),
        ("SELECT * FROM Customer MAXRESULTS ten", 'Encountered <IDENTIFIER> "ten" at line 1, column 35. '),
        ("SELECT * FROM Customer MAXRESULTS 1.5", 'Encountered <NUMBER> "1.5" at line 1, column 35. '),
        (
            "SELECT * FROM Customer MAXRESULTS 1 MAXRESULTS 2",
            'Encountered <IDENTIFIER> "MAXRESULTS" at line 1, column 37. ',
        ),
        ("SELECT * FROM Customer ORDERBY", "Encountered <EOF> at line 1, column 31. "),
        ("SELECT * FROM Customer ORDER Id", 'Encountered <IDENTIFIER> "Id" at line 1, column 30. '),
        ("SELECT * FROM Customer GROUP BY Id", 'Encountered <IDENTIFIER> "GROUP" at line 1, column 24. '),
        (
            "SELECT * FROM Customer;",
            'Invalid content. Lexical error at line 1, column 23.  Encountered: ";" (59), after : ""',
        ),
        (
            "SELECT * FROM Item WHERE Name = Boot – 6",
            'Invalid content. Lexical error at line 1, column 38.  Encountered: "\\u2013" (8211), after : ""',
        ),
        ("SELECT COUNT(Id) FROM Customer", 'Encountered <IDENTIFIER> "Id" at line 1, column 14. '),
        ("SELECT * FROM Customer WHERE Balance > 1.2.3", 'Encountered <NUMBER> "1.2.3" at line 1, column 40. '),
        ("DELETE FROM Customer", 'Encountered <IDENTIFIER> "DELETE" at line 1, column 1. '),
        ("SELECT * FROM Customer WHERE MetaData. = 'x'", 'Encountered <IDENTIFIER> "MetaData." at line 1, column 30. '),
    ],
)
def test_an_error_names_its_place(statement: str, place: str) -> None:
    with pytest.raises(ServiceFault) as caught:
        parse(statement)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("4000", "Error parsing query")
    assert problem.detail.startswith(f"QueryParserError: {place}")
