from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from contacts import people
from contacts.models import Contact, ContactAddress
from contacts.people import Address, Number, Particulars, Unstorable
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def test_creating_stores_everything_and_takes_a_list_of_numbers_apart() -> None:
    contact = people.create(
        Particulars(
            first_name="Ann",
            last_name="Smith",
            phones=(Number("617-555-0101 / 508-555-0102", "mobile"), "call after 5"),
            emails=("Ann@Example.com", "b@example.com, none@none.com"),
            addresses=(Address("12 Main St", "Quincy", "MA", "02169"),),
            external_id="A1",
        ),
        source=Contact.Source.CSV,
    )

    contact = Contact.objects.get(pk=contact.pk)
    assert (contact.name, contact.source, contact.external_id) == ("Ann Smith", "csv", "A1")
    assert [(phone.number, phone.key, phone.label) for phone in contact.phones.all()] == [
        ("(617) 555-0101", "+16175550101", "mobile"),
        ("(508) 555-0102", "+15085550102", "mobile"),
        ("call after 5", "", "main"),
    ]
    assert [(email.address, email.key) for email in contact.emails.all()] == [
        ("Ann@Example.com", "ann@example.com"),
        ("b@example.com", "b@example.com"),
    ]
    assert str(contact.addresses.get()) == "12 Main St, Quincy, MA 02169"


def test_enriching_fills_what_is_empty_and_adds_what_is_missing() -> None:
    contact = make_contact(phones=("617-555-0101",))

    changes = people.enrich(
        contact,
        Particulars(
            first_name="Ann",
            last_name="Smith",
            company="Acme",
            phones=("(617) 555-0101", "508-555-0102"),
            emails=("ann@example.com",),
            payment_terms="Net 30",
            customer_type="customer",
            tax_exempt=True,
        ),
        source="quickbooks",
    )

    assert changes.filled == {
        "first_name": "Ann",
        "last_name": "Smith",
        "company": "Acme",
        "payment_terms": "Net 30",
        "customer_type": "customer",
        "tax_exempt": True,
    }
    assert changes.differs == {}
    stored = Contact.objects.get(pk=contact.pk)
    assert (stored.name, stored.company, stored.tax_exempt) == ("Ann Smith", "Acme", True)
    assert contact.first_name == "Ann"
    assert [phone.number for phone in stored.phones.all()] == ["617-555-0101", "508-555-0102"]
    assert stored.email == "ann@example.com"


def test_a_filled_field_is_never_overwritten_but_named() -> None:
    contact = make_contact("Ann", "Smith", company="Acme", address={"street": "12 Main St", "kind": "billing"})

    changes = people.enrich(
        contact,
        Particulars(
            first_name="Anna",
            last_name="Brown",
            company="Other Inc",
            addresses=(Address("9 Elm St", kind=ContactAddress.Kind.BILLING),),
        ),
        source="csv",
    )

    assert changes.differs == {
        "name": people.Difference("Ann Smith", "Anna Brown"),
        "company": people.Difference("Acme", "Other Inc"),
        "billing address": people.Difference("12 Main St", "9 Elm St"),
    }
    assert not changes
    stored = Contact.objects.get(pk=contact.pk)
    assert (stored.name, stored.company, stored.addresses.get().street) == ("Ann Smith", "Acme", "12 Main St")
    assert stored.version == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "filled", "differs"),
    [
        (("Ann", ""), ("Ann", "Smith"), {"last_name": "Smith"}, False),
        (("", "Smith"), ("Ann", "Smith"), {"first_name": "Ann"}, False),
        (("Ann", "Smith"), ("Ann", ""), {}, False),
        (("Ann Smith", ""), ("Ann", "Smith"), {}, False),
        (("Ann", "Smith"), ("SMITH", "ann"), {}, False),
        (("José", "Müller"), ("Jose", "Muller"), {}, False),
        (("Ann", ""), ("Bob", "Smith"), {}, True),
        (("Ann", "Smith"), ("Ann", "Brown"), {}, True),
    ],
)
def test_a_name_is_one_unit(ours: tuple, theirs: tuple, filled: dict, differs: bool) -> None:
    contact = make_contact(*ours)

    changes = people.enrich(contact, Particulars(first_name=theirs[0], last_name=theirs[1]), source="csv")

    assert (changes.filled, bool(changes.differs)) == (filled, differs)


def test_the_same_address_in_another_spelling_is_completed_not_contradicted() -> None:
    contact = make_contact("Ann", address={"street": "12 North Main Street", "kind": "mailing", "zip_code": "2169"})

    changes = people.enrich(
        contact, Particulars(addresses=(Address("12 N. Main St", "Quincy", "MA", "02169-1234"),)), source="csv"
    )

    assert (changes.differs, bool(changes)) == ({}, True)
    address = contact.addresses.get()
    assert (address.street, address.city, address.state, address.zip_code) == (
        "12 North Main Street",
        "Quincy",
        "MA",
        "2169",
    )


def test_enriching_with_what_is_known_writes_nothing() -> None:
    contact = make_contact("Ann", "Smith", phones=("617-555-0101",), emails=("ann@example.com",))
    particulars = Particulars("ann", "SMITH", phones=("+1 617 555 0101",), emails=("ANN@example.com",))

    changes = people.enrich(contact, particulars, source="csv")

    assert not changes
    assert changes.differs == {}
    assert Contact.objects.get(pk=contact.pk).version == 0


def test_enriching_reads_the_contact_anew_so_that_a_stale_one_overwrites_nothing() -> None:
    stale = make_contact(phones=("617-555-0101",))
    Contact.objects.filter(pk=stale.pk).update(company="Typed meanwhile")

    with transaction.atomic():
        changes = people.enrich(stale, Particulars(company="From QuickBooks", notes="new"), source="quickbooks")

    assert changes.filled == {"notes": "new"}
    assert Contact.objects.get(pk=stale.pk).company == "Typed meanwhile"


@pytest.mark.parametrize(
    ("particulars", "sentence"),
    [
        (Particulars(first_name="x" * 101), "The first name has 101 characters; at most 100 fit."),
        (Particulars(phones=("9" * 61,)), "The phone has 61 characters; at most 60 fit."),
        (Particulars(emails=("x" * 255,)), "The e-mail has 255 characters; at most 254 fit."),
        (Particulars(company="Ac\0me"), "The company holds a character that cannot be stored (NUL)."),
        (Particulars(addresses=(Address(zip_code="1" * 31),)), "The ZIP code has 31 characters; at most 30 fit."),
    ],
)
def test_what_cannot_be_stored_is_refused_with_a_sentence_and_nothing_is_stored(
    particulars: Particulars, sentence: str
) -> None:
    contact = make_contact("Ann")
    for call in (lambda: people.create(particulars), lambda: people.enrich(contact, particulars, source="csv")):
        with pytest.raises(Unstorable) as refused:
            call()
        assert str(refused.value) == sentence
    assert Contact.objects.count() == 1
    assert Contact.objects.get().version == 0


def test_a_phone_alone_is_a_change_of_its_contact_and_what_it_has_already_is_none() -> None:
    contact = make_contact("Ann", phones=("617-555-0101",))
    long_ago = timezone.now() - timedelta(days=9)
    Contact.objects.update(updated_at=long_ago)

    people.enrich(contact, Particulars(phones=("(617) 555-0101",)), source="csv")
    assert Contact.objects.get().updated_at == long_ago
    people.enrich(contact, Particulars(phones=("617-555-0102",)), source="csv")
    assert Contact.objects.get().updated_at > long_ago
