"""Four people with four views of the admin, as fixtures, and a signed-in client for each."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client


def make_user(username: str, group: str) -> User:
    user = User.objects.create_user(username, password="a pass phrase for tests", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def office(db: None) -> User:
    """The office manager: all of contacts and QuickBooks."""
    return make_user("olivia", "office")


@pytest.fixture
def bookkeeper(db: None) -> User:
    """Looks at contacts and QuickBooks, changes nothing."""
    return make_user("bruno", "bookkeeper")


@pytest.fixture
def marketer(db: None) -> User:
    """Sees no money and no way to reach anybody."""
    return make_user("mara", "marketer")


@pytest.fixture
def technician(db: None) -> User:
    """Sees the week and the jobs; no amounts."""
    return make_user("tim", "technician")


@pytest.fixture
def office_client(office: User) -> Client:
    return client_of(office)


@pytest.fixture
def bookkeeper_client(bookkeeper: User) -> Client:
    return client_of(bookkeeper)


@pytest.fixture
def marketer_client(marketer: User) -> Client:
    return client_of(marketer)
