"""One spelling for what people type in many: phones, e-mails, names, streets. Pure and quick: it runs for every pulled row."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

import phonenumbers

_NORTH_AMERICAN = re.compile(
    r"""(?<!\d)(?:\+?1[\s.\-]*)?            # country code
        \(?([2-9]\d\d)\)?[\s./\-]*          # area code
        ([2-9]\d\d)[\s.\-]*(\d{4})(?!\d)    # exchange and line
        (?:[\s,;(]*(?:extension|extn?|x|\#)[.:\s]*(\d{1,7})(?![\d\-]))?""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
# A plus that is not North America's, or the prefix that an American dials for abroad.
_ABROAD = re.compile(r"\+\W*[02-9]|(?<![\d+])011[\s.\-]*[2-9]", re.ASCII)
_DIALLED_ABROAD = re.compile(r"(?<![\d+])011[\s.\-]*(?=[2-9])", re.ASCII)
_EMAIL = re.compile(r"""[^\s@,;:|/<>()\[\]"'][^\s@,;:|/<>()\[\]"]*@(?:[\w-]+\.)+(?:xn--[\w-]+|[^\W\d_]{2,})""")
_WORD = re.compile(r"[^\W_]+(?:['’`][^\W_]+)*")
_APOSTROPHE = re.compile("['’`]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
# Letters that Unicode does not decompose.
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

# Typed to get past a required field. They belong to nobody.
PLACEHOLDER_DIGITS = {digit * 10 for digit in "0123456789"} | {"1234567890", "2345678901", "9876543210"}
PLACEHOLDER_MAILBOXES = {
    "none", "no", "na", "noemail", "no-email", "no.email", "no_email", "nomail", "test", "unknown", "asdf",
    "noreply", "no-reply", "donotreply", "null",
}  # fmt: skip
PLACEHOLDER_DOMAINS = {"none", "noemail", "no-email", "nomail", "na", "null", "test"}

NOT_PART_OF_A_NAME = {"deleted", "mr", "mrs", "ms", "dr", "jr", "sr", "ii", "iii", "the", "and"}
LEGAL_FORMS = {"llc", "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "lp", "llp", "pc"}
STREET_WORDS = {
    "street": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln", "court": "ct",
    "place": "pl", "boulevard": "blvd", "terrace": "ter", "circle": "cir", "highway": "hwy", "parkway": "pkwy",
    "square": "sq", "north": "n", "south": "s", "east": "e", "west": "w", "apartment": "apt", "suite": "ste",
}  # fmt: skip


# Of a key; what a street line says after that tells no house from another.
LONGEST_STREET = 200

_BARE_NUMBER = re.compile(r"\s*(?:\+?1)?\d{10}\s*", re.ASCII)


class Phone(NamedTuple):
    """key: E.164, for example +16175550123. extension: digits, "" when none."""

    key: str
    extension: str


def phones(text: str) -> list[Phone]:
    """Every dialable number of a free text, in order, each once; [] for "call after 5" and for placeholders."""
    return list(_phones(text))


# An import asks for the same text several times: to check it, to find the contact, to store it.
@lru_cache(maxsize=10_000)
def _phones(text: str) -> tuple[Phone, ...]:
    if not text.isascii():
        text = _ascii_digits(text)
    abroad = _phones_abroad(text) if _ABROAD.search(text) else []
    for start, end, _ in abroad:
        text = text[:start] + " " * (end - start) + text[end:]
    found = [(start, phone) for start, _, phone in abroad]
    for match in _NORTH_AMERICAN.finditer(text):
        area, exchange, line, extension = match.groups("")
        if area + exchange + line not in PLACEHOLDER_DIGITS:
            found.append((match.start(), Phone(f"+1{area}{exchange}{line}", extension)))
    if abroad:
        found.sort()
    return tuple(dict.fromkeys(phone for _, phone in found))


def phone(text: str) -> Phone | None:
    """The first dialable number of a text."""
    return next(iter(phones(text)), None)


def phone_texts(text: str) -> list[str]:
    """A field as the texts to keep: as typed, but "617-555-0123 / 508-555-0199" becomes one text per number."""
    text = " ".join(text.split())
    found = phones(text)
    return [formatted(phone) for phone in found] if len(found) > 1 else [text] if text else []


def formatted(phone: Phone) -> str:
    """(617) 555-0123 x5; a number from abroad stays E.164."""
    key = phone.key
    number = f"({key[2:5]}) {key[5:8]}-{key[8:]}" if key.startswith("+1") else key
    return f"{number} x{phone.extension}" if phone.extension else number


def readable(text: str) -> str:
    """6175550123 and +16175550123 -> (617) 555-0123; everything else as a person typed it."""
    found = phone(text) if _BARE_NUMBER.fullmatch(text) else None
    return formatted(found) if found else text


def _ascii_digits(text: str) -> str:
    """Digits of any script as 0-9, every dash as "-", without the direction marks that phones copy along."""
    kept = (
        str(unicodedata.decimal(character, character))
        for character in unicodedata.normalize("NFKC", text)
        if unicodedata.category(character) != "Cf"
    )
    return "".join(kept).translate(_DASHES)


def _phones_abroad(text: str) -> list[tuple[int, int, Phone]]:
    """(start, end, number) of the numbers with another country code than 1, in the coordinates of `text`."""
    # "+" padded to the same length, so that positions stay true.
    text = _DIALLED_ABROAD.sub(lambda match: "+".rjust(len(match[0])), text)
    return [
        (match.start, match.end, _phone_abroad(match.number))
        for match in phonenumbers.PhoneNumberMatcher(text, None)
        if match.number.country_code != 1
    ]


def _phone_abroad(number: phonenumbers.PhoneNumber) -> Phone:
    key = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(key, (number.extension or "")[:10])


def emails(text: str) -> list[str]:
    """Every address of a comma or semicolon list, lower case, each once; placeholders left out."""
    if "@" not in text:
        return []
    found = (address.strip(".'") for address in _EMAIL.findall(text.lower().replace("n/a@", "na@")))
    return [address for address in dict.fromkeys(found) if len(address) <= 254 and not _is_placeholder_email(address)]


def email(text: str) -> str:
    """The first address of a text, lower case; "" when there is none."""
    return next(iter(emails(text)), "")


def _is_placeholder_email(address: str) -> bool:
    mailbox, _, domain = address.partition("@")
    return mailbox in PLACEHOLDER_MAILBOXES or domain.partition(".")[0] in PLACEHOLDER_DOMAINS


def words(*texts: str) -> tuple[str, ...]:
    """The words of a name without case, accents, titles and legal forms: "O'Brien, José Jr." -> ("obrien", "jose").

    A name of nothing but such words ("The Company") keeps them.
    """
    return _name_words(" ".join(texts))


@lru_cache(maxsize=10_000)
def _name_words(text: str) -> tuple[str, ...]:
    return of_a_name(all_words(text))


def of_a_name(found: tuple[str, ...]) -> tuple[str, ...]:
    """What `words` gives of `all_words`."""
    return tuple(word for word in found if word not in NOT_PART_OF_A_NAME and word not in LEGAL_FORMS) or found


def all_words(text: str) -> tuple[str, ...]:
    plain = text.lower() if text.isascii() else _without_accents(text)
    found = _WORD.findall(plain)
    return tuple(_APOSTROPHE.sub("", word) for word in found) if _APOSTROPHE.search(plain) else tuple(found)


def _without_accents(text: str) -> str:
    # Decomposed before and after folding: either step can bring forth work for the other.
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return plain.translate(_PLAIN_LETTERS)


def street(text: str) -> str:
    """One spelling of a street line: "12 North Main Street, Apt. 3" -> "12 n main st apt 3"."""
    return " ".join(STREET_WORDS.get(word, word) for word in all_words(text))


def place(street_line: str, zip_text: str) -> str:
    """A house as a key: "12 n main st|02169"; "" without a number or a ZIP code, which many houses share."""
    found, code = street(street_line), zip_code(zip_text)
    is_house = found[:1].isdigit() and " " in found and len(code) == 5 and code.isdigit()
    return f"{found[:LONGEST_STREET]}|{code}" if is_house else ""


def zip_code(text: str) -> str:
    """The five digits of a ZIP code; a spreadsheet's lost leading zero comes back. Anything else as typed."""
    digits = text.strip().partition("-")[0]
    if digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 5:
        return digits.zfill(5)
    return text.strip()
