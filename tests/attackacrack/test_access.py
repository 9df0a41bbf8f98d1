"""Groups after a deployment."""

import pytest
from django.contrib.auth.models import Group, Permission

from attackacrack import access

pytestmark = pytest.mark.django_db


def names_of(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


def test_the_office_may_connect_and_decide_and_the_bookkeeper_may_only_look():
    assert {"connect_quickbooks", "sync_quickbooks", "decide_matches", "change_contact"} <= names_of("office")
    assert {name.split("_")[0] for name in names_of("bookkeeper")} == {"view"}
    assert names_of("marketer") == set()


def test_what_a_person_took_away_stays_away_and_what_a_person_gave_stays():
    office, marketer = Group.objects.get(name="office"), Group.objects.get(name="marketer")
    office.permissions.remove(Permission.objects.get(codename="connect_quickbooks"))
    marketer.permissions.add(Permission.objects.get(codename="view_property"))
    before = names_of("office")
    access.create_groups()
    assert names_of("office") == before
    assert names_of("marketer") == {"view_property"}


def test_a_permission_of_a_new_version_is_given(monkeypatch):
    monkeypatch.setitem(access.GROUPS, "marketer", ["contacts.view_property"])
    access.create_groups()
    assert names_of("marketer") == {"view_property"}
