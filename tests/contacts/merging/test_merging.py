"""Two contacts become one, and two again: contacts' own rows."""

import pytest
from django.contrib.auth.models import User

from contacts import merging
from contacts.merging import choosing
from contacts.models import Contact, ContactMerge, ContactPhone, Property, PropertyContact
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db


def numbers(contact: Contact) -> list[str]:
    return [phone.number for phone in contact.phones.all()]


def fresh(contact: Contact) -> Contact:
    return Contact.objects.get(pk=contact.pk)


@pytest.fixture
def ann() -> Contact:
    return make_contact("Ann", "Lee", phones=("617-555-0101", "617-555-0102"), emails=("ann@example.com",))


@pytest.fixture
def anne(ann: Contact) -> Contact:
    """Newer than Ann, with one number of hers and one of her own."""
    return make_contact(
        "Anne", "Lee", phones=("(617) 555-0102", "617-555-0103"), emails=("ANN@example.com", "anne@example.com"),
        company="Lee Realty",
    )  # fmt: skip


def test_what_both_have_stays_once_and_the_survivors_first_number_stays_first(ann, anne):
    merging.merge(ann.pk, anne.pk, None)
    assert numbers(ann) == ["617-555-0101", "617-555-0102", "617-555-0103"]
    assert [email.address for email in ann.emails.all()] == ["ann@example.com", "anne@example.com"]
    assert numbers(anne) == []
    assert fresh(anne).merged_into == ann
    assert list(Contact.objects.current()) == [ann]


def test_filled_beats_empty_and_the_older_contact_counts_where_both_are_filled(ann, anne):
    merging.merge(ann.pk, anne.pk, None)
    assert (fresh(ann).name, fresh(ann).company) == ("Ann Lee", "Lee Realty")


def test_the_newer_contact_may_survive_and_still_takes_the_older_ones_name(ann, anne):
    merging.merge(anne.pk, ann.pk, None)
    assert fresh(anne).name == "Ann Lee"


def test_the_linked_contacts_value_counts_over_the_older_ones(ann, anne):
    Contact.objects.filter(pk=anne.pk).update(quickbooks_customer_id="7")
    merging.merge(ann.pk, anne.pk, None, {"company": "loser"})
    assert fresh(ann).name == "Anne Lee"


def test_each_field_may_be_chosen_and_both_notes_stay(ann, anne):
    for contact, notes in ((ann, "Rings twice"), (anne, "Has a dog")):
        Contact.objects.filter(pk=contact.pk).update(notes=notes)
    merging.merge(ann.pk, anne.pk, None, {"name": "loser", "company": "survivor"})
    assert (fresh(ann).name, fresh(ann).company) == ("Anne Lee", "")
    assert fresh(ann).notes == "Rings twice\n\nHas a dog"


def test_undo_gives_everything_back(ann, anne):
    house = make_property(people=(anne, ann))
    found = merging.merge(ann.pk, anne.pk, None, {"name": "loser"})
    assert list(house.roles.values_list("contact", "is_primary")) == [(ann.pk, True)]
    undone = merging.undo(found.pk, None)
    assert undone.left == []
    assert (fresh(ann).name, numbers(ann)) == ("Ann Lee", ["617-555-0101", "617-555-0102"])
    assert (fresh(anne).name, numbers(anne)) == ("Anne Lee", ["(617) 555-0102", "617-555-0103"])
    assert fresh(anne).merged_into is None
    assert set(house.roles.values_list("contact", "is_primary")) == {(anne.pk, True), (ann.pk, False)}


