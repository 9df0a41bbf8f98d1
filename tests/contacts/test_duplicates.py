"""Groups of contacts that may be one person twice."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from contacts import dismissals, duplicates, merging
from contacts.colleagues import name_of
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


def test_one_person_who_was_entered_many_times_is_no_switchboard():
    entered = [
        make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "ANN", "Ann", "Ann", "Ann", "Bob")
    ]
    nameless = make_contact(phones=("617-555-0101",))
    assert duplicates.groups() == [keys(*entered, nameless)]


def test_behind_a_switchboard_those_of_one_name_are_found():
    for number in range(5):
        make_contact(f"Person{number}", "Ray", phones=("617-555-0199",))
    twice = [make_contact(first, "Lee", phones=("617-555-0199",)) for first in ("Robert", "Bob")]
    assert duplicates.groups() == [keys(*twice)]


def test_a_number_of_very_many_says_nothing_whatever_they_are_called():
    for _ in range(duplicates.MOST_SHARING + 1):
        make_contact("Ann", "Lee", phones=("617-555-0101",))
    assert duplicates.groups() == []


def test_a_short_name_in_the_same_house_spelled_otherwise_is_the_same():
    otherwise = ELM | {"street": "12 Elm St."}
    found = [make_contact(first, "Lee", address=where) for first, where in (("Robert", ELM), ("Bob", otherwise))]
    make_contact("Ann", "Lee", address=ELM)
    assert duplicates.groups() == [keys(*found)]
    [group] = duplicates.shown(duplicates.groups())
    assert group.reasons == ["Same address 12 Elm Street, 02169"]


def test_none_are_the_same_is_said_of_those_too_who_are_not_shown(office_client):
    people = [
        make_contact("Ann", f"Lee{'x' * n}", phones=(f"617-555-{1000 + n}", f"617-555-{1001 + n}")) for n in range(14)
    ]
    [group] = duplicates.shown(duplicates.groups())
    assert (len(group.contacts), group.hidden) == (12, [people[12].pk, people[13].pk])
    text = office_client.get(PAGE).content.decode()
    assert "None of these and the 2 more are the same" in text
    assert text.count(f'name="contact" value="{people[13].pk}"') == 1
    office_client.post(PAGE, {"contact": keys(*people)})
    assert duplicates.groups() == []


def test_some_of_a_group_can_be_somebody_else_and_the_rest_is_asked_about_on(office_client):
    ann, anne, bob, carl = (
        make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne", "Bob", "Carl")
    )
    group = {"contact": keys(ann, anne, bob, carl), "which": "ticked"}
    office_client.post(PAGE, group)
    assert not DismissedDuplicate.objects.exists()
    office_client.post(PAGE, group | {"somebody_else": keys(bob, carl)})
    assert duplicates.groups() == [keys(ann, anne)]
    assert DismissedDuplicate.objects.count() == 5


def test_what_was_dismissed_is_listed_and_can_be_asked_again(office_client, django_assert_max_num_queries):
    ann, anne = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne"))
    duplicates.dismiss([ann.pk, anne.pk], None)
    duplicates.dismiss([ann.pk, 999_999_999], None)
    listed = reverse("admin:contacts_contact_dismissed")
    with django_assert_max_num_queries(30):
        text = office_client.get(listed).content.decode()
    assert "2 pairs" in text
    assert "a contact that was deleted since" in text
    row = DismissedDuplicate.objects.get(pair=f"{ann.pk}-{anne.pk}")
    for _ in range(2):
        office_client.post(listed, {"pair": row.pk})
    assert duplicates.groups() == [keys(ann, anne)]
    assert dismissals.standing(DismissedDuplicate).count() == 1


def test_who_asked_again_and_when_stays_readable_beside_who_had_dismissed_it(office, office_client):
    bea, carl = (User.objects.create_user(name, first_name=name) for name in ("Bea", "Carl"))
    ann, anne = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne"))
    duplicates.dismiss([ann.pk, anne.pk], bea)
    row = DismissedDuplicate.objects.get()
    assert dismissals.ask_again(DismissedDuplicate, row.pk, carl)
    assert not dismissals.ask_again(DismissedDuplicate, row.pk, office)
    row.refresh_from_db()
    assert (row.dismissed_by, row.undone_by, row.undone_at is not None) == (bea, carl, True)
    assert duplicates.groups() == [keys(ann, anne)]

    duplicates.dismiss([ann.pk, anne.pk], office)
    assert duplicates.groups() == []
    text = " ".join(office_client.get(reverse("admin:contacts_contact_dismissed")).content.decode().split())
    assert "1 pair that somebody said is not the same" in text
    assert f"{name_of(bea)}, {timezone.localdate():%b %-d, %Y}; asked again by {name_of(carl)}," in text
    assert text.count("Ask again") == 1


def test_a_dismissal_of_two_that_are_merged_is_over_and_stays_readable(office, office_client):
    ann, anne = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne"))
    duplicates.dismiss([ann.pk, anne.pk], office)
    merging.merge(ann.pk, anne.pk, None)
    text = " ".join(office_client.get(reverse("admin:contacts_contact_dismissed")).content.decode().split())
    assert "No two contacts are kept apart." in text
    assert f"; over since {timezone.localdate():%b %-d, %Y}" in text


def test_what_is_said_of_one_that_was_merged_meanwhile_is_said_of_the_survivor(office):
    ann, anne, bob = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Anne", "Bob"))
    merging.merge(ann.pk, anne.pk, None)
    duplicates.dismiss([anne.pk, bob.pk], office)
    assert DismissedDuplicate.objects.get().pair == f"{ann.pk}-{bob.pk}"
    duplicates.dismiss([ann.pk, anne.pk], office)  # they are one by now
    assert DismissedDuplicate.objects.count() == 1
    assert duplicates.groups() == []


def test_who_may_not_merge_takes_no_dismissal_back(bookkeeper_client):
    duplicates.dismiss([1, 2], None)
    listed = reverse("admin:contacts_contact_dismissed")
    assert bookkeeper_client.get(listed).status_code == 403
    assert bookkeeper_client.post(listed, {"pair": DismissedDuplicate.objects.get().pk}).status_code == 403
    assert DismissedDuplicate.objects.count() == 1


@pytest.mark.parametrize("bea_is_newer", [True, False])
def test_not_the_same_is_said_of_the_survivor_too_and_goes_back_with_the_undo(office, bea_is_newer):
    ann, bea = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Bea"))
    other = make_contact("Bea", "Lee", phones=("617-555-0101",))
    if not bea_is_newer:
        bea, other = other, bea
    duplicates.dismiss([ann.pk, bea.pk], office)
    duplicates.dismiss([ann.pk, bea.pk], office)

    done = merging.merge(other.pk, bea.pk, None)

    assert duplicates.groups() == []
    assert DismissedDuplicate.objects.get().pair == "-".join(map(str, keys(ann, other)))
    assert merging.undo(done.pk, None).left == []
    assert DismissedDuplicate.objects.get().pair == "-".join(map(str, keys(ann, bea)))


def test_two_dismissals_become_one_and_the_one_between_the_two_is_over_until_the_undo(office):
    ann, bea, other = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Bea", "Bea"))
    duplicates.dismiss([ann.pk, bea.pk, other.pk], office)
    before = sorted(DismissedDuplicate.objects.values_list("pk", "pair", "dismissed_by", "undone_at"))

    done = merging.merge(other.pk, bea.pk, None)

    assert dismissals.standing(DismissedDuplicate).get().pair == "-".join(map(str, keys(ann, other)))
    assert merging.undo(done.pk, None).left == []
    assert sorted(DismissedDuplicate.objects.values_list("pk", "pair", "dismissed_by", "undone_at")) == before


def test_who_asks_again_meanwhile_is_not_told_so_by_the_undo(office):
    ann, bea, other = (make_contact(first, "Lee", phones=("617-555-0101",)) for first in ("Ann", "Bea", "Bea"))
    duplicates.dismiss([ann.pk, bea.pk], office)
    done = merging.merge(other.pk, bea.pk, None)
    assert dismissals.ask_again(DismissedDuplicate, DismissedDuplicate.objects.get().pk, office)
    assert merging.undo(done.pk, None).left == []


def couples(number: int, **more) -> None:
    """In houses, or on numbers, whose keys come before those of ELM and of 9.."""
    for n in range(number):
        for first in ("Ann", "Bob"):
            where = {"kind": "mailing", "street": f"1{n} Ash Street", "zip_code": "01000"}
            make_contact(
                first, f"Ray{'x' * n}", address=where, **{name: (text.format(n),) for name, text in more.items()}
            )


def test_no_number_of_couples_hides_a_double_that_comes_later(office_client, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_KEYS", 2)
    couples(4, phones="201-555-010{}")
    by_house = [make_contact(first, "Lee", address=ELM) for first in ("Robert", "Bob")]
    by_phone = [make_contact(*names, phones=("978-555-0199",)) for names in (("Ann", "O'Hara"), ("Ohara", "Ann"))]
    found = duplicates.search()
    assert found.groups[:2] == [keys(*by_house), keys(*by_phone)]
    assert (len(found.groups), found.is_cut) == (3, True)  # one couple of one number
    assert b"The first 3 groups of contacts" in office_client.get(PAGE).content


def test_what_is_not_cut_is_not_called_the_first(office_client, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_KEYS", 2)
    couples(2, phones="201-555-010{}")
    assert not duplicates.search().is_cut
    assert b'<h1 class="merge-title">2 groups of contacts' in office_client.get(PAGE).content


def test_what_was_dismissed_takes_no_others_place(monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_KEYS", 1)
    for n in range(3):
        twice = [make_contact("Ann", "Ray", phones=(f"201-555-010{n}",)) for _ in range(2)]
        duplicates.dismiss(keys(*twice), None)
    later = [make_contact("Ann", "Ray", phones=("978-555-0199",)) for _ in range(2)]
    assert duplicates.groups() == [keys(*later)]
