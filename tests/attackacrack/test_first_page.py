"""The first page: numbers that are the sum of their lists, roles, a bounded number of queries, the business's today."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.billing.test_figures import some_of_each
from tests.people import (  # noqa: F401
    bookkeeper,
    bookkeeper_client,
    marketer,
    marketer_client,
    office,
    office_client,
)

pytestmark = pytest.mark.django_db


def test_it_is_there(office_client: Client) -> None:
    some_of_each()
    page = office_client.get(reverse("admin:index"))
    assert page.status_code == 200
    open("/tmp/wtfirst.html", "w").write(page.content.decode())
