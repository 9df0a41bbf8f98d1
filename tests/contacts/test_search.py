import pytest

from contacts import search
from contacts.models import Contact, Property
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Contact:
    ann = make_contact(
        "Ann",
        "Smith",
        company="Acme Builders",
        external_id="A-77",
        quickbooks_customer_id="58",
        phones=("(617) 555-0123 x5", "call after 5"),
        emails=("Ann.Smith@Example.com",),
        address={"street": "12 Main St", "city": "Quincy", "zip_code": "02169", "kind": "mailing"},
    )
    make_property("98 Cellar Road", city="Milton", people=(ann,))
    make_contact("Ann", "Brown", phones=("(617) 555-0199",))
    make_contact("Bob", "Smith", phones=("508-777-0123",))
    return ann


@pytest.mark.parametrize(
    "text",
    [
        "ann smith",
        "SMITH, ann",
        "smi ann",
        "acme",
        "(617) 555-0123",
        "6175550123",
        "617.555.0123",
        "+1 617 555 0123",
        "+1 617-555-0123 x5",
        "555-0123",
        "5550123",
        "617 555 0123",
        "617 5550123",
        "smith (617) 555-0123",
        "617 smith",
        "call after",
        "ann.smith@example.com",
        "SMITH@EXAMPLE",
        "A-77",
        "58 ann",
        "12 main",
        "main st quincy",
        "02169",
        "98 cellar",
        "ann milton",
    ],
)
def test_a_contact_is_found_by(text: str, ann: Contact) -> None:
    assert list(search.contacts(Contact.objects.all(), text)) == [ann]


@pytest.mark.parametrize("text", ["ann 508-777-0123", "617-555-0124", "zzz", "ann smith boston", "100%", "a_n"])
def test_a_word_that_fits_nobody_finds_nobody(text: str, ann: Contact) -> None:
    assert list(search.contacts(Contact.objects.all(), text)) == []


@pytest.mark.parametrize("text", ["", "   ", "\0", ",;"])
def test_nothing_to_search_for_leaves_all(text: str, ann: Contact) -> None:
    assert search.contacts(Contact.objects.all(), text).count() == 3


def test_a_very_long_text_is_cut_not_a_crash(ann: Contact) -> None:
    assert search.contacts(Contact.objects.all(), "ann " * 5_000).count() == 2
    assert search.contacts(Contact.objects.all(), "9" * 5_000).count() == 0


@pytest.mark.parametrize("text", ["cellar", "98 cellar rd"[:9], "milton", "ann smith", "617-555-0123", "acme"])
def test_a_property_is_found_by_its_address_and_its_people(text: str, ann: Contact) -> None:
    make_property("1 Other Street", city="Quincy")

    assert [house.address for house in search.properties(Property.objects.all(), text)] == ["98 Cellar Road"]
