"""Card numbers never land here: what people write into notes and messages is stored without them.

Found is what looks like a card in every respect: an issuer's first digits, its length, the check digit, and digits
written in one run or in the groups that are printed on cards. Telephone numbers and ids do not.
"""

import re
from functools import partial
from itertools import pairwise

# Of the payment networks: first digits, and how many there are in all.
_ISSUERS = (
    (re.compile(r"4"), (13, 16, 19)),  # Visa
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),  # Mastercard
    (re.compile(r"3[47]"), (15,)),  # American Express
    (re.compile(r"6011|64[4-9]|65"), (16, 17, 18, 19)),  # Discover
    (re.compile(r"30[0-5]|3095|36|3[89]"), (14, 15, 16, 17, 18, 19)),  # Diners Club
    (re.compile(r"352[89]|35[3-8]"), (16, 17, 18, 19)),  # JCB
    (re.compile(r"62"), (16, 17, 18, 19)),  # UnionPay
)
_GAP = r"(?:[ .\-\u00a0\u2010-\u2015]{1,2}|[\s,/_]{1,3})"
# Digits as on a card, in one run or in groups; `more`: what may be the end of a number of 17 to 19 digits or something else.
_WRITTEN = re.compile(
    rf"""(?P<start>(?<![\w$\-])(?<!\d[.,])|\b(?:visa|master ?card|amex|discover|card|debit|credit|number|cc|mc)[\W_]{{0,2}})
    (?P<number>
        \d{{13,19}}
        | \d{{4}}(?:{_GAP}\d{{4}}){{3}}                # 4242 4242 4242 4242
        | \d{{4}}{_GAP}\d{{4}}{_GAP}\d{{4}}{_GAP}\d{{3}}  # American Express, as if it were a Visa card
        | \d{{4}}{_GAP}\d{{6}}{_GAP}\d{{4,5}}           # American Express, Diners Club
        | \d{{8}}{_GAP}\d{{8}}
        | \d{{4}}{_GAP}\d{{4}}{_GAP}\d{{8}}
    )
    (?![\d\-]\d|\d|\.\d|,\d{{1,3}}(?!\d)|[^\W\d]{{1,2}}(?![^\W\d]))
    (?P<more>{_GAP}\d{{1,3}}(?![\w\-/]|[.,]\d))?""",
    re.VERBOSE | re.IGNORECASE,
)
_LIST_GAP = re.compile(r"[,/_\n\r\t]|\s{3}")
_ABOUT_CARDS = re.compile(
    r"(?:0[1-9]|1[0-2])/\d\d|card|visa|amex|discover|credit|debit|\bcc\b|\bexp|cvv|cvc|\bpa(?:y|id)", re.IGNORECASE
)
_CHECK_CODE = re.compile(r"\b(cvv2?|cvc2?|cid|csc)\b(\W{0,3})\d{3,4}\b", re.IGNORECASE)
# What is written behind a card: when it ends, then its code.
_CODE_BEHIND = re.compile(
    r"(\[card ending in \d{4}\]\W{0,3}(?:(?:exp\w*\W{0,3})?\d{1,2}/\d{2}(?:\d{2})?\W{1,3}(?=\d{3,4}(?!\d))(?!20\d\d))?)"
    r"(?:(?<=\W)\d{3}|(?<=/\d\d\W)\d{4}|(?<=/\d\d\W\W)\d{4})(?=\s*(?:$|[.,;)\n]))",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """The text with each card number as "[card ending in 4242]", and beside one also its check code."""
    if len(text) < 13 or _WRITTEN.search(text) is None:
        return text
    is_about_cards = _ABOUT_CARDS.search(text) is not None  # once: a long text may hold thousands of numbers
    found = _WRITTEN.sub(partial(_hidden, is_about_cards=is_about_cards), text)
    return found if found == text else _CODE_BEHIND.sub(r"\1[removed]", _CHECK_CODE.sub(r"\1\2[removed]", found))


def _hidden(match: re.Match[str], *, is_about_cards: bool) -> str:
    if not is_about_cards and _is_a_list(match["number"]):
        return match[0]
    more = match["more"] or ""
    for number, behind in ((match["number"] + more, ""), (match["number"], more)):
        digits = re.sub(r"\D", "", number)
        if is_card_number(digits):
            return f"{match['start']}[card ending in {digits[-4:]}]{behind}"
    return match[0]


def _is_a_list(number: str) -> bool:
    """Whether it may be several numbers: growing ones with commas or on lines of their own, or one after the other ("units
    4003 4004 4005 4006")."""
    groups = [int(group) for group in re.findall(r"\d+", number)]
    steps = {after - before for before, after in pairwise(groups)}
    if len(groups) != 4 or min(steps) <= 0:
        return False
    return _LIST_GAP.search(number) is not None or (len(steps) == 1 and max(steps) < 10)


def is_card_number(digits: str) -> bool:
    """digits: nothing else."""
    is_issued = any(first.match(digits) and len(digits) in lengths for first, lengths in _ISSUERS)
    return is_issued and _has_check_digit(digits)


def _has_check_digit(digits: str) -> bool:
    """Luhn: every second digit from the right counts double, its digits added."""
    doubled = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
    own = sum(int(digit) for digit in digits[-1::-2])
    return (own + sum(doubled[int(digit)] for digit in digits[-2::-2])) % 10 == 0