def test_undo_leaves_what_was_changed_since_and_says_so_by_name(ann, anne):
    bob, house = make_contact("Bob", "Ray"), make_property(people=(anne,))
    found = merging.merge(ann.pk, anne.pk, None)
    Contact.objects.filter(pk=ann.pk).update(company="Lee and Sons")
    PropertyContact.objects.filter(property=house).update(contact=bob)
    ContactPhone.objects.filter(number="617-555-0103").delete()
    undone = merging.undo(found.pk, None)
    assert undone.left == [
        "Company of Ann Lee was changed since and stays.",
        "The phone 617-555-0103 was deleted since.",
        "The person at a property Anne Lee (Owner) was moved to Bob Ray since and stays there.",
    ]
    assert (fresh(ann).company, house.roles.get().contact) == ("Lee and Sons", bob)
    assert [email.address for email in anne.emails.all()] == ["ANN@example.com", "anne@example.com"]


def test_what_the_survivor_got_since_stays_with_it(ann, anne):
    found = merging.merge(ann.pk, anne.pk, None)
    ContactPhone.objects.create(contact=ann, number="617-555-0199", position=9)
    merging.undo(found.pk, None)
    assert numbers(ann) == ["617-555-0101", "617-555-0102", "617-555-0199"]


def test_a_row_is_not_put_back_where_its_house_is_gone(ann, anne):
    house = make_property(people=(anne, ann))
    found = merging.merge(ann.pk, anne.pk, None)
    Property.objects.filter(pk=house.pk).delete()
    assert merging.undo(found.pk, None).left == [
        "The person at a property Ann Lee (Owner) was deleted since.",
        "The person at a property Anne Lee (Owner) is not put back: what it belonged to was deleted since.",
    ]
    assert fresh(anne).merged_into is None


def test_of_two_addresses_of_a_kind_one_is_chosen_and_the_other_comes_back(ann, anne):
    ann.addresses.create(kind="billing", street="1 Elm Street")
    anne.addresses.create(kind="billing", street="2 Oak Street")
    anne.addresses.create(kind="mailing", street="3 Ash Street")
    found = merging.merge(ann.pk, anne.pk, None, {"billing": "loser", "mailing": "survivor"})
    assert [str(row) for row in ann.addresses.all()] == ["2 Oak Street"]
    assert merging.undo(found.pk, None).left == []
    assert [str(row) for row in ann.addresses.all()] == ["1 Elm Street"]
    assert [str(row) for row in anne.addresses.all()] == ["2 Oak Street", "3 Ash Street"]


def test_ids_of_another_list_change_places(ann, anne):
    for contact, listed in ((ann, "A1"), (anne, "A2")):
        Contact.objects.filter(pk=contact.pk).update(external_id=listed)
    found = merging.merge(ann.pk, anne.pk, None, {"external_id": "loser"})
    assert (fresh(ann).external_id, fresh(anne).external_id) == ("A2", "A1")
    assert merging.survivors(["A1", "A2"]) == {"A1": ann.pk}
    merging.undo(found.pk, None)
    assert (fresh(ann).external_id, fresh(anne).external_id) == ("A1", "A2")


def test_a_chain_of_merges_ends_at_the_last_survivor_and_is_undone_from_its_end(ann, anne):
    Contact.objects.filter(pk=anne.pk).update(external_id="A2")
    Contact.objects.filter(pk=ann.pk).update(external_id="A1")
    bob = make_contact("Bob", "Ray")
    first = merging.merge(ann.pk, anne.pk, None)
    second = merging.merge(bob.pk, ann.pk, None, {"external_id": "survivor"})
    assert merging.survivors(["A1", "A2"]) == {"A1": bob.pk, "A2": bob.pk}
    with pytest.raises(merging.Refused, match="Ann Lee was merged into Ann Lee since|Undo that merge first"):
        merging.undo(first.pk, None)
    assert numbers(bob) == ["617-555-0101", "617-555-0102", "617-555-0103"]
    merging.undo(second.pk, None)
    assert merging.undo(first.pk, None).left == []
    assert numbers(anne) == ["(617) 555-0102", "617-555-0103"]


def test_of_two_merges_into_one_the_later_is_undone_first(ann, anne):
    bob = make_contact("Bob", "Ray", company="Ray Corp")
    first, _ = merging.merge(ann.pk, anne.pk, None), merging.merge(ann.pk, bob.pk, None)
    with pytest.raises(merging.Refused, match="Bob Ray was merged with Ann Lee since. Undo that merge first"):
        merging.undo(first.pk, None)
    assert fresh(anne).merged_into == ann


