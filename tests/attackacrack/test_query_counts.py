"""Every page of the project costs as many queries for 30 rows of each kind as for 10. The pages come from the URL conf, the
lists from the admin's registry: a new one is counted without being named here."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.attackacrack import planted
from tests.attackacrack.addresses import address, first_planted, routes
from tests.attackacrack.growing import add_one_of_each, forget_what_is_cached, ungrown
from tests.attackacrack.roles_table import EVERYBODY, TABLE
from tests.people import client_of

pytestmark = pytest.mark.django_db
FEW, MANY, MOST = 10, 30, 60
# Sessions, sign-in, the cache and the CRM's look at its own health come when they come.
OWN_TABLES = ("django_session", "attackacrack_cache", "attackacrack_sign", "attackacrack_silenceepisode", "SAVEPOINT")


def pages() -> list[str]:
    """Addresses of all pages, and of all lists as they are searched."""
    counted = [route for route in dict.fromkeys(routes()) if "logout" not in route and not names_what_goes(route)]
    found = [address(route, first_planted) for route in counted]
    lists = [f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]
    return [*found, *(f"{one}?q=Grown" for one in lists)]


def names_what_goes(route: str) -> bool:
    """Whoever is asked whether to delete a row is told each row that goes with it, by a name of its own."""
    return route.endswith("/delete/")


def cost(client: Client, page: str) -> int | None:
    """Queries; None for what is no page."""
    forget_what_is_cached()
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(page)
    if answer.status_code != 200:
        return None
    return len([query for query in captured if not any(table in query["sql"] for table in OWN_TABLES)])


@pytest.fixture(scope="module")
def costs(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[int, dict[str, int | None]]]:
    """By how many rows of each kind there are, and by page."""
    with django_db_blocker.unblock(), transaction.atomic():
        planted.plant()
        client = client_of(User.objects.get(username="root"))
        found, number = {}, 0
        before = {model: model._default_manager.count() for model in admin.site._registry}
        for wanted in (FEW, MANY):
            while number < wanted:
                number += 1
                add_one_of_each(number)
            if wanted == FEW:
                assert ungrown(before) == UNGROWN
            found[wanted] = {page: cost(client, page) for page in pages()}
        yield found
        transaction.set_rollback(True)


# Of these there is one.
UNGROWN = ["QuickBooksAuth"]


def test_no_page_costs_more_queries_for_thirty_rows_than_for_ten(costs):
    grown = {
        page: (few, costs[MANY][page])
        for page, few in costs[FEW].items()
        if few is not None and (costs[MANY][page] is None or costs[MANY][page] > few)
    }
    assert grown == {}


def test_no_page_costs_many_queries(costs):
    assert {page: number for page, number in costs[MANY].items() if number is not None and number > MOST} == {}


def test_every_list_and_every_form_of_a_row_is_counted(costs):
    pages = {page for page, number in costs[MANY].items() if number is not None}
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert {path, f"{path}?q=Grown"} & pages, path  # without a search that of questions sends on to the queue
        form = f"{path}{first_planted(model).pk}/change/"
        has_none = TABLE[f"{path[1:]}<path:object_id>/change/"] == EVERYBODY  # it sends on to its list
        assert (form in pages) != has_none, form
