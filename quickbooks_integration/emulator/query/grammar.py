"""The statement as a tree, read by recursive descent and written back by `render`.

SELECT (* | COUNT(*) | property, ...) FROM Entity
  [WHERE property operator value [AND ...]]
  [ORDERBY property [ASC|DESC], ...] [STARTPOSITION n] [MAXRESULTS n]
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from quickbooks_integration.emulator.query.tokens import Token, TokenKind, parser_error, tokenize

OPERATORS = ("=", "<", ">", "<=", ">=")
Part = TypeVar("Part")


@dataclass(frozen=True)
class CurrentDate:
    """The word CURRENT_DATE, today in Pacific time when the query runs."""


Literal = str | Decimal | bool | CurrentDate


@dataclass(frozen=True)
class Comparison:
    path: str
    operator: str  # one of OPERATORS, LIKE or IN
    values: tuple[Literal, ...]  # exactly one, except for IN


@dataclass(frozen=True)
class Ordering:
    path: str
    descending: bool = False


@dataclass(frozen=True)
class Query:
    entity: str
    projection: tuple[str, ...] = ("*",)
    count: bool = False
    where: tuple[Comparison, ...] = ()
    order: tuple[Ordering, ...] = ()
    start: int | None = None
    most: int | None = None


def parse(statement: str) -> Query:
    """Raises a 4000 fault that names the line and column of the first token that does not fit."""
    return _Parser(tokenize(statement)).query()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.position = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def query(self) -> Query:
        self._expect("SELECT")
        count, projection = self._selection()
        self._expect("FROM")
        entity = self._name("an entity name")
        where = self._conditions() if self._accept("WHERE") else ()
        order = self._orderings() if self._order_by() else ()
        start, most = self._paging()
        if self.token.kind is not TokenKind.END:
            raise parser_error(self.token, "the end of the statement")
        return Query(entity, projection, count, where, order, start, most)

    def _selection(self) -> tuple[bool, tuple[str, ...]]:
        if self.token.keyword == "COUNT":
            self.position += 1
            for symbol in ("(", "*", ")"):
                self._symbol(symbol)
            return True, ("*",)
        return False, self._list(lambda: "*" if self._accept("*") else self._name("a property name or *"))

    def _conditions(self) -> tuple[Comparison, ...]:
        found = [self._comparison()]
        while self._accept("AND"):
            found.append(self._comparison())
        return tuple(found)

    def _comparison(self) -> Comparison:
        path = self._name("a property name")
        operator = self.token.keyword or self.token.text
        if self.token.kind is TokenKind.TEXT or operator not in (*OPERATORS, "LIKE", "IN"):
            raise parser_error(self.token, "one of = < > <= >= IN LIKE")
        self.position += 1
        if operator != "IN":
            return Comparison(path, operator, (self._literal(),))
        self._symbol("(")
        values = self._list(self._literal)
        self._symbol(")")
        return Comparison(path, operator, values)

    def _literal(self) -> Literal:
        token = self.token
        value: Literal
        if token.kind is TokenKind.TEXT:
            value = token.text
        elif token.kind is TokenKind.NUMBER:
            value = self._number(token)
        elif token.keyword in ("TRUE", "FALSE"):
            value = token.keyword == "TRUE"
        elif token.keyword == "CURRENT_DATE":
            value = CurrentDate()
        else:
            raise parser_error(token, "a value")
        self.position += 1
        return value

    @staticmethod
    def _number(token: Token) -> Decimal:
        try:
            return Decimal(token.text)
        except InvalidOperation:
            raise parser_error(token, "a number") from None

    def _order_by(self) -> bool:
        if self._accept("ORDERBY"):
            return True
        if self._accept("ORDER"):
            self._expect("BY")
            return True
        return False

    def _orderings(self) -> tuple[Ordering, ...]:
        return self._list(self._ordering)

    def _ordering(self) -> Ordering:
        path = self._name("a property name")
        if self._accept("DESC"):
            return Ordering(path, True)
        self._accept("ASC")
        return Ordering(path)

    def _paging(self) -> tuple[int | None, int | None]:
        """Both clauses, each at most once, in either order."""
        found: dict[str, int] = {}
        while self.token.keyword in ("STARTPOSITION", "MAXRESULTS") and self.token.keyword not in found:
            keyword = self.token.keyword
            self.position += 1
            found[keyword] = self._whole_number()
        return found.get("STARTPOSITION"), found.get("MAXRESULTS")

    def _whole_number(self) -> int:
        token = self.token
        # Longer numbers than any list has would only cost time to read.
        if token.kind is not TokenKind.NUMBER or "." in token.text or len(token.text) > 18:
            raise parser_error(token, "a whole number")
        self.position += 1
        return int(token.text)

    def _list(self, item: Callable[[], Part]) -> tuple[Part, ...]:
        found = [item()]
        while self._accept(","):
            found.append(item())
        return tuple(found)

    def _name(self, expected: str) -> str:
        token = self.token
        if token.kind is not TokenKind.WORD or token.keyword or token.text.endswith(".") or ".." in token.text:
            raise parser_error(token, expected)
        self.position += 1
        return token.text

    def _accept(self, text: str) -> bool:
        """Step over a keyword or a symbol if it is next."""
        token = self.token
        fits = token.keyword == text or (token.kind is TokenKind.SYMBOL and token.text == text)
        if fits:
            self.position += 1
        return fits

    def _expect(self, keyword: str) -> None:
        if not self._accept(keyword):
            raise parser_error(self.token, keyword)

    def _symbol(self, symbol: str) -> None:
        if not self._accept(symbol):
            raise parser_error(self.token, f'"{symbol}"')


def render(query: Query) -> str:
    """A statement that parses to the same query. A text can't end in a backslash: the language has no escape for it."""
    parts = ["SELECT", "COUNT(*)" if query.count else ", ".join(query.projection), "FROM", query.entity]
    if query.where:
        parts += ["WHERE", " AND ".join(_comparison_text(comparison) for comparison in query.where)]
    if query.order:
        parts += ["ORDERBY", ", ".join(f"{part.path} {'DESC' if part.descending else 'ASC'}" for part in query.order)]
    if query.start is not None:
        parts += ["STARTPOSITION", str(query.start)]
    if query.most is not None:
        parts += ["MAXRESULTS", str(query.most)]
    return " ".join(parts)


def _comparison_text(comparison: Comparison) -> str:
    values = ", ".join(_literal_text(value) for value in comparison.values)
    return f"{comparison.path} {comparison.operator} {f'({values})' if comparison.operator == 'IN' else values}"


def _literal_text(value: Literal) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "\\'") + "'"
    if isinstance(value, CurrentDate):
        return "CURRENT_DATE"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}"
