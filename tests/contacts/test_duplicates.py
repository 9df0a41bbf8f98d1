"""Groups of contacts that may be one person twice."""

import pytest
from django.urls import reverse

from contacts import duplicates, merging
from contacts.models import Contact, DismissedDuplicate
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:contacts_contact_duplicates")
ELM = {"kind": "billing", "street": "12 Elm Street", "zip_code": "02169"}


def keys(*contacts: Contact) -> list[int]:
    return sorted(contact.pk for contact in contacts)


def test_a_chain_of_shared_numbers_and_mailboxes_is_one_group():
    ann = make_contact("Ann", "Lee", phones=("617-555-0101",))
    anne = make_contact("Anne", "Lee", phones=("(617) 555-0101",), emails=("ann@example.com",))
    al = make_contact("A", "Lee", emails=("ANN@example.com",))
    make_contact("Bob", "Ray", phones=("617-555-0199",))
    assert duplicates.groups() == [keys(ann, anne, al)]
    [group] = duplicates.shown(duplicates.groups())
    assert (group.keep, group.others) == (ann, [anne, al])
    assert group.reasons == ["Same phone (617) 555-0101", "Same e-mail ann@example.com"]


def test_the_same_name_at_the_same_address_is_a_group_and_another_name_there_is_none():
    one, other = (make_contact("Ann", last, address=ELM) for last in ("Lee", "LEE"))
    make_contact("Bob", "Ray", address=ELM)
    make_contact(company="Elm Trust", address=ELM)
    assert duplicates.groups() == [keys(one, other)]


def test_like_names_come_before_households():
    for first in ("Bob", "Carl"):
        make_contact(first, "Ray", phones=("617-555-0199",))
    ann, anne = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Ann"))
    assert duplicates.groups()[0] == keys(ann, anne)
    assert len(duplicates.groups()) == 2


def test_a_switchboards_number_says_nothing():
    for number in range(5):
        make_contact(f"Person{number}", "Ray", phones=("617-555-0199",))
    assert duplicates.groups() == []


def test_who_was_merged_or_dismissed_is_not_asked_about_again(office):
    ann, anne, al = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne", "Al"))
    merging.merge(ann.pk, anne.pk, None)
    anne.phones.create(number="617-555-0101")  # as somebody's late click would
    assert duplicates.groups() == [keys(ann, al)]
    duplicates.dismiss([al.pk, ann.pk], office)
    duplicates.dismiss([ann.pk, al.pk], office)
    assert duplicates.groups() == []
    assert DismissedDuplicate.objects.get().dismissed_by == office


def test_the_page_leads_to_the_merge_and_dismisses(office_client):
    ann, anne = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne"))
    text = office_client.get(PAGE).content.decode()
    assert f"{reverse('admin:contacts_contact_merge')}?keep={ann.pk}&amp;other={anne.pk}" in text
    assert "1 group of contacts that may be the same" in text
    office_client.post(PAGE, {"contact": [ann.pk, anne.pk, "x", "9" * 30]})
    assert "No contacts look like the same person twice." in office_client.get(PAGE).content.decode()


def test_a_group_of_several_can_be_merged_page_after_page(office_client):
    keep, first, second, third = (make_contact("Ann", "Lee", emails=("ann@example.com",)) for _ in range(4))
    text = office_client.get(PAGE).content.decode()
    assert f"?keep={keep.pk}&amp;other={first.pk}&amp;then={second.pk}-{third.pk}" in text


@pytest.mark.parametrize("who", ["bookkeeper_client", "marketer_client"])
def test_only_the_office_manager_sees_and_dismisses(request, who):
    client = request.getfixturevalue(who)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"contact": ["1", "2"]}).status_code == 403
    assert not DismissedDuplicate.objects.exists()


def test_the_page_costs_the_same_for_many_groups(office_client, django_assert_max_num_queries):
    for number in range(40):
        for first in ("Ann", "Anne"):
            make_contact(first, f"Lee{number}", phones=(f"617-555-{1000 + number}",))
    with django_assert_max_num_queries(30):
        assert b"40 groups" in office_client.get(PAGE).content