@pytest.mark.parametrize("swapped", [False, True])
def test_a_contact_that_was_merged_away_is_not_merged_again(ann, anne, swapped):
    merging.merge(ann.pk, anne.pk, None)
    pair = (anne.pk, ann.pk) if swapped else (ann.pk, anne.pk)
    with pytest.raises(merging.Refused, match="Anne Lee was merged into Ann Lee already. Nothing was changed"):
        merging.merge(*pair, None)
    assert ContactMerge.objects.count() == 1


def test_one_contact_alone_and_a_deleted_one_are_refused(ann, anne):
    with pytest.raises(merging.Refused, match="one contact"):
        merging.merge(ann.pk, ann.pk, None)
    gone = anne.pk
    anne.delete()
    with pytest.raises(merging.Refused, match="deleted meanwhile"):
        merging.merge(ann.pk, gone, None)
    assert not ContactMerge.objects.exists()


def test_what_changed_since_it_was_looked_at_is_not_merged(ann, anne):
    seen = merging.plan(fresh(ann), fresh(anne)).seen
    Contact.objects.filter(pk=anne.pk).update(company="Other")
    with pytest.raises(merging.Refused, match="while you were looking"):
        merging.merge(ann.pk, anne.pk, None, seen=seen)
    assert numbers(anne) == ["(617) 555-0102", "617-555-0103"]


def test_an_address_that_changed_since_past_the_contact_is_not_merged(ann, anne):
    anne.addresses.create(kind="billing", street="1 Oak St")
    seen = merging.plan(fresh(ann), fresh(anne)).seen
    anne.addresses.filter(kind="billing").update(street="77 New St")
    with pytest.raises(merging.Refused, match="while you were looking"):
        merging.merge(ann.pk, anne.pk, None, seen=seen)
    assert anne.addresses.filter(street="77 New St").exists()


def test_an_undo_is_done_once(ann, anne):
    found = merging.merge(ann.pk, anne.pk, User.objects.create_user("olivia"))
    merging.undo(found.pk, None)
    with pytest.raises(merging.Refused, match="undone already"):
        merging.undo(found.pk, None)
    assert merging.open_merges(ann) == []


def test_every_field_that_a_person_fills_is_chosen_or_left_on_purpose():
    chosen = {column for columns in choosing.UNITS.values() for column in columns}
    editable = {field.name for field in Contact._meta.concrete_fields if field.editable and not field.primary_key}
    assert editable - chosen == choosing.NEVER_CHOSEN


def test_what_reaches_the_loser_after_the_merge_goes_to_the_survivor_and_back_with_an_undo(ann, anne):
    """A form that was open, a pull that had read who is whose before."""
    anne.addresses.create(kind="billing", street="2 Oak Street")
    found = merging.merge(ann.pk, anne.pk, None)
    anne.phones.create(number="617-555-0101")  # the survivor has it
    anne.phones.create(number="617-555-0104")
    anne.addresses.create(kind="billing", street="9 Late Street")
    house = make_property(people=(anne,))
    assert merging.gather() == 1
    assert numbers(ann) == ["617-555-0101", "617-555-0102", "617-555-0103", "617-555-0104"]
    assert [str(row) for row in ann.addresses.all()] == ["2 Oak Street"]
    assert (numbers(anne), anne.addresses.count(), house.roles.get().contact) == ([], 0, ann)
    assert merging.gather() == 0
    assert merging.undo(found.pk, None).left == ["The address 9 Late Street is not put back: the same was added since."]
    assert house.roles.get().contact == anne
    assert numbers(ann) == ["617-555-0101", "617-555-0102"]
    assert sorted(numbers(anne)) == ["(617) 555-0102", "617-555-0101", "617-555-0103", "617-555-0104"]
    assert merging.gather() == 0
