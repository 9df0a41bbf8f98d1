"""Every address of the project for every role: who may open it, what is in the answer, and that nothing is changed."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory

from quickbooks_integration.models import ConflictDecision
from tests.attackacrack import planted
from tests.attackacrack.addresses import address, routes
from tests.attackacrack.roles_table import ROLES, TABLE
from tests.people import client_of

pytestmark = pytest.mark.django_db
# Of no business: sessions, and what the CRM notes about its own health after a page.
OWN_TABLES = ("django_session", "attackacrack_cache", "attackacrack_sign", "attackacrack_silenceepisode")
CONNECTION = "/admin/quickbooks_integration/quickbooksauth/"
SEARCHES = ("Planted", "5055557777", planted.EMAIL, "9876.54", "77 Planted", planted.SAID)


@pytest.fixture(scope="module")
def clients(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Client]]:
    """By role. One world for all tests: who walks changes nothing, which is what they say."""
    with django_db_blocker.unblock(), transaction.atomic():
        planted.plant()
        yield {role: _client_for(role) for role in ROLES}
        transaction.set_rollback(True)


def _client_for(role: str) -> Client:
    user = User.objects.create_user(ROLES[role], is_staff=True)
    user.groups.set(Group.objects.filter(name=ROLES[role]))
    return client_of(user)


def text(answer: Any) -> str:
    """With the address that it sends on to."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace") + answer.headers.get("Location", "")


def forbidden_words(role: str) -> tuple[str, ...]:
    if role in "mn":
        return (*planted.MONEY, *planted.WAYS_TO_REACH, planted.SAID)
    return (*planted.MONEY, planted.SAID) if role == "t" else ()


