"""The first sync of two lists that know many of the same people: nobody is there twice afterwards."""

import random
from collections import Counter

import pytest

from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import MatchCandidate, QuickBooksSync
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync.conftest import Books, open_books  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
PEOPLE, BOTH = 500, 300  # on each side, and how many of them are on both


def phone(number: int) -> str:
    return f"617-{200 + number // 100:03d}-{1000 + number:04d}"


def known_here(number: int) -> Contact:
    """A third of them is known by the phone, a third by the e-mail, the others by both."""
    how = number % 3
    return pairs.contact(
        f"Given{number}", f"Family{number}", phone(number) if how != 1 else "",
        f"person{number}@example.com" if how else "",
    )  # fmt: skip


def known_there(number: int, chance: random.Random) -> dict:
    """As a bookkeeper typed it: other spellings of the same."""
    typed = chance.choice(["({}) {}-{}", "{}.{}.{}", "+1 {} {} {}", "{}{}{}"]).format(*phone(number).split("-"))
    name = chance.choice([f"Given{number} Family{number}", f"Family{number}, Given{number}"])
    document = {"Id": str(1000 + number), "DisplayName": name, "SyncToken": "0", "Active": True}
    if number % 3 != 1:
        document["PrimaryPhone"] = {"FreeFormNumber": typed}
    if number % 3:
        document["PrimaryEmailAddr"] = {"Address": f"Person{number}@Example.com"}
    return document


def test_after_the_first_sync_and_the_usual_decisions_nobody_is_there_twice(open_books, django_user_model):  # noqa: F811
    chance = random.Random(1)
    for number in range(PEOPLE):
        known_here(number)
    theirs = [known_there(number, chance) for number in range(PEOPLE - BOTH, 2 * PEOPLE - BOTH)]
    books: Books = open_books(theirs)
    books.pull()
    person = pairs.somebody()
    for candidate in MatchCandidate.objects.filter(state="open").order_by("-score"):
        if not QuickBooksSync.objects.filter(pk=candidate.sync_id, local_id=None).exists():
            continue
        reconciling.link(candidate, person)
    assert Contact.objects.exclude(quickbooks_customer_id=None).count() == BOTH
    for contact in Contact.objects.filter(quickbooks_customer_id=None):
        assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    books.contacts_of_all()
    books.pull(full=True)
    there = Counter(_number(one["GivenName"] if "GivenName" in one else one["DisplayName"])
                    for one in books.emulator.company().all("Customer"))  # fmt: skip
    here = Counter(_number(f"{one.first_name} {one.last_name}") for one in Contact.objects.all())
    assert (len(there), set(there.values())) == (2 * PEOPLE - BOTH, {1})
    assert (len(here), set(here.values())) == (2 * PEOPLE - BOTH, {1})


def test_no_customer_is_offered_where_a_phone_or_an_e_mail_is_there_already(open_books):  # noqa: F811
    chance = random.Random(2)
    books: Books = open_books([known_there(number, chance) for number in range(60)])
    books.pull()
    for number in range(60):
        contact = pairs.contact("Somebody", f"Else{number}", phone(number) if number % 3 != 1 else "",
                                f"person{number}@example.com" if number % 3 else "")  # fmt: skip
        made = books.sync().create_customer_from_contact(contact)
        assert (made["result"], [one["entity_id"] for one in made["found"]]) == ("exists", [str(1000 + number)])
    assert len(books.emulator.company().all("Customer")) == 60


def _number(name: str) -> str:
    return "".join(letter for letter in name.split()[0] if letter.isdecimal())
