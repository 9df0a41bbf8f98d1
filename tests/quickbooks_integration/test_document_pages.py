"""What the office sees of QuickBooks on quotes, invoices and payments, and what its buttons do."""

# ruff: noqa: F811  (fixtures that are imported)

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from billing import payments, quotes
from billing.models import Invoice, Quote, TaxCode
from quickbooks_integration import addresses
from quickbooks_integration.documents.projecting import LABELS
from quickbooks_integration.models import EmailSending, HistoryImport, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import new_customers, outbox, pushing, sending
from tests.people import (  # noqa: F401
    bookkeeper,
    bookkeeper_client,
    marketer,
    marketer_client,
    office,
    office_client,
)
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_outbox import (  # noqa: F401
    ann,
    billed,
    books,
    push,
    reprice,
    row,
    there,
    write,
)
from tests.quickbooks_integration.sync.test_previewing import draft

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
TO = "ann@example.com"


def page(document: Any, name: str = "change") -> str:
    return reverse(f"admin:billing_{document._meta.model_name}_{name}", args=[document.pk])


def words(response: Any) -> str:
    text = re.sub(r"<(script|style|noscript)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", strip_tags(text)).replace("&#x27;", "'").replace("&quot;", '"').strip()


def panel(client: Client, document: Any) -> str:
    """The text of the panel alone."""
    html = client.get(page(document)).content.decode()
    found = re.search(r"<section[^>]*data-quickbooks-panel.*?</section>", html, re.DOTALL)
    return re.sub(r"\s+", " ", strip_tags(found[0])).replace("&#x27;", "'").strip() if found else ""


def press(client: Client, document: Any, action: str, **more: Any) -> str:
    return words(client.post(page(document, "quickbooks"), {"action": action, **more}, follow=True))


def conflict(books, quote: Quote) -> None:
    """Both sides change the lines."""
    (estimate,) = there(books, "Estimate")
    line = {**estimate["Line"][0], "Amount": 120, "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 120}}
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[line])
    reprice(quote, "150.00")
    push(books)


# --- The panel -----------------------------------------------------------------------------------


def test_a_draft_says_that_it_stays_here(books, ann, office_client):
    said = panel(office_client, draft(ann))
    assert "Only here Not in QuickBooks. Drafts stay here" in said
    assert "Push to QuickBooks" in said
    assert "PDF" not in said


def test_a_document_in_step_says_since_when_and_leads_to_quickbooks(books, ann, office_client):
    quote = write(ann, "100.00")
    assert "On its way" in panel(office_client, quote)
    push(books)
    quote.refresh_from_db()
    said = panel(office_client, quote)
    assert "In step In step with QuickBooks. Last compared" in said
    assert f"Open no. {quote.document_number} in QuickBooks" in said
    there_page = f"{books.emulator.url}/companies/{books.auth.company_id}/estimate/{quote.quickbooks_estimate_id}"
    assert there_page in office_client.get(page(quote)).content.decode()


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ("production", "https://app.qbo.intuit.com/app/estimate?txnId="),
        ("sandbox", "https://app.sandbox.qbo.intuit.com/app/estimate?txnId="),
    ],
)
def test_the_address_in_quickbooks_is_that_of_the_books(books, ann, office_client, environment, address):
    quote = write(ann, "100.00")
    push(books)
    QuickBooksAuth.objects.update(environment=environment)
    assert address + row(quote).entity_id in office_client.get(page(quote)).content.decode()


def test_a_refusal_is_told_and_try_again_sends_it(books, ann, office_client):
    quote = write(ann, "100.00")
    books.emulator.faults.add("fault", route="create", code="6210", detail="closed", status=400, count=1)
    push(books)
    assert f"Needs you Quote {quote.number}: The books are closed" in panel(office_client, quote)
    assert "On its way to QuickBooks" in press(office_client, quote, "retry")
    push(books)
    assert len(there(books, "Estimate")) == 1
    assert "In step" in panel(office_client, quote)


def test_what_waits_for_quickbooks_says_for_what_and_when_it_is_tried_again(books, ann, office_client):
    quote = write(ann, "100.00")
    books.emulator.faults.add("unavailable", route="create", count=9)
    push(books)
    said = panel(office_client, quote)
    assert "Waits Waits: QuickBooks is out of order at the moment" in said
    assert "Next try at" in said