def written() -> int:
    """Rows that this transaction has written so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
            " WHERE relname <> ALL(%s)",
            [list(OWN_TABLES)],
        )
        return cursor.fetchone()[0]


def said(role: str, answer: HttpResponse, typed: str = "") -> list[str]:
    """What the role may not know. A search box shows what was typed into it."""
    shown = text(answer).replace(typed, "") if typed else text(answer)
    return [word for word in forbidden_words(role) if word in shown]


def test_every_address_has_its_line_in_the_table_and_every_line_an_address():
    assert sorted(set(routes())) == sorted(TABLE)


def test_who_is_not_signed_in_sees_no_page_and_sends_nothing(clients):
    client, wrong, before = Client(), [], written()
    for route in dict.fromkeys(routes()):
        for answer in (client.get(address(route)), client.post(address(route))):
            goes_to = answer.headers.get("Location", "").partition("?")[0]
            is_refused = goes_to in ("/accounts/login/", "/admin/", "/admin/login/", CONNECTION)
            if (
                not is_refused
                and answer.status_code not in (403, 405)
                and route not in ("webhooks/openphone", "webhooks/quickbooks", "admin/jsi18n/")
            ):
                wrong.append((route, answer.status_code, goes_to))
    assert not wrong, wrong
    assert written() == before


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_whom_it_is_meant_and_says_only_what_the_role_may_know(clients, role):
    client, wrong = clients[role], []
    for route in dict.fromkeys(routes()):
        answer = client.get(address(route))
        may = role in TABLE[route]
        if answer.status_code == 405:  # only to send to
            continue
        if (answer.status_code == 403) == may or answer.status_code >= 500 or said(role, answer):
            wrong.append((route, answer.status_code, said(role, answer)))
    assert not wrong, wrong


@pytest.mark.parametrize("role", "bt")
def test_every_link_of_every_page_opens_for_whoever_it_is_shown_to(clients, role):
    client, links = clients[role], {}
    pages = [address(route) for route in dict.fromkeys(routes()) if role in TABLE[route]]
    for page in pages:
        answer = client.get(page)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            shown = re.findall(r'href="(/(?!static)[^"#]+)', text(answer))
            links |= {_shape(link): (html.unescape(link), page) for link in shown}
    links = {shape: link for shape, link in links.items() if shape not in map(_shape, pages)}
    wrong = {link: page for link, page in links.values() if client.get(link).status_code >= 400}
    assert links
    assert not wrong, wrong


def _shape(link: str) -> str:
    """One page shows all rows of a kind."""
    return re.sub(r"\d+", "N", link.partition("?")[0])


@pytest.mark.parametrize("role", "btm")
def test_whatever_is_sent_changes_nothing_for_a_role_that_may_only_look(clients, role):
    client, wrong = clients[role], []
    before = written()
    sent = {"post": "yes", "confirm": "1", "confirmed": "on", "decision": str(ConflictDecision.objects.get().pk)}
    for route in dict.fromkeys(routes()):
        if route in ("admin/logout/", "webhooks/quickbooks"):
            continue
        answer = client.post(address(route), sent)
        is_refused = answer.status_code in (403, 404, 405)  # 404: looked for before the right to it
        if (role not in TABLE[route] and not is_refused) or written() != before or said(role, answer):
            wrong.append((route, answer.status_code, written() - before, said(role, answer)))
            before = written()
    assert not wrong, wrong


@pytest.mark.parametrize("role", "btmn")
def test_no_action_of_a_list_does_or_exports_anything_for_a_role_that_may_only_look(clients, role):
    client, wrong = clients[role], []
    before = written()
    for model_admin, name in _actions():
        meta = model_admin.model._meta
        row = model_admin.model._default_manager.first()
        typed = {"action": name, "_selected_action": str(row.pk) if row else "1", "post": "yes", "index": "0"}
        answer = client.post(f"/admin/{meta.app_label}/{meta.model_name}/", typed)
        is_export = "text/csv" in answer.headers.get("Content-Type", "")
        may_take_away = getattr(model_admin, "export_permission", "") == "billing.view_invoice"
        if is_export and role == "b" and name == "export_csv" and may_take_away:
            continue  # money is hers to take away; that it changes nothing is looked at with the next one
        if written() != before or said(role, answer) or is_export:
            wrong.append((meta.label, name, answer.status_code, written() - before, said(role, answer)))
            before = written()
    assert not wrong, wrong


def _actions() -> Iterator[tuple[Any, str]]:
    request = RequestFactory().get("/")
    request.user = User.objects.get(username="root")
    for model_admin in admin.site._registry.values():
        for name in model_admin.get_actions(request):
            yield model_admin, name


@pytest.mark.parametrize("role", "tmn")
def test_searching_tells_nothing_that_the_role_may_not_know(clients, role):
    client, wrong = clients[role], []
    for typed in SEARCHES:
        answers = [client.get("/admin/search/", {"s": typed})]
        for model in admin.site._registry:
            answers.append(client.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/", {"q": typed}))
        for answer in answers:
            if said(role, answer, typed):
                wrong.append((answer.request["PATH_INFO"], typed, said(role, answer, typed)))
    assert not wrong, wrong


@pytest.mark.parametrize("role", ROLES)
def test_what_fields_offer_is_offered_to_those_who_see_the_rows(clients, role):
    client, wrong, offered = clients[role], [], 0
    for field in _offering_fields():
        asked = {"app_label": field.model._meta.app_label, "model_name": field.model._meta.model_name}
        answer = client.get("/admin/autocomplete/", asked | {"field_name": field.name, "term": ""})
        target = field.related_model._meta
        may = role in TABLE[f"admin/{target.app_label}/{target.model_name}/"]
        if (answer.status_code == 200) != may or said(role, answer):
            wrong.append((str(field), answer.status_code, said(role, answer)))
        offered += answer.status_code == 200
    assert not wrong, wrong
    assert bool(offered) == (role in "obt")


def _offering_fields() -> Iterator[models.ForeignKey]:
    for model in apps.get_models():
        for field in model._meta.get_fields():
            searched = admin.site._registry.get(getattr(field, "related_model", None))
            if isinstance(field, models.ForeignKey) and searched is not None and searched.search_fields:
                yield field


@pytest.mark.parametrize("page", ["billing/invoice", "billing/payment", "billing/quote", "contacts/contact"])
def test_the_bookkeeper_sees_the_money(clients, page):
    assert "9,876.54" in text(clients["b"].get(f"/admin/{page}/"))
