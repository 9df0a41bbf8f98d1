"""The page Check: the last result in words, and a button for each difference."""

# ruff: noqa: F811  (fixtures that are imported)

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from attackacrack.celery import app
from billing.models import Invoice
from quickbooks_integration import tasks
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import CheckRun, QuickBooksSync
from tests import redis_databases
from tests.people import (  # noqa: F401
    bookkeeper,
    bookkeeper_client,
    marketer,
    marketer_client,
    office,
    office_client,
)
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_checking import an_invoice, books, check, work  # noqa: F401
from tests.quickbooks_integration.test_document_pages import words

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = reverse("admin:quickbooks_integration_checkrun_changelist")


def fix(client: Any, run: CheckRun, verb: str, index: int = 0) -> Any:
    address = reverse("admin:quickbooks_integration_checkrun_fix", args=[run.pk])
    return client.post(address, {"index": index, "verb": verb}, follow=True)


def test_before_the_first_check_the_page_says_what_it_does(books, office_client):
    shown = words(office_client.get(PAGE))
    assert "Not checked yet" in shown
    assert "It changes nothing." in shown


def test_check_now_asks_a_worker_once_and_the_page_waits(books, office_client):
    for _ in range(2):
        shown = words(office_client.post(reverse("admin:quickbooks_integration_checkrun_start"), follow=True))
        assert "A worker is comparing both sides." in shown
    run = CheckRun.objects.get()
    assert (run.state, run.started_by.get_username()) == ("waiting", "olivia")
    tasks.execute_check(run.pk)
    shown = words(office_client.get(PAGE))
    assert "100.00 % in step All the same" in shown
    assert "with 8 calls to QuickBooks" in shown


def test_a_check_whose_bell_was_lost_is_rung_for_again_by_the_next_poll(books, office_client):
    office_client.post(reverse("admin:quickbooks_integration_checkrun_start"))
    redis_databases.empty()
    tasks.pull()
    RINGER.wait_until_quiet()
    with app.connection_for_write() as broker:
        rung = [json.loads(one)["headers"] for one in broker.default_channel.client.lrange("celery", 0, -1)]
    assert [headers["argsrepr"] for headers in rung if headers["task"].endswith("execute_check")] == [
        f"({CheckRun.objects.get().pk},)"
    ]


def test_a_difference_stands_there_with_its_buttons_and_is_settled_by_one(books, office_client):
    invoice = an_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(message="Ring twice")
    run = check(books)
    response = office_client.get(PAGE)
    shown = words(response)
    assert "1 difference" in shown
    assert "Message to the customer is Ring twice in the CRM and" in shown
    assert reverse("admin:billing_invoice_change", args=[invoice.pk]) in response.content.decode()
    assert re.findall(r'name="verb" value="(\w+)"', response.content.decode()) == ["take", "push"]
    shown = words(fix(office_client, run, "push"))
    assert shown.count("is on its way to QuickBooks.") == 2  # the message, and at the difference
    assert "Take QuickBooks'" not in shown
    work(books)
    assert check(books).difference_count == 0


def test_a_button_pressed_twice_or_made_up_does_nothing(books, office_client):
    invoice = an_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(message="Ring twice")
    run = check(books)
    fix(office_client, run, "push")
    before = list(QuickBooksSync.objects.order_by("pk").values())
    for verb, index in (("push", 0), ("push", 7), ("delete", 0), ("take", 0)):
        assert "This was changed since the check." in words(fix(office_client, run, verb, index))
    assert list(QuickBooksSync.objects.order_by("pk").values()) == before


def test_when_quickbooks_does_not_answer_nothing_is_settled(books, office_client):
    Invoice.objects.filter(pk=an_invoice().pk).update(message="Ring twice")
    run = check(books)
    books.emulator.faults.add("unavailable", route="read", count=50)
    shown = words(fix(office_client, run, "take"))
    run.refresh_from_db()
    assert "settled" not in run.differences[0]
    assert "Take QuickBooks'" in shown


def test_who_may_only_look_sees_no_button_and_can_press_none(books, bookkeeper_client, marketer_client):
    Invoice.objects.filter(pk=an_invoice().pk).update(message="Ring twice")
    run = check(books)
    shown = words(bookkeeper_client.get(PAGE))
    assert "Ring twice" in shown
    assert "Push ours" not in shown
    assert "Check now" not in shown
    assert fix(bookkeeper_client, run, "push").status_code == 403
    assert bookkeeper_client.post(reverse("admin:quickbooks_integration_checkrun_start")).status_code == 403
    assert marketer_client.get(PAGE).status_code in (302, 403)
    assert CheckRun.objects.count() == 1


def test_a_failed_check_says_so_and_keeps_the_last_result(books, office_client):
    check(books)
    books.emulator.faults.add("unavailable", route="query", count=50)
    tasks.check()
    shown = words(office_client.get(PAGE))
    assert "did not come to its end" in shown
    assert "100.00 % in step" in shown


def test_many_differences_come_in_pages_with_a_constant_number_of_queries(books, office_client):
    run = check(books)
    one = {
        "kind": "invoice", "name": "Invoice 1", "field": "due", "ours": "", "theirs": "", "sentence": "Differs.",
        "label": "Due date", "entity_id": "1", "sync": 1, "local": 1, "take": True, "push": True,
    }  # fmt: skip

    def queries(count: int) -> int:
        CheckRun.objects.filter(pk=run.pk).update(differences=[one] * count, difference_count=count + 5)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            response = office_client.get(PAGE)
        assert response.content.decode().count("Differs.") == min(count, 100)
        assert "5 more differences are not listed." in words(response)
        return len(captured)

    queries(1)
    assert queries(1) == queries(1000)
    assert "Page 2 of 10" in words(office_client.get(PAGE, {"page": 2}))
