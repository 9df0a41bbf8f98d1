"""Merging contacts in the admin: the list's action, the page, and Undo at the survivor."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Appointment
from contacts import merging
from contacts.models import Contact, ContactAddress, ContactMerge
from tests.billing.rows import make_quote
from tests.contacts.admin.forms import OpenForm
from tests.factories import make_contact, make_property

LIST = reverse("admin:contacts_contact_changelist")
PAGE = reverse("admin:contacts_contact_merge")


@pytest.fixture
def ann(db) -> Contact:
    return make_contact("Ann", "Lee", phones=("617-555-0101",), company="Lee Realty")


@pytest.fixture
def anne(ann) -> Contact:
    return make_contact("Anne", "Lee", phones=("617-555-0102",))


def page(keep: Contact, other: Contact) -> str:
    return f"{PAGE}?keep={keep.pk}&other={other.pk}"


def change(contact: Contact) -> str:
    return reverse("admin:contacts_contact_change", args=[contact.pk])


def pick(client: Client, *contacts: Contact) -> str:
    """Where the action of the list leads."""
    data = {"action": "merge_contacts", "_selected_action": [contact.pk for contact in contacts]}
    return client.post(LIST, data).headers.get("Location", "")


def seen(client: Client, keep: Contact, other: Contact) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', client.get(page(keep, other)).content.decode())
    assert found is not None
    return found[1]


def said(client: Client, address: str) -> str:
    return " ".join(client.get(address, follow=True).content.decode().split())


def test_the_action_leads_to_the_page_and_the_page_merges_as_chosen(office_client, office, ann, anne):
    make_quote(contact=anne)
    assert pick(office_client, anne, ann) == page(ann, anne)
    data = {"seen": seen(office_client, ann, anne), "field-name": "loser", "field-company": "survivor"}
    answer = office_client.post(page(ann, anne), data)
    assert answer.headers["Location"] == change(ann)
    ann.refresh_from_db()
    assert (ann.name, ann.company) == ("Anne Lee", "Lee Realty")
    assert ContactMerge.objects.get().merged_by == office
    text = said(office_client, change(ann))
    assert "Moved here: 1 quote." in text
    assert re.search(r"Merged with <strong>Anne Lee</strong> on \w{3} \d+, \d{4} by olivia", text)


@pytest.mark.parametrize("count", [1, 11])
def test_one_or_very_many_contacts_are_not_merged(office_client, ann, count):
    contacts = [ann, *(make_contact("Bob", f"Ray {number}") for number in range(10))][:count]
    assert pick(office_client, *contacts) in ("", LIST)
    assert "Tick the contacts that are one person, 2 to 10" in said(office_client, LIST)


def test_several_contacts_are_merged_into_one_page_after_page_each_with_its_undo(office_client, ann, anne):
    bob, carl, dan = (make_contact(name, "Lee") for name in ("Bob", "Carl", "Dan"))
    first = pick(office_client, dan, carl, bob, anne, ann)
    assert first == f"{page(ann, anne)}&then={bob.pk}-{carl.pk}-{dan.pk}"
    text = said(office_client, first)
    assert "After that you are asked about Bob Lee, Carl Lee, Dan Lee." in text
    assert f"keep={anne.pk}&amp;other={ann.pk}&amp;then={bob.pk}-{carl.pk}-{dan.pk}" in text
    merging.merge(bob.pk, carl.pk, None)  # by a colleague
    second = office_client.post(first, {"seen": seen(office_client, ann, anne)}).headers["Location"]
    assert second == f"{page(ann, bob)}&then={dan.pk}"
    assert "Anne Lee is part of Ann Lee now." in said(office_client, second)
    third = page(ann, dan)
    assert f'href="{third}"'.replace("&", "&amp;") in said(office_client, second)  # leaves Bob out
    answer = office_client.post(third, {"seen": seen(office_client, ann, dan)})
    assert answer.headers["Location"] == change(ann)
    assert {(one.loser, one.survivor) for one in ContactMerge.objects.all()} == {(carl, bob), (anne, ann), (dan, ann)}
    assert said(office_client, change(ann)).count("Merged with <strong>") == 2


def test_who_cannot_be_merged_is_asked_about_again_with_those_that_follow(office_client, ann, anne):
    bob = make_contact("Bob", "Ray")
    answer = office_client.post(f"{page(ann, anne)}&then={bob.pk}", {"seen": "9-9"})
    assert answer.headers["Location"] == f"{page(ann, anne)}&then={bob.pk}"
    assert not ContactMerge.objects.exists()


@pytest.mark.parametrize("then", ["x", "-", "0-99999999999999999999", "٣"])
def test_who_follows_and_is_not_there_is_not_asked_about(office_client, ann, anne, then):
    assert "After that" not in said(office_client, f"{page(ann, anne)}&then={then}")


def test_the_page_says_what_moves_and_changes_nothing(office_client, ann, anne):
    make_property(people=(anne,))
    for _ in range(2):
        make_quote(contact=anne)
    text = said(office_client, page(ann, anne))
    assert "Moves from Anne Lee to Ann Lee: 1 person at a property, 2 quotes." in text
    assert "617-555-0101" in text
    assert "Keep Anne Lee instead" in text
    assert not ContactMerge.objects.exists()


def test_undo_is_a_button_at_the_survivor(office_client, office, ann, anne):
    done = merging.merge(ann.pk, anne.pk, None)
    undo = reverse("admin:contacts_contact_merge_undo", args=[done.pk])
    assert f'action="{undo}"' in said(office_client, change(ann))
    assert office_client.get(undo).status_code == 405
    assert office_client.post(undo).headers["Location"] == change(ann)
    done.refresh_from_db()
    assert (done.undone_by, Contact.objects.current().count()) == (office, 2)
    office_client.post(undo)
    assert "was undone already" in said(office_client, change(ann))


def test_what_an_undo_leaves_is_said(office_client, ann, anne):
    done = merging.merge(ann.pk, anne.pk, None)
    anne_phone = ann.phones.get(number="617-555-0102")
    anne_phone.delete()
    office_client.post(reverse("admin:contacts_contact_merge_undo", args=[done.pk]))
    assert "The phone 617-555-0102 was deleted since." in said(office_client, change(ann))


def test_a_page_that_is_out_of_date_merges_nothing(office_client, ann, anne):
    before = seen(office_client, ann, anne)
    Contact.objects.filter(pk=anne.pk).update(company="Other")
    office_client.post(page(ann, anne), {"seen": before})
    assert "changed while you were looking" in said(office_client, page(ann, anne))
    assert not ContactMerge.objects.exists()


def test_an_address_that_a_colleague_types_meanwhile_is_not_merged_away(office_client, ann, anne):
    for contact, street in ((ann, "9 Elm St"), (anne, "1 Oak St")):
        contact.addresses.create(kind="billing", street=street)
    before = seen(office_client, ann, anne)
    assert OpenForm(office_client, change(anne)).save(addresses__0__street="77 New St").status_code == 302

    office_client.post(page(ann, anne), {"seen": before})

    assert "changed while you were looking" in said(office_client, page(ann, anne))
    assert not ContactMerge.objects.exists()
    assert sorted(ContactAddress.objects.values_list("street", flat=True)) == ["77 New St", "9 Elm St"]
    office_client.post(page(ann, anne), {"seen": seen(office_client, ann, anne)})
    assert ContactMerge.objects.count() == 1


@pytest.mark.parametrize("lost", ["", "0-0", "٣-٣"])
def test_a_page_that_does_not_say_what_it_showed_merges_nothing(office_client, ann, anne, lost):
    office_client.post(page(ann, anne), {"seen": lost})
    assert not ContactMerge.objects.exists()


@pytest.mark.parametrize(
    "address", ["", "?keep=1", "?keep=x&other=y", "?keep=99999999999999999999&other=1", "?keep=0&other=0"]
)
def test_a_pair_that_is_not_there_leads_back_to_the_list(office_client, db, address):
    assert office_client.get(PAGE + address).headers["Location"] == LIST


def test_the_page_of_one_contact_twice_has_no_button(office_client, ann):
    text = said(office_client, page(ann, ann))
    assert "This is one contact." in text
    assert "> Merge </button>" not in text


def test_who_was_merged_away_is_in_no_list_search_or_choice_and_leads_to_the_survivor(office_client, ann, anne):
    merging.merge(ann.pk, anne.pk, None)
    for address in (LIST, f"{LIST}?q=Anne"):
        assert "Anne Lee" not in said(office_client, address)
    offered = office_client.get(
        reverse("admin:autocomplete"),
        {"term": "An", "app_label": "billing", "model_name": "appointment", "field_name": "contact"},
    )
    assert [row["id"] for row in offered.json()["results"]] == [str(ann.pk)]
    assert "Anne Lee was merged into Ann Lee, which you see here." in said(office_client, change(anne))


def test_what_is_typed_at_a_contact_that_was_merged_away_meanwhile_is_not_saved(office_client, ann, anne):
    merging.merge(ann.pk, anne.pk, None)
    answer = office_client.post(change(anne), {"first_name": "Annie"})
    assert answer.headers["Location"] == change(ann)
    assert "Nothing of what you typed was saved." in said(office_client, change(ann))
    assert Contact.objects.get(pk=anne.pk).first_name == "Anne"


@pytest.mark.parametrize("who", ["bookkeeper_client", "marketer_client"])
def test_only_the_office_manager_merges_and_undoes(request, who, ann, anne):
    client = request.getfixturevalue(who)
    assert client.get(page(ann, anne)).status_code == 403
    assert client.post(page(ann, anne), {"seen": "9-9"}).status_code == 403
    pick(client, ann, anne)
    assert not ContactMerge.objects.exists()
    done = merging.merge(ann.pk, anne.pk, None)
    assert client.post(reverse("admin:contacts_contact_merge_undo", args=[done.pk])).status_code == 403
    done.refresh_from_db()
    assert done.undone_at is None
    answer = client.get(change(ann))
    assert answer.status_code == (200 if who == "bookkeeper_client" else 403)
    assert b"merge/" not in answer.content


def test_the_page_costs_the_same_for_many_rows(office_client, ann, anne, django_assert_max_num_queries):
    for number in range(30):
        anne.phones.create(number=f"617-555-1{number:03d}")
    with django_assert_max_num_queries(45):
        office_client.get(page(ann, anne))


def test_a_form_that_was_open_meanwhile_does_not_give_work_to_who_was_merged_away(office_client, ann, anne):
    merging.merge(ann.pk, anne.pk, None)
    data = {"kind": "repair", "contact": anne.pk, "status": "scheduled", "starts_at_0": "2026-05-01", "starts_at_1": "9:00",
            "ends_at_0": "2026-05-01", "ends_at_1": "10:00"}  # fmt: skip
    answer = office_client.post(reverse("admin:billing_appointment_add"), data)
    assert "Select a valid choice" in answer.content.decode()
    assert not Appointment.objects.exists()
    assert office_client.post(reverse("admin:billing_appointment_add"), data | {"contact": ann.pk}).status_code == 302
    assert Appointment.objects.get().contact == ann
