"""Finding contacts, properties and conversations by whatever the office has at hand: a name, a number in any format, a street."""

import re
from typing import Any

from django.db.models import Q, QuerySet

from contacts.matching import normalise
from contacts.models import (
    Contact,
    ContactAddress,
    ContactEmail,
    ContactPhone,
    Conversation,
    Property,
    PropertyContact,
)

MOST_TERMS, LONGEST_TERM = 8, 100
# Digits with what people put between them, long enough to be more than a house number.
_NUMBER = re.compile(r"(?<!\w)\+?\(?\d[\d\s().\-–/]{4,}\d(?:\s*(?:x|ext\.?)\s*\d{1,7})?(?!\w)", re.IGNORECASE)
_ONLY_NUMBER = re.compile(r"[+\d().\-]*")


def contacts(queryset: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    """The contacts that every word of the text applies to, be it in a name, a number, an e-mail, an id or an address."""
    # One INTERSECT: as a row of IN (...) PostgreSQL plans nested loops and takes a second for four words.
    found = [_contact_ids(term) for term in terms(text)]
    return queryset.filter(pk__in=found[0].intersection(*found[1:])) if found else queryset


def properties(queryset: QuerySet[Property], text: str) -> QuerySet[Property]:
    """The properties that every word applies to, in the address, the parcel number or the people there."""
    for term in terms(text):
        here = queryset.model.objects.filter(_any_of(term, "address", "city", "zip_code", "parcel_number")).values("pk")
        people = PropertyContact.objects.filter(contact__in=_own_ids(term)).values("property_id")
        queryset = queryset.filter(pk__in=here.union(people))
    return queryset


def conversations(queryset: QuerySet[Conversation], text: str) -> QuerySet[Conversation]:
    """Those that every word applies to: the other side's number, or a name, number, e-mail or id of the contact."""
    for term in terms(text):
        whole, digits = normalise.phone(term), _digits(term)
        number = Q(other_number__icontains=whole.key if whole else digits if len(digits) >= 3 else term)
        own = queryset.model.objects.filter(contact__in=_own_ids(term)).values("pk")
        queryset = queryset.filter(pk__in=queryset.model.objects.filter(number).values("pk").union(own))
    return queryset


def terms(text: str) -> list[str]:
    """The words of a query; a number with blanks in it is one word: "ann (617) 555-0123" has two."""
    text = text.replace("\0", "")[: MOST_TERMS * LONGEST_TERM]
    found = [match[0] for match in _NUMBER.finditer(text) if len(_digits(match[0])) >= 7]
    for number in found:
        text = text.replace(number, " ", 1)
    words = (word.strip(",;\"'") for word in text.split())
    return list(dict.fromkeys(word[:LONGEST_TERM] for word in [*found, *words] if word))[:MOST_TERMS]


def _contact_ids(term: str) -> QuerySet[Any]:
    there = Property.objects.filter(_any_of(term, "address", "city", "zip_code")).values("pk")
    at_properties = PropertyContact.objects.filter(property__in=there).values("contact_id")
    addresses = ContactAddress.objects.filter(_any_of(term, "street", "city", "zip_code")).values("contact_id")
    return _own_ids(term).union(addresses, at_properties)


def _own_ids(term: str) -> QuerySet[Any]:
    """Ids of contacts by what is their own: names, ids, numbers, e-mails."""
    named = (
        Contact.objects.current()
        .filter(_any_of(term, "first_name", "last_name", "company", "external_id") | Q(quickbooks_customer_id=term))
        .values("pk")
    )
    emails = ContactEmail.objects.filter(address__icontains=term).values("contact_id")
    return named.union(_phone_ids(term), emails)


def _phone_ids(term: str) -> QuerySet[Any]:
    """A whole number by its key, part of one by its digits, and what was typed instead of a number as it stands."""
    phones = ContactPhone.objects.values("contact_id")
    whole = normalise.phone(term)
    if whole:
        return phones.filter(key=whole.key)
    digits = _digits(term)
    if len(digits) >= 3 and _ONLY_NUMBER.fullmatch(re.sub(r"\s", "", term)):
        return phones.filter(key__contains=digits)
    return phones.filter(key="", number__icontains=term)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _any_of(term: str, *columns: str) -> Q:
    found = Q()
    for column in columns:
        found |= Q(**{f"{column}__icontains": term})
    return found
