"""Splits a statement into tokens, each with its line and column for error messages."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from quickbooks_integration.emulator.errors import ServiceFault, refusal

KEYWORDS = frozenset(
    ("SELECT", "COUNT", "FROM", "WHERE", "AND", "IN", "LIKE", "ORDERBY", "ORDER", "BY", "ASC", "DESC")
    + ("STARTPOSITION", "MAXRESULTS", "TRUE", "FALSE", "CURRENT_DATE")
)
SYMBOLS = ("<=", ">=", "=", "<", ">", "(", ")", ",", "*")
BLANKS = " \t\r\n\f"


class TokenKind(Enum):
    WORD = "IDENTIFIER"
    TEXT = "STRING"
    NUMBER = "NUMBER"
    SYMBOL = "SYMBOL"
    END = "EOF"


@dataclass(frozen=True)
class Token:
    kind: TokenKind
    text: str
    line: int
    column: int

    @property
    def keyword(self) -> str:
        """The keyword in capitals, empty for anything else."""
        upper = self.text.upper()
        return upper if self.kind is TokenKind.WORD and upper in KEYWORDS else ""


def tokenize(statement: str) -> list[Token]:
    """All tokens, the last one END. Raises a 4000 fault with the position of what can't be read."""
    return list(_Reader(statement).tokens())


def parser_error(token: Token, expected: str) -> ServiceFault:
    seen = "<EOF>" if token.kind is TokenKind.END else f'<{token.kind.value}> "{token.text}"'
    return refusal(
        "4000",
        f"QueryParserError: Encountered {seen} at line {token.line}, column {token.column}. Was expecting: {expected}",
    )


class _Reader:
    def __init__(self, statement: str) -> None:
        self.statement = statement
        self.position = 0
        self.line = 1
        self.line_start = 0

    def tokens(self) -> Iterator[Token]:
        while True:
            self._skip_blanks()
            token = self._next()
            yield token
            if token.kind is TokenKind.END:
                return

    def _skip_blanks(self) -> None:
        while self.position < len(self.statement) and self.statement[self.position] in BLANKS:
            if self.statement[self.position] == "\n":
                self.line += 1
                self.line_start = self.position + 1
            self.position += 1

    def _next(self) -> Token:
        if self.position >= len(self.statement):
            return self._token(TokenKind.END, 0)
        character = self.statement[self.position]
        if character == "'":
            return self._string()
        if character.isascii() and (character.isalpha() or character == "_"):
            return self._token(TokenKind.WORD, self._length(lambda c: c.isascii() and (c.isalnum() or c in "_.")))
        if character in "0123456789" or (character == "-" and self._peek(1) in "0123456789"):
            return self._token(TokenKind.NUMBER, 1 + self._length(lambda c: c in "0123456789.", 1))
        for symbol in SYMBOLS:
            if self.statement.startswith(symbol, self.position):
                return self._token(TokenKind.SYMBOL, len(symbol))
        shown = character if character.isascii() else f"\\u{ord(character):04x}"
        raise self._lexical_error(self.position, f'"{shown}" ({ord(character)}), after : ""')

    def _peek(self, ahead: int) -> str:
        place = self.position + ahead
        return self.statement[place] if place < len(self.statement) else "\0"

    def _length(self, belongs: Callable[[str], bool], start: int = 0) -> int:
        end = self.position + start
        while end < len(self.statement) and belongs(self.statement[end]):
            end += 1
        return end - self.position - start

    def _token(self, kind: TokenKind, length: int, text: str | None = None) -> Token:
        start = self.position
        self.position += length
        words = self.statement[start : self.position] if text is None else text
        return Token(kind, words, self.line, start - self.line_start + 1)

    def _string(self) -> Token:
        """A backslash escapes only the apostrophe; clients do not escape the backslash itself."""
        characters: list[str] = []
        place = self.position + 1
        while place < len(self.statement):
            if self.statement.startswith("\\'", place):
                characters.append("'")
                place += 2
            elif self.statement[place] == "'":
                return self._token(TokenKind.TEXT, place + 1 - self.position, "".join(characters))
            else:
                characters.append(self.statement[place])
                place += 1
        raise self._lexical_error(len(self.statement), '<EOF> after : ""')

    def _lexical_error(self, place: int, seen: str) -> ServiceFault:
        """In the words that were seen for characters outside of the language, a trailing semicolon among them."""
        place_in_line = f"line {self.line}, column {place - self.line_start + 1}"
        return refusal(
            "4000", f"QueryParserError: Invalid content. Lexical error at {place_in_line}.  Encountered: {seen}"
        )