def test_read_again_brings_what_changed_there(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.edit("Estimate", row(quote).entity_id, CustomerMemo={"value": "Call first"})
    assert "QuickBooks is asked" in press(office_client, quote, "read")
    push(books)
    quote.refresh_from_db()
    assert quote.message == "Call first"


def test_another_tax_than_expected_is_explained_until_the_total_changes(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    quote.history.create(
        origin="quickbooks", sentence="QuickBooks makes the total $100.00, the CRM had expected $90.00."
    )
    assert "the CRM had expected $90.00" in panel(office_client, quote)
    reprice(quote, "150.00")
    assert "the CRM had expected" not in panel(office_client, quote)


def test_the_sentence_of_a_real_tax_difference_is_found(books, ann, office_client):
    code = TaxCode.objects.filter(quickbooks_tax_code_id__isnull=False, rates__percent__gt=0).first()
    quote = draft(ann, tax_code=code)
    quote.quote_items.update(taxable=True)
    quotes.finish_edit(quote, None)
    quotes.mark_ready(quote, None)
    code.rates.update(percent=D(1))
    quotes.finish_edit(quote, None)
    push(books)
    assert "QuickBooks makes the total" in panel(office_client, quote)
    assert "its rate, or whether the customer is taxed, is another" in panel(office_client, quote)


def test_invoices_and_payments_have_the_panel_too(books, ann, office_client):
    invoice = billed(books, ann, "100.00")
    payment = payments.record(ann, D(40), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(40)})
    push(books)
    assert "In step" in panel(office_client, invoice)
    assert "In step" in panel(office_client, payment)
    assert "Send by e-mail" in panel(office_client, invoice)
    assert "Send by e-mail" not in panel(office_client, payment)


def test_the_bookkeeper_looks_and_has_no_buttons_and_the_marketer_sees_nothing(
    books,
    ann,
    bookkeeper_client,
    marketer_client,
):
    quote = write(ann, "100.00")
    books.emulator.faults.add("fault", route="create", code="6210", status=400, count=1)
    push(books)
    said = panel(bookkeeper_client, quote)
    assert "Needs you" in said
    assert "Try again" not in said
    assert bookkeeper_client.post(page(quote, "quickbooks"), {"action": "retry"}).status_code == 403
    assert bookkeeper_client.get(page(quote, "quickbooks_send")).status_code == 403
    assert row(quote).sync_status == "error"
    assert marketer_client.get(page(quote, "quickbooks_pdf")).status_code == 403


# --- Conflicts -----------------------------------------------------------------------------------


def test_a_conflict_shows_both_sides_and_what_was_before(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    conflict(books, quote)
    said = panel(office_client, quote)
    assert "Both changed It was changed here and in QuickBooks" in said
    assert re.search(r"Here .*\$150\.00 .*In QuickBooks .*\$120\.00 .*Before, on both sides .*\$100\.00", said)


def answer(client: Client, document: Any, choice: str, seen: str) -> str:
    address = reverse("admin:quickbooks_integration_conflictdecision_decide")
    given = {"sync": row(document).pk, "field": "content", "choice": choice, "seen": seen, "next": page(document)}
    return words(client.post(address, given, follow=True))


@pytest.mark.parametrize(("choice", "total"), [("ours", D(150)), ("theirs", D(120))])
def test_a_person_decides_a_conflict(books, ann, office_client, choice, total):
    quote = write(ann, "100.00")
    push(books)
    conflict(books, quote)
    html = office_client.get(page(quote)).content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', html)[1]
    said = answer(office_client, quote, choice, seen)
    assert LABELS["content"] in said
    push(books)
    quote.refresh_from_db()
    assert (quote.total_amount, there(books, "Estimate")[0]["TotalAmt"], row(quote).conflicts) == (total, total, {})


def test_a_decision_about_values_that_changed_meanwhile_is_asked_again(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    conflict(books, quote)
    said = answer(office_client, quote, "theirs", "something else")
    quote.refresh_from_db()
    assert "changed again meanwhile" in said
    assert (quote.total_amount, list(row(quote).conflicts)) == (D(150), ["content"])


def test_a_conflict_about_who_it_is_for_names_people_not_ids(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    pairs.customer(books.auth, "Bob Stone", Id="999")
    sync = row(quote)
    sides = {"base": ann.quickbooks_customer_id, "ours": ann.quickbooks_customer_id, "theirs": "999"}
    QuickBooksSync.objects.filter(pk=sync.pk).update(conflicts={"customer": sides}, sync_status="conflict")
    said = panel(office_client, quote)
    assert "Bob Stone" in said
    assert "999" not in said


# --- Lists ---------------------------------------------------------------------------------------


def test_the_list_of_quotes_says_how_each_stands_and_filters_by_it(books, ann, office_client):
    in_step, refused, only_here = write(ann, "1.00"), write(ann, "2.00"), draft(ann)
    push(books)
    QuickBooksSync.objects.filter(local_id=refused.pk, entity_type="estimate").update(sync_status="error")
    url = reverse("admin:billing_quote_changelist")
    for state, quote, label in [
        ("in_step", in_step, "In step"),
        ("needs_you", refused, "Needs you"),
        ("here", only_here, "Only here"),
    ]:
        response = office_client.get(f"{url}?quickbooks={state}")
        assert list(response.context["cl"].result_list) == [quote]
        assert label in words(response)


def test_the_lists_ask_as_often_for_many_rows_as_for_one(books, ann, office_client):
    url = reverse("admin:billing_quote_changelist")
    write(ann, "1.00")
    one = count_queries(office_client, url)
    for _ in range(5):
        write(ann, "1.00")
    assert count_queries(office_client, url) == one


def count_queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


# --- Push ----------------------------------------------------------------------------------------


def choose(client: Client, model: str, *documents: Any) -> Any:
    return client.post(
        reverse(f"admin:{model}_changelist"),
        {"action": "push_to_quickbooks", "_selected_action": [one.pk for one in documents]},
    )


def digests(response: Any) -> dict[str, Any]:
    """What the form of the preview sends when everything stays ticked."""
    html = response.content.decode()
    found = dict(re.findall(r'name="(digest_\d+)" value="(\w+)"', html))
    return {**found, "push": re.findall(r'name="push" value="(\d+)"', html), "confirm": "1"}


def test_the_action_shows_what_would_be_sent_and_sends_nothing(books, ann, office_client):
    quote, done = draft(ann), write(ann, "5.00")
    push(books)
    response = choose(office_client, "billing_quote", quote, done)
    said = words(response)
    assert f"Quote {quote.number} of Ann Lee new in QuickBooks draft: is marked as ready first" in said
    assert "total $100.00" in said
    assert f"Quote {done.number} of Ann Lee Nothing to send" in said
    push(books)
    assert len(there(books, "Estimate")) == 1


def test_confirming_sends_what_was_looked_at_and_shows_the_rest_again(books, ann, office_client):
    quote, edited, unticked = draft(ann), draft(ann), draft(ann)
    form = digests(choose(office_client, "billing_quote", quote, edited, unticked))
    reprice(edited, "150.00")
    form["push"].remove(str(unticked.pk))
    response = office_client.post(reverse("admin:billing_quote_quickbooks_push"), form)
    said = words(response)
    assert f"Quote {quote.number} of Ann Lee is on its way" in said
    assert "changed after you looked at them" in said
    assert "total $150.00" in said
    push(books)
    assert [found["TotalAmt"] for found in there(books, "Estimate")] == [D(100)]
    again = digests(response)
    office_client.post(reverse("admin:billing_quote_quickbooks_push"), again)
    push(books)
    assert sorted(found["TotalAmt"] for found in there(books, "Estimate")) == [D(100), D(150)]
    unticked.refresh_from_db()
    assert unticked.status == "draft"


def test_a_contact_is_pushed_from_the_list_and_its_page_follows(books, office_client):
    bob = pairs.contact("Bob", "Stone", "617-555-0177")
    form = digests(choose(office_client, "contacts_contact", bob))
    office_client.post(reverse("admin:contacts_contact_quickbooks_push"), form)
    url = reverse("admin:contacts_contact_change", args=[bob.pk])
    assert "On its way to QuickBooks" in words(office_client.get(url))
    new_customers.work_off(books.service())
    bob.refresh_from_db()
    assert bob.quickbooks_customer_id
    assert "In step with QuickBooks" in words(office_client.get(url))


def test_before_the_history_is_taken_over_pushing_says_so(books, ann, office_client):
    HistoryImport.objects.update(state="ready")
    quote = draft(ann)
    response = office_client.post(reverse("admin:billing_quote_quickbooks_push"), {"ids": [quote.pk]}, follow=True)
    assert "before the office has taken over what is there" in words(response)
    assert not QuickBooksSync.objects.filter(entity_type="estimate").exists()


def test_the_bookkeeper_cannot_push(books, ann, bookkeeper_client):
    quote = write(ann, "1.00")
    url = reverse("admin:billing_quote_quickbooks_push")
    assert bookkeeper_client.post(url, {"ids": [quote.pk]}).status_code == 403


# --- The command ---------------------------------------------------------------------------------


def test_the_command_shows_what_waits_and_sends_nothing_with_dry_run(books, ann, capsys):
    quote = write(ann, "100.00")
    before = QuickBooksSync.objects.values().get(entity_type="estimate")
    call_command("quickbooks_push", "--dry-run")
    said = capsys.readouterr().out
    assert f"Quote {quote.number} of Ann Lee: new" in said
    assert "Lines, discount and tax: 1 x Crack 1 $100.00 (total $100.00)" in said
    assert there(books, "Estimate") == []
    assert QuickBooksSync.objects.values().get(entity_type="estimate") == before


def test_the_command_pushes_the_kinds_that_are_asked_for(books, ann, capsys):
    write(ann, "100.00")
    call_command("quickbooks_push", "--entity", "payment", "--json")
    assert json.loads(capsys.readouterr().out)["entities"] == {
        "payment": {"pushed": 0, "refused": 0, "conflict": 0, "waiting": 0}
    }
    assert there(books, "Estimate") == []
    call_command("quickbooks_push", "--json")
    assert json.loads(capsys.readouterr().out)["entities"]["estimate"]["pushed"] == 1
    assert len(there(books, "Estimate")) == 1


def test_the_command_fails_with_the_reason_when_something_is_refused(books, ann):
    write(ann, "100.00")
    books.emulator.faults.add("fault", route="create", code="6210", status=400, count=1)
    with pytest.raises(CommandError, match="books are closed"):
        call_command("quickbooks_push")


# --- E-mail --------------------------------------------------------------------------------------


def test_send_offers_the_contact_s_address_and_asks_quickbooks_once(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    response = office_client.get(page(quote, "quickbooks_send"))
    assert 'name="address" value="ann@example.com"' in response.content.decode()
    assert "nothing leaves this machine" in words(response)
    said = words(office_client.post(page(quote, "quickbooks_send"), {"address": TO}, follow=True))
    assert "QuickBooks is asked to send it to ann@example.com" in said
    assert "E-mail to ann@example.com: waits to be sent" in said
    again = office_client.post(page(quote, "quickbooks_send"), {"address": TO})
    assert "is being sent already" in words(again)
    sending.work_off(QuickBooksService.current())
    assert "E-mailed to ann@example.com" in panel(office_client, quote)
    assert len(books.emulator.world.outbox.mails()) == 1


def test_an_address_that_is_none_is_refused_on_the_page(books, ann, office_client):
    quote = write(ann, "100.00")
    assert "This is no e-mail address." in words(office_client.post(page(quote, "quickbooks_send"), {"address": "ann"}))
    assert not EmailSending.objects.exists()


def test_an_unknown_outcome_is_asked_of_a_person(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    books.emulator.faults.add("drop", route="send", count=1)
    sending.ask("estimate", quote.pk, TO, None)
    sending.work_off(QuickBooksService.current(patience=5))
    said = panel(office_client, quote)
    assert "not known whether it went out" in said
    assert "It went out It did not go out" in said
    assert "may get it twice" in words(office_client.get(page(quote, "quickbooks_send")))
    email = EmailSending.objects.get()
    office_client.post(page(quote, "quickbooks_email"), {"email": email.pk, "action": "sent"})
    quote.refresh_from_db()
    assert (quote.status, quote.sent_to) == ("sent", TO)


# --- PDF and payment link ------------------------------------------------------------------------


def test_the_pdf_opens_in_the_browser_and_can_be_saved(books, ann, office_client):
    quote = write(ann, "100.00")
    push(books)
    response = office_client.get(page(quote, "quickbooks_pdf"))
    assert (response.status_code, response["Content-Type"], response.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert response["Content-Disposition"] == f'inline; filename="quote-{quote.number}-of-ann-lee.pdf"'
    saved = office_client.get(page(quote, "quickbooks_pdf") + "?download=1")
    assert saved["Content-Disposition"].startswith("attachment")


def test_without_a_pdf_a_page_says_why(books, ann, office_client):
    quote = write(ann, "100.00")
    response = office_client.get(page(quote, "quickbooks_pdf"))
    assert (response.status_code, "is not in QuickBooks yet" in words(response)) == (404, True)
    push(books)
    books.emulator.faults.add("unavailable", route="pdf", count=9)
    response = office_client.get(page(quote, "quickbooks_pdf"))
    assert (response.status_code, "QuickBooks is out of order" in words(response)) == (503, True)
    books.emulator.faults.clear()
    books.emulator.faults.add("garbage", route="pdf", count=9)
    assert office_client.get(page(quote, "quickbooks_pdf")).status_code == 503


def test_a_payment_link_of_test_books_is_not_shown(books, ann, office_client):
    invoice = billed(books, ann, "100.00")
    Invoice.objects.filter(pk=invoice.pk).update(payment_link="https://pay.example.com/abc")
    said = office_client.get(page(invoice)).content.decode()
    assert "https://pay.example.com/abc" not in said
    assert "these are test books" in said


def test_a_payment_link_of_the_live_books_can_be_copied(books, ann, office_client, settings):
    invoice = billed(books, ann, "100.00")
    Invoice.objects.filter(pk=invoice.pk).update(payment_link="https://pay.example.com/abc")
    QuickBooksAuth.objects.update(environment="production")
    settings.QUICKBOOKS_EMULATOR_URL = ""
    said = office_client.get(page(invoice)).content.decode()
    assert 'value="https://pay.example.com/abc" readonly' in said


def test_only_the_live_books_are_asked_for_a_payment_link(books, ann, settings, monkeypatch):
    invoice = billed(books, ann, "100.00")
    pushing.read_again(row(invoice).pk)
    push(books)
    invoice.refresh_from_db()
    assert invoice.payment_link == ""
    monkeypatch.setattr(addresses, "LIVE_API", books.emulator.url)
    settings.QUICKBOOKS_EMULATOR_URL, settings.QUICKBOOKS_SANDBOX = "", False
    QuickBooksAuth.objects.update(environment="production")
    pushing.read_again(row(invoice).pk)
    push(books)
    invoice.refresh_from_db()
    assert invoice.payment_link.startswith("http")


# --- Delete --------------------------------------------------------------------------------------


def test_a_quote_whose_estimate_is_on_its_way_is_not_deleted_and_says_why(books, ann, office_client):
    quote = write(ann, "100.00")
    books.emulator.faults.add("commit_then_drop", route="create", count=9)
    push(books)
    quote.refresh_from_db()
    assert (quote.quickbooks_estimate_id, row(quote).request_id != "") == (None, True)
    for method in (office_client.get, office_client.post):
        response = method(page(quote, "delete"), {"post": "yes"}, follow=True)
        assert "is in QuickBooks, or on its way there, so it cannot be deleted" in words(response)
    assert Quote.objects.filter(pk=quote.pk).exists()


def test_a_quote_that_is_only_here_is_deleted(books, ann, office_client):
    quote = write(ann, "100.00")
    response = office_client.post(page(quote, "delete"), {"post": "yes"}, follow=True)
    assert response.status_code == 200
    assert not Quote.objects.filter(pk=quote.pk).exists()
    push(books)
    assert there(books, "Estimate") == []
    assert not QuickBooksSync.objects.filter(entity_type="estimate").exists()


# --- Links ---------------------------------------------------------------------------------------


def test_the_links_name_documents_put_what_needs_a_person_first_and_try_again(books, ann, office_client):
    fine = write(ann, "1.00")
    push(books)
    refused = write(ann, "2.00")
    books.emulator.faults.add("fault", route="create", code="6210", status=400, count=1)
    push(books)
    url = reverse("admin:quickbooks_integration_quickbookssync_changelist")
    response = office_client.get(url)
    assert [sync.local_id for sync in response.context["cl"].result_list][0] == refused.pk
    assert f"Quote {refused.number} of Ann Lee" in words(response)
    assert f"Quote {fine.number} of Ann Lee" in words(response)
    assert "1 Needs you" in words(response)
    office_client.post(url, {"action": "try_again", "_selected_action": [row(refused).pk, row(fine).pk]})
    assert (row(refused).sync_status, row(fine).sync_status) == ("pending", "synced")
    outbox.work_off(books.service())
    assert row(refused).sync_status == "synced"


def test_the_links_ask_as_often_for_many_rows_as_for_a_few(books, ann, office_client):
    invoice = billed(books, ann, "1.00")
    payments.record(ann, D(1), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(1)})
    url = reverse("admin:quickbooks_integration_quickbookssync_changelist")
    few = count_queries(office_client, url)
    for _ in range(5):
        write(ann, "1.00")
    assert count_queries(office_client, url) == few
