"""Every list of the business can be taken away as CSV, in the columns on screen."""

import csv
import io
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import Payment
from contacts.models import ContactImport
from quickbooks_integration.conflicts import listing
from quickbooks_integration.models import CheckRun, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync, SyncRun
from tests.attackacrack.planted import plant
from tests.billing.rows import make_invoice, make_quote, pay
from tests.factories import make_contact
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db

EXPORTED = {
    "contacts": {"contact", "property", "contactimport", "conversation"},
    "billing": {"quote", "invoice", "payment", "creditmemo", "product", "taxcode", "quotetemplate", "job", "appointment"},
    "quickbooks_integration": {
        "quickbookscustomer", "quickbookssync", "quickbooksdocument", "matchcandidate", "matchdecision", "syncrun",
        "webhookdelivery", "apicall",
    },
}  # fmt: skip
# Lists that are pages of their own: the address answers with the file for csv=1.
PAGES = {"billing.followup", "quickbooks_integration.conflictdecision", "quickbooks_integration.checkrun"}
# What is no list, has a file of another kind (Changes), or is about the machine and not the business.
NONE = {
    "quickbooks_integration.quickbooksauth", "quickbooks_integration.coveragerange", "quickbooks_integration.historyimport",
    "attackacrack.auditseal", "attackacrack.outcomemonth", "auth.user", "auth.group",
    "django_celery_beat.periodictask", "django_celery_beat.intervalschedule", "django_celery_beat.crontabschedule",
}  # fmt: skip


def export(client: Client, model: str, row: Any, asked: str = "") -> Any:
    """This row, or all that is asked for."""
    sent = {"action": "export_csv", "_selected_action": row.pk, "index": "0", "select_across": "1" if asked else "0"}
    return client.post(reverse(f"admin:{model}_changelist") + asked, sent)


