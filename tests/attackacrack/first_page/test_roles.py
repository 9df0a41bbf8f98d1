"""Who sees what of the first page."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.billing.test_figures import quote, some_of_each
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rows(db: None) -> None:
    some_of_each()
    quote(contact=make_contact("Zelda", "Quince", phones=("(617) 555-0142",), emails=("zelda@example.com",)))
    quote(contact=make_contact(phones=("(617) 555-0199",)))


def shown(client: Client) -> Any:
    return client.get(reverse("admin:index"))


def own(answer: Any) -> str:
    """The page without the theme around it."""
    text = answer.content.decode()
    return text[text.index('<article class="first-page">') : text.index("</article>")]


def test_the_office_sees_all_and_may_act(office_client: Client) -> None:
    answer = shown(office_client)
    titles = [section.title for section in answer.context["sections"]]
    assert titles == [
        "Money waiting", "Done, not invoiced", "Quotes to write", "Quotes to finish", "Unpaid", "Open estimates",
    ]  # fmt: skip
    assert len(answer.context["lines"]) == 11
    assert {"Schedule", "Record payment", "Write the quote"} <= set(re.findall(r">\s*([\w ]+)\s*</a>", own(answer)))
    assert "Zelda Quince" in own(answer)


def test_the_bookkeeper_sees_the_money_and_no_button(bookkeeper_client: Client) -> None:
    answer = shown(bookkeeper_client)
    assert len(answer.context["sections"]) == 6
    assert len(answer.context["lines"]) == 11
    assert [row for section in answer.context["sections"] for row in section.rows if row.action or row.other] == []
    assert "<form" not in own(answer)
    assert "<button" not in own(answer)
    assert not re.search(r"/(schedule|pay|add|review)/", own(answer))


def test_the_marketer_sees_none_of_it_and_nothing_is_read(marketer_client: Client) -> None:
    with CaptureQueriesContext(connection) as captured:
        answer = shown(marketer_client)
    assert [name for name in ("sections", "lines", "charts", "health") if answer.context[name]] == []
    assert "There is nothing on this page for your role." in own(answer)
    text = answer.content.decode()
    assert "$" not in own(answer)
    for secret in ("Zelda", "Quince", "555-0142", "555-0199", "zelda@", "Elm Street"):
        assert secret not in text
    asked = " ".join(query["sql"] for query in captured.captured_queries)
    assert 'FROM "billing_' not in asked
    assert 'FROM "contacts_' not in asked


@pytest.mark.parametrize(
    ("permissions", "titles", "has_lines", "charts"),
    [
        (["view_quote"], ["Money waiting", "Quotes to finish", "Open estimates"], False, ["Quotes by status"]),
        (["view_invoice"], ["Unpaid"], False, ["Unpaid by age"]),
        (["view_appointment", "view_contact", "view_job"], ["Quotes to write"], False, []),
        (["view_invoice", "view_payment", "view_creditmemo"], ["Unpaid"], True, ["Invoiced by month", "Unpaid by age"]),
    ],
)
def test_each_part_needs_the_permission_to_see_its_rows(
    permissions: list[str], titles: list[str], has_lines: bool, charts: list[str]
) -> None:
    user = User.objects.create_user("some", is_staff=True)
    apps = Permission.objects.filter(content_type__app_label__in=["billing", "contacts"], codename__in=permissions)
    user.user_permissions.set(apps)
    found = shown(client_of(user)).context
    assert [section.title for section in found["sections"]] == titles
    assert bool(found["lines"]) == has_lines
    assert [chart.title for chart in found["charts"]] == charts
    assert found["health"] is None
