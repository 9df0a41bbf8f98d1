"""Takes secrets and personal data out of what is logged or sent to Sentry. Rather too much than too little.

Repetitions are bounded: each expression takes time in proportion to the text.
"""

import re
from typing import Any

from contacts import card_numbers

GONE = "***"
# Names whose value is nobody's business, in a header, a query, a form, JSON or a Python dict.
_NAMES = (
    r"authorization|proxy-authorization|cookie|set-cookie|intuit-signature|openphone-signature|webhook-signature|openphone_webhook_keys|"
    # QuickBooks' SyncToken is a version and no secret.
    r"(?!sync[_-]?token)[\w-]{0,60}(?:token|secret|password|passwd|api[_-]?key)|secret_key|fernet_keys?|sessionid|csrfmiddlewaretoken|assertion"
)
_QUOTED = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"  # what is cut off has no end
_PATTERNS = [
    # Before the names: the value of "Authorization" has a blank in it.
    (re.compile(r"\b(bearer|basic)(\s+|%20)[A-Za-z0-9._~+/=%-]{6,}", re.IGNORECASE), rf"\1\2{GONE}"),
    # With commas and semicolons: OpenPhone's signatures, of the new and of the old scheme.
    (re.compile(r"\b(v1,|hmac;1;\d{1,16};)[\w+/]{10,}=*"), rf"\1{GONE}"),
    (
        re.compile(r"(?P<start>\b(?:set-)?cookie\b[\"']?\s*[:=]\s*)(?![\"'])[^\r\n]+", re.IGNORECASE),
        rf"\g<start>{GONE}",
    ),
    (
        re.compile(
            rf"(?P<start>(?<![\w-])[\"']?(?:{_NAMES})[\"']?\s*(?:[:=]|%3D)\s*)(?P<scheme>bearer\s+|basic\s+)?"
            rf"(?:b?(?:{_QUOTED})|[^\s,;&\"'}}\])]+)",
            re.IGNORECASE,
        ),
        rf"\g<start>{GONE}",
    ),
    # A link that sets a password.
    (re.compile(r"(?P<start>/password/new/)[^/\s]+"), rf"\g<start>{GONE}"),
    # OAuth's code and state; a fault's "code=6000" is short and stays.
    (re.compile(r"(?P<start>[?&](?:code|state)=)[^&\s\"']+"), rf"\g<start>{GONE}"),
    (
        re.compile(r"(?P<start>(?<![\w-])[\"']?(?:code|state)[\"']?\s*[:=]\s*[\"']?)[\w.~+/-]{16,}=*", re.IGNORECASE),
        rf"\g<start>{GONE}",
    ),
    # What is a secret wherever it stands: Fernet's ciphertext, a JWT, Intuit's codes and refresh tokens, keys of webhooks.
    (
        re.compile(
            r"\bgAAAA[\w-]{20,}=*|\beyJ[\w-]{8,}(?:\.[\w-]+)*|\b(?:AB11|RT1-|RT\d+-)[\w-]{12,}|\bwhsec_[\w+/=-]{12,}"
        ),
        GONE,
    ),
    (re.compile(r"(?P<start>://)[^\s/@:]{0,100}:[^\s/@]{0,200}@"), rf"\g<start>{GONE}@"),
    (re.compile(r"[\w.+%'-]{1,64}@[\w-]+(?:\.[\w-]+)+"), GONE),
    # Cards as they are printed, in groups, whoever issued them; those in one run are known by their check digit below.
    (
        re.compile(r"(?<![\w-])\d{4}([ -])\d{4}\1\d{4}\1\d{3,4}(?![\w-])|(?<![\w-])3\d{3}([ -])\d{6}\2\d{5}(?![\w-])"),
        GONE,
    ),
    # With a country's code; with its groups apart; ten digits as North America has them, which no time in seconds is.
    (re.compile(r"(?<![\w+])\+\d(?:[ .()-]{0,2}\d){7,14}(?![\w])"), GONE),
    (re.compile(r"(?<![\w.-])(?:1[ .-]?)?(?:\(\d{3}\)\s?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"), GONE),
    (re.compile(r"(?<![\w.-])1?[2-9]\d{2}[2-9]\d{6}(?![\w-])"), GONE),
]
_SECRET_NAME = re.compile(rf"(?:{_NAMES}|code|state|e-?mail|phone)", re.IGNORECASE)


def masked(text: str) -> str:
    """The same text with *** in the places of secrets, cards, e-mail addresses and phone numbers."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return card_numbers.masked(text)


def masked_value(value: Any, name: str = "") -> Any:
    """As masked, for all texts inside lists and dicts too. name: of the value; a secret's name hides all of it."""
    if isinstance(value, dict):
        return {key: masked_value(one, str(key)) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked_value(one, name) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return GONE if _SECRET_NAME.fullmatch(name) else masked(str(value))