def table(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_every_list_of_the_business_offers_it(admin_user: User) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    found: dict[str, set[str]] = {}
    for model, model_admin in admin.site._registry.items():
        if "export_csv" in model_admin.get_actions(request):
            found.setdefault(model._meta.app_label, set()).add(model._meta.model_name)
    assert found == EXPORTED
    offered = {f"{app}.{model}" for app, models in found.items() for model in models}
    assert {model._meta.label_lower for model in admin.site._registry} == offered | PAGES | NONE


@pytest.mark.parametrize("model", sorted(PAGES))
def test_a_page_that_is_a_list_answers_with_its_rows_for_who_may_take_them_away(
    office_client: Client, bookkeeper_client: Client, model: str
) -> None:
    plant()
    _a_question_and_a_difference(QuickBooksAuth.objects.in_use().get())
    page = reverse(f"admin:{model.replace('.', '_')}_changelist")
    assert "csv=1" in office_client.get(page).content.decode()
    assert len(table(office_client.get(page, {"csv": "1"}))) >= 1
    assert "csv=1" not in bookkeeper_client.get(page).content.decode()
    assert bookkeeper_client.get(page, {"csv": "1"}).status_code == 403


def _a_question_and_a_difference(auth: QuickBooksAuth) -> None:
    """As a pull and the nightly check leave them."""
    contact = make_contact("Ann", "Lee")
    sync = pairs.customer(auth, "Ann Lee", Id="9901")
    sides = {"base": "Net 10", "ours": "Net 15", "theirs": "Net 30"}
    QuickBooksSync.objects.filter(pk=sync.pk).update(
        local_id=contact.pk, sync_status="conflict", conflicts={"payment_terms": sides}
    )
    difference = {"kind": "customer", "name": "Ann Lee", "field": "notes", "label": "Notes", "ours": "=1+1", "theirs": "",
                  "sentence": "Ann Lee: notes differ.", "sync": sync.pk, "local": contact.pk, "take": True, "push": True}  # fmt: skip
    CheckRun.objects.create(
        company=auth, state="done", difference_count=1, differences=[difference], finished_at=timezone.now()
    )


def test_the_file_of_conflicts_has_those_too_that_are_too_many_for_the_page(
    office_client: Client, bookkeeper_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST", 2)
    monkeypatch.setattr(listing, "PART", 2)
    auth = pairs.company()
    sides = {"base": "Net 10", "ours": "=1+1", "theirs": "Net 30"}
    for number in range(5):
        sync = pairs.customer(auth, f"Ann {number}")
        conflict = {"sync_status": "conflict", "conflicts": {"payment_terms": sides, "notes": sides}}
        QuickBooksSync.objects.filter(pk=sync.pk).update(local_id=make_contact("Ann", str(number)).pk, **conflict)
    page = reverse("admin:quickbooks_integration_conflictdecision_changelist")
    rows = table(office_client.get(page, {"csv": "1", "field": "payment_terms"}))
    assert [row["Name"] for row in rows] == [f"Ann {number}" for number in range(5)]
    assert {row["In QuickBooks"] for row in rows} == {"Net 30"}
    assert len(table(office_client.get(page, {"csv": "1"}))) == 10
    assert [row["Name"] for row in table(office_client.get(page, {"csv": "1", "row": sync.pk}))] == ["Ann 4"] * 2
    assert "Ann 4" in office_client.get(page, {"row": sync.pk}).content.decode()
    assert bookkeeper_client.get(page, {"csv": "1"}).status_code == 403


def test_the_file_of_a_check_says_how_many_differences_are_not_in_it(office_client: Client) -> None:
    _a_question_and_a_difference(pairs.company())
    page = reverse("admin:quickbooks_integration_checkrun_changelist")
    assert len(table(office_client.get(page, {"csv": "1"}))) == 1
    CheckRun.objects.update(difference_count=1_235)
    _, last = table(office_client.get(page, {"csv": "1"}))
    assert last["Kind"] == "1,234 more differences are not listed. Settle some, then check again."


def test_the_rows_that_a_sync_could_not_store_are_a_file(office_client: Client, bookkeeper_client: Client) -> None:
    run = SyncRun.objects.create(company=pairs.company(), entity_type="customer", read=1, rejected=1)
    run.rejected_rows.create(entity_id="7", name="=Ann", reason="No name.", raw={})
    page = reverse("admin:quickbooks_integration_syncrun_download_rejected", args=[run.pk])
    assert (
        page
        in office_client.get(reverse("admin:quickbooks_integration_syncrun_change", args=[run.pk])).content.decode()
    )
    assert table(office_client.get(page)) == [{"Name": "'=Ann", "QuickBooks id": "7", "Reason": "No name."}]
    assert bookkeeper_client.get(page).status_code == 403


def test_lines_of_an_import_come_back_in_the_lists_own_columns_with_the_reason(
    office_client: Client, bookkeeper_client: Client
) -> None:
    record = ContactImport.objects.create(filename="crm list.csv", read=2, rejected=2)
    for line, cells in (
        (3, [["Name", "Lee"], ["Phone", "1"], ["Phone", "2"]]),
        (2, [["Name", "Ray"], ["Zip", "02169"]]),
    ):
        record.rows.create(line=line, outcome="rejected", reason="No phone.", row=cells)
    page = reverse("admin:contacts_contactimport_lines", args=[record.pk])
    assert page in office_client.get(reverse("admin:contacts_contactimport_change", args=[record.pk])).content.decode()
    answer = office_client.get(page)
    assert "lines of crm list" in answer.headers["Content-Disposition"]
    heads, *rows = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert heads == ["Name", "Zip", "Phone", "Phone", "Line of the file", "Outcome", "Why"]
    assert rows == [
        ["Ray", "02169", "", "", "2", "Rejected", "No phone."],
        ["Lee", "", "1", "2", "3", "Rejected", "No phone."],
    ]
    assert bookkeeper_client.get(page).status_code == 403


def test_an_invoice_is_exported_as_the_list_shows_it_with_its_money_as_a_number(office_client: Client) -> None:
    contact = make_contact("=HYPERLINK(1)", "Lee")
    invoice = make_invoice("2500.00", contact=contact)
    (row,) = table(export(office_client, "billing_invoice", invoice))
    assert "2500.00" in row.values()
    assert "'=HYPERLINK(1) Lee" in row.values()
    assert not any("<" in cell for cell in row.values())


def test_what_is_true_when_it_was_and_what_stands_in_angle_brackets_is_in_the_file(office_client: Client) -> None:
    """Whoever adds up the file must see which payments are void."""
    invoice = make_invoice("100.00", contact=make_contact("Ann", "<Lee> Smith"))
    void = pay((invoice, "40.00"), on=date(2026, 3, 2))
    Payment.objects.filter(pk=void.pk).update(is_void=True)
    (row,) = table(export(office_client, "billing_payment", void))
    assert (row["Void"], row["Amount"], row["Date"]) == ("yes", "40.00", "2026-03-02")
    assert "Ann <Lee> Smith" in row.values()


def test_the_words_of_a_state_are_in_the_file_without_the_name_of_its_colour(office_client: Client) -> None:
    customer = pairs.customer(pairs.company(), "Ann Lee")
    (row,) = table(export(office_client, "quickbooks_integration_quickbookscustomer", customer.customer))
    assert row["State"] == "Active"


def test_every_list_answers_with_a_file_of_its_rows(office_client: Client) -> None:
    plant()
    for app, models in EXPORTED.items():
        for model in models:
            answer = office_client.post(
                reverse(f"admin:{app}_{model}_changelist") + "?o=1",
                {"action": "export_csv", "_selected_action": "1", "select_across": "1", "index": "0"},
            )
            assert table(answer), model


def test_all_that_a_search_found_is_exported_and_nothing_else(office_client: Client) -> None:
    ann, bob = make_contact("Ann", "Lee"), make_contact("Bob", "Ray")
    quotes = [make_quote(("1", "5"), contact=ann) for _ in range(60)]
    make_quote(("1", "5"), contact=bob)
    assert len(table(export(office_client, "billing_quote", quotes[0], asked="?q=Ann"))) == 60


@pytest.mark.parametrize("model", ["billing_quote", "billing_invoice", "quickbooks_integration_quickbookscustomer"])
def test_a_file_takes_the_same_queries_for_3_rows_and_for_30(office_client: Client, model: str) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            contact = make_contact("Ann", "Lee", phones=("617-555-0101",))
            make_quote(("1", "5"), contact=contact)
            make_invoice("5.00", contact=contact)
            pairs.customer(auth, f"Ann {contact.pk}", phone="617-555-0101")

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = table(export(office_client, model, first(), asked="?o=1"))
        assert rows
        return len(captured)

    def first() -> Any:
        app, _, name = model.rpartition("_")
        return next(one for one in admin.site._registry if one._meta.label_lower == f"{app}.{name}").objects.first()

    auth = pairs.company()
    fill(3)
    queries()
    few = queries()
    fill(27)
    assert queries() == few


def test_a_bookkeeper_takes_away_money_and_no_lists_of_people(bookkeeper_client: Client) -> None:
    contact = make_contact("Ann", "Lee")
    customer = pairs.customer(pairs.company(), "Ann Lee")
    invoice = make_invoice("5.00", contact=contact)
    assert len(table(export(bookkeeper_client, "billing_invoice", invoice))) == 1
    for model, row in (
        ("contacts_contact", contact),
        ("quickbooks_integration_quickbookscustomer", QuickBooksCustomer.objects.get(sync=customer)),
    ):
        assert "text/csv" not in export(bookkeeper_client, model, row).headers["Content-Type"]
