"""Merges that are done by themselves once nothing stands in the way."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts import duplicates, merging, tasks
from contacts.colleagues import name_of
from contacts.merging import CARES, Care, wanting
from contacts.models import Contact, ContactMerge, WantedMerge
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
DUPLICATES = reverse("admin:contacts_contact_duplicates")


class Objecting(Care):
    def objections(self, survivor, loser):
        return ["Not yet."]


@pytest.fixture
def in_the_way():
    care = Objecting()
    CARES.append(care)
    yield care
    if care in CARES:
        CARES.remove(care)


@pytest.fixture
def pair():
    return make_contact("Ann", "Lee"), make_contact("Anne", "Lea")


def test_a_wanted_merge_waits_and_is_done_with_what_was_chosen(in_the_way, pair, office):
    ann, anne = pair
    wanting.want(ann, anne, None, {})
    wanting.want(ann, anne, office, {"name": "loser"})
    tasks.gather_late_rows()
    assert (ContactMerge.objects.count(), WantedMerge.objects.count()) == (0, 1)
    CARES.remove(in_the_way)
    tasks.gather_late_rows()
    done = ContactMerge.objects.get()
    assert (done.survivor, done.loser, done.merged_by) == (ann, anne, office)
    ann.refresh_from_db()
    assert (ann.last_name, WantedMerge.objects.count()) == ("Lea", 0)


def test_it_is_forgotten_when_one_was_merged_with_somebody_else_or_deleted(pair):
    ann, anne = pair
    al = make_contact("Al", "Lee")
    wanting.want(ann, anne, None, {})
    wanting.want(al, anne, None, {})
    merging.merge(ann.pk, anne.pk, None)
    assert wanting.finish() == 0
    assert not WantedMerge.objects.exists()
    assert Contact.objects.current().count() == 2


def test_whoever_says_that_they_are_not_the_same_does_not_want_it_any_more(pair):
    ann, anne = pair
    wanting.want(anne, ann, None, {})
    duplicates.dismiss([ann.pk, anne.pk], None)
    assert wanting.finish() == 0
    assert (WantedMerge.objects.count(), ContactMerge.objects.count()) == (0, 0)


def test_one_that_fails_holds_up_no_other_and_not_what_comes_after(pair, monkeypatch):
    bad = make_contact("Bo"), make_contact("Bob")
    wanting.want(*bad, None, {})
    wanting.want(*pair, None, {})
    merge = merging.merge

    def breaks(survivor: int, *others: object, **more: object) -> object:
        if survivor == bad[0].pk:
            raise RuntimeError("broken")
        return merge(survivor, *others, **more)

    monkeypatch.setattr(merging, "merge", breaks)
    tasks.gather_late_rows()
    assert ContactMerge.objects.get().survivor == pair[0]
    assert WantedMerge.objects.get().survivor_id == bad[0].pk


def test_the_page_offers_it_only_where_something_stands_in_the_way_and_takes_it_back(in_the_way, pair, office_client):
    ann, anne = pair
    page = f"{reverse('admin:contacts_contact_merge')}?keep={ann.pk}&other={anne.pk}"
    offered, withdrawn = "Merge by itself when that is done", "Do not merge by itself"
    text = office_client.get(page).content.decode()
    assert (offered in text, withdrawn in text) == (True, False)
    office_client.post(page, {"when": "later", "field-name": "loser"})
    assert WantedMerge.objects.get().chosen == {"name": "loser"}
    assert withdrawn in office_client.get(page).content.decode()
    office_client.post(page, {"when": "never"})
    assert not WantedMerge.objects.exists()
    CARES.remove(in_the_way)
    assert offered not in office_client.get(page).content.decode()


def test_who_may_not_merge_wants_nothing(in_the_way, pair, bookkeeper_client):
    page = f"{reverse('admin:contacts_contact_merge')}?keep={pair[0].pk}&other={pair[1].pk}"
    assert bookkeeper_client.post(page, {"when": "later"}).status_code == 403
    assert not WantedMerge.objects.exists()


def test_one_whose_contacts_have_changed_since_waits_until_somebody_looks_again(in_the_way, pair, office_client):
    ann, anne = pair
    page = f"{reverse('admin:contacts_contact_merge')}?keep={ann.pk}&other={anne.pk}"
    shown = office_client.get(page).context["shown"]
    anne.addresses.create(kind="billing", street="12 Elm St")  # while the page was open
    office_client.post(page, {"when": "later", "shown": shown})
    CARES.remove(in_the_way)
    for _ in range(2):
        assert wanting.finish() == 0
    assert WantedMerge.objects.get().changed_at is not None
    assert not ContactMerge.objects.exists()
    assert "Changed since: look again" in office_client.get(DUPLICATES).content.decode()
    assert "choose again below" in office_client.get(page).content.decode()
    anne.addresses.all().delete()
    assert wanting.finish() == 1


def test_those_that_wait_are_listed_with_who_and_when_and_can_be_withdrawn(pair, office, office_client):
    ann, anne = pair
    wanting.want(ann, anne, office, {})
    wanting.want(make_contact("Al", "Lee"), make_contact("Albert", "Lee"), None, {})
    text = office_client.get(DUPLICATES).content.decode()
    assert "Anne Lea into Ann Lee" in text
    assert f"{name_of(office)} asked on" in text
    for _ in range(2):
        office_client.post(DUPLICATES, {"withdraw": f"{ann.pk}-{anne.pk}"})
    office_client.post(DUPLICATES, {"withdraw": "x-1"})
    assert [one.survivor.first_name for one in wanting.waiting()] == ["Al"]


def test_what_was_done_by_itself_is_told_for_a_week(pair, office, office_client):
    wanting.want(*pair, office, {})
    assert wanting.finish() == 1
    assert "Done by itself" in office_client.get(DUPLICATES).content.decode()
    ContactMerge.objects.update(merged_at=timezone.now() - timedelta(days=8))
    assert "Done by itself" not in office_client.get(DUPLICATES).content.decode()
    other = make_contact("Al"), make_contact("Albert")
    merging.merge(other[0].pk, other[1].pk, office)
    assert not wanting.done_lately().exists()


def test_wishes_that_wait_cost_no_more_the_more_there_are(office, django_assert_num_queries):
    def wish(first: str) -> None:
        pair = make_contact(first, "Lee"), make_contact(first, "Lea")
        wanting.want(*pair, office, {}, shown="something else")

    wish("Ann")
    wanting.finish()  # writes down since when
    with CaptureQueriesContext(connection) as one:
        assert wanting.finish() == 0
    for number in range(12):
        wish(f"Ann{number}")
    wanting.finish()
    with django_assert_num_queries(len(one)):
        assert wanting.finish() == 0
    assert WantedMerge.objects.count() == 13


def test_two_wishes_about_one_contact_are_both_done(pair, office):
    ann, anne = pair
    for other in (anne, make_contact("Annie", "Lee")):
        wanting.want(ann, other, office, {})
    assert wanting.finish() == 2
    assert (ann.merges.count(), WantedMerge.objects.count()) == (2, 0)


def test_what_is_withdrawn_while_it_is_being_done_is_not_done(pair, office, monkeypatch):
    wanting.want(*pair, office, {})
    merge = merging.merge

    def withdrawn(*asked: object, **more: object) -> object:
        done = merge(*asked, **more)
        wanting.withdraw([(pair[0].pk, pair[1].pk)])
        return done

    monkeypatch.setattr(merging, "merge", withdrawn)
    assert wanting.finish() == 0
    assert not ContactMerge.objects.exists()
    assert Contact.objects.current().count() == 2
