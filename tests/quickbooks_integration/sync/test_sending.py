"""QuickBooks mails our documents: each at most once, whatever becomes of the answer."""

# ruff: noqa: F811  (fixtures that are imported)

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from billing import converting, invoices, quotes
from billing.models import Quote
from billing.refusals import Refused
from quickbooks_integration import tasks
from quickbooks_integration.models import EmailSending, HistoryImport, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import sending
from tests.quickbooks_integration.sync.test_outbox import ann, books, push, reprice, row, there, write  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
TO = "ann+home@example.com"


@pytest.fixture
def quote(books, ann) -> Quote:
    """In QuickBooks, as it is here."""
    written = write(ann, "100.00")
    push(books)
    written.refresh_from_db()
    return written


def mails(books) -> list[tuple[str, str]]:
    return [(mail.to, mail.entity) for mail in books.emulator.world.outbox.mails()]


def work(books) -> EmailSending:
    """What worker and beat do; pauses are not waited for. The newest e-mail."""
    EmailSending.objects.update(next_try_at=None)
    sending.work_off(QuickBooksService.current(patience=5))
    return EmailSending.objects.first()


def sends(books) -> int:
    return books.emulator.requests.counts().get("send", 0)


def test_a_quote_is_mailed_once_and_is_sent_here_with_the_time_that_quickbooks_says(books, quote):
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    work(books)
    quote.refresh_from_db()
    assert (done.state, mails(books)) == ("sent", [(TO, "Estimate")])
    assert (quote.status, quote.sent_to, quote.sent_at) == ("sent", TO, done.sent_at)
    assert quote.history.filter(sentence=f"Sent to {TO}.", origin="quickbooks").count() == 1
    sync = row(quote)
    assert (sync.sync_status, sync.sent, sync.needs_read, sync.lease) == ("synced", sync.wanted, False, None)
    assert sync.document.raw["EmailStatus"] == "EmailSent"


def test_sending_sends_the_document_no_second_time_to_quickbooks(books, quote):
    sending.ask("estimate", quote.pk, TO, None)
    work(books)
    push(books)
    assert there(books, "Estimate")[0]["SyncToken"] == "0"


def test_an_invoice_is_mailed_and_is_sent_here(books, quote):
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    sending.ask("invoice", invoice.pk, TO, None)
    for _ in range(3):
        push(books)
        work(books)
    invoice.refresh_from_db()
    assert (mails(books), invoice.status, invoice.sent_to) == ([(TO, "Invoice")], "sent", TO)
    assert invoice.history.filter(sentence=f"Sent to {TO}.").count() == 1


def test_two_clicks_are_one_mail(books, quote):
    first = sending.ask("estimate", quote.pk, TO, None)
    with pytest.raises(Refused, match="is being sent already"):
        sending.ask("estimate", quote.pk, TO, None)
    with pytest.raises(IntegrityError):
        EmailSending.objects.create(sync=first.sync, address=TO)
    work(books)
    assert mails(books) == [(TO, "Estimate")]


def test_after_it_went_out_it_can_be_sent_again_on_purpose(books, quote):
    for address in (TO, "other@example.com"):
        sending.ask("estimate", quote.pk, address, None)
        work(books)
    assert [to for to, _ in mails(books)] == [TO, "other@example.com"]


def test_a_draft_becomes_ready_is_pushed_and_mailed(books, ann):
    draft = Quote.objects.create(contact=ann)
    draft.quote_items.create(description="Crack", quantity=1, unit_price=D(50))
    quotes.finish_edit(draft, None)
    sending.ask("estimate", draft.pk, TO, None)
    done = work(books)
    draft.refresh_from_db()
    assert (done.state, draft.status, there(books, "Estimate")[0]["TotalAmt"]) == ("sent", "sent", D(50))


def test_what_is_not_sent_yet_goes_first_so_that_the_mail_says_what_is_here(books, quote):
    reprice(quote, "150.00")
    sending.ask("estimate", quote.pk, TO, None)
    work(books)
    assert there(books, "Estimate")[0]["TotalAmt"] == D(150)
    assert "150.00" in books.emulator.world.outbox.mails()[0].text


def test_a_document_that_quickbooks_refuses_is_not_mailed_and_the_reason_is_told(books, quote):
    reprice(quote, "150.00")
    books.emulator.faults.add("fault", route="update", code="6210", detail="closed", status=400, count=1)
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    assert (done.state, mails(books)) == ("failed", [])
    assert "nothing was mailed" in done.message
    assert "books are closed" in done.message


def test_a_document_that_both_sides_changed_is_not_mailed(books, quote):
    (estimate,) = there(books, "Estimate")
    line = {**estimate["Line"][0], "Amount": 120, "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 120}}
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[line])
    reprice(quote, "150.00")
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    assert (done.state, mails(books), row(quote).sync_status) == ("failed", [], "conflict")
    assert "Decide that first" in done.message


def test_what_was_changed_there_a_moment_ago_is_taken_over_before_it_is_mailed(books, quote):
    books.bookkeeper.edit("Estimate", quote.quickbooks_estimate_id, CustomerMemo={"value": "Call first"})
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    quote.refresh_from_db()
    assert (done.state, quote.message) == ("sent", "Call first")


def test_an_e_mail_that_found_its_document_being_pushed_goes_out_when_the_push_is_over(books, quote):
    reprice(quote, "150.00")
    later = timezone.now() + timedelta(minutes=3)
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(lease=asked_by_nobody(), lease_until=later)
    sending.ask("estimate", quote.pk, TO, None)
    waits = work(books)
    assert (waits.state, mails(books)) == ("waiting", [])
    assert waits.next_try_at > timezone.now()
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(lease=None, lease_until=None)
    tasks.push(row(quote).pk)
    sending.work_off(books.service())  # nobody moves the clock
    assert (EmailSending.objects.get().state, mails(books)) == ("sent", [(TO, "Estimate")])


def test_a_push_that_ends_while_an_e_mail_decides_to_wait_is_noticed(books, quote):
    reprice(quote, "150.00")
    sync_id = row(quote).pk
    later = timezone.now() + timedelta(minutes=3)
    QuickBooksSync.objects.filter(pk=sync_id).update(lease=asked_by_nobody(), lease_until=later)

    class Slow(sending.Sender):
        def _wait(self, pause: timedelta, message: str) -> None:
            QuickBooksSync.objects.filter(pk=sync_id).update(lease=None, lease_until=None)
            tasks.push(sync_id)  # finds the e-mail, but not waiting yet
            super()._wait(pause, message)

    asked = sending.ask("estimate", quote.pk, TO, None)
    Slow(books.service(), asked.pk, lease_of(asked)).run()
    sending.work_off(books.service())
    assert (EmailSending.objects.get().state, mails(books)) == ("sent", [(TO, "Estimate")])


# --- The answer is lost --------------------------------------------------------------------------


def test_mailed_but_the_answer_is_lost_is_found_out_and_not_mailed_again(books, quote):
    books.emulator.faults.add("commit_then_drop", route="send", count=1)
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    work(books)
    quote.refresh_from_db()
    assert (done.state, quote.status, mails(books)) == ("sent", "sent", [(TO, "Estimate")])


def test_an_earlier_mail_is_not_taken_for_this_one(books, quote):
    sending.ask("estimate", quote.pk, TO, None)
    work(books)
    books.emulator.faults.add("drop", route="send", count=1)
    sending.ask("estimate", quote.pk, "new@example.com", None)
    done = work(books)
    quote.refresh_from_db()
    assert (done.state, done.message, quote.sent_to) == ("unknown", sending.ASK, TO)


def test_not_mailed_and_no_answer_asks_a_person_and_never_sends_by_itself(books, quote):
    books.emulator.faults.add("drop", route="send", count=1)
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    for _ in range(3):
        work(books)
    quote.refresh_from_db()
    assert (done.state, quote.status, mails(books), sends(books)) == ("unknown", "ready", [], 1)
    assert sending.say_not_sent(done.pk)
    assert not sending.say_sent(done.pk, None)
    sending.ask("estimate", quote.pk, TO, None)
    assert (work(books).state, mails(books)) == ("sent", [(TO, "Estimate")])


def test_a_person_knows_that_it_went_out(books, quote):
    books.emulator.faults.add("drop", route="send", count=1)
    sending.ask("estimate", quote.pk, TO, None)
    unknown = work(books)
    assert sending.say_sent(unknown.pk, None)
    quote.refresh_from_db()
    assert (quote.status, quote.sent_to, EmailSending.objects.get().state) == ("sent", TO, "sent")
    assert mails(books) == []


def test_a_late_delivery_is_found_when_somebody_asks_again(books, quote):
    books.emulator.faults.add("drop", route="send", count=1)
    sending.ask("estimate", quote.pk, TO, None)
    unknown = work(books)
    QuickBooksService.current().send("Estimate", quote.quickbooks_estimate_id, TO)  # it arrived after all
    assert sending.look_again(unknown.pk)
    assert (work(books).state, len(mails(books))) == ("sent", 1)


def test_a_worker_that_dies_after_it_has_asked_leaves_an_e_mail_that_is_found_out(books, quote):
    asked = sending.ask("estimate", quote.pk, TO, None)
    QuickBooksService.current().send("Estimate", quote.quickbooks_estimate_id, TO)
    past = timezone.now() - timedelta(minutes=5)
    EmailSending.objects.filter(pk=asked.pk).update(
        state="sending", started_at=past, lease=asked_by_nobody(), lease_until=past
    )
    assert (work(books).state, len(mails(books))) == ("sent", 1)


def asked_by_nobody() -> Any:
    return uuid.uuid4()


def test_while_nobody_can_read_it_nothing_is_decided(books, quote):
    books.emulator.faults.add("drop", route="send", count=1)
    books.emulator.faults.add("drop", route="read", skip=1, count=9)
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    assert (done.state, done.message) == ("sending", sending.STILL_ASKING)
    books.emulator.faults.clear()
    assert (work(books).state, sends(books)) == ("unknown", 1)


def test_a_worker_holds_a_lease_while_it_sends_and_a_second_one_goes(books, quote):
    asked = sending.ask("estimate", quote.pk, TO, None)
    later = timezone.now() + timedelta(minutes=3)
    EmailSending.objects.filter(pk=asked.pk).update(lease=asked_by_nobody(), lease_until=later)
    sending.work(QuickBooksService.current(), asked.pk)
    assert (EmailSending.objects.get().state, mails(books)) == ("waiting", [])


def test_an_address_that_quickbooks_does_not_take_is_refused_with_its_reason(books, quote):
    books.emulator.faults.add("fault", route="send", code="2210", detail="bad address", status=400, count=1)
    sending.ask("estimate", quote.pk, TO, None)
    done = work(books)
    assert (done.state, mails(books)) == ("failed", [])
    assert "does not accept an e-mail address" in done.message


def test_too_many_requests_wait_and_are_mailed_later(books, quote, settings):
    settings.QUICKBOOKS_PAUSE_SECONDS = 0.01
    books.emulator.faults.add("throttled", route="send", count=3)
    sending.ask("estimate", quote.pk, TO, None)
    assert work(books).state == "waiting"
    books.emulator.faults.clear()
    assert (work(books).state, mails(books)) == ("sent", [(TO, "Estimate")])


# --- What is not mailed at all -------------------------------------------------------------------


def test_a_void_invoice_is_not_mailed(books, quote):
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    invoices.void(invoice, None)
    with pytest.raises(Refused, match="is void, so there is nothing to send"):
        sending.ask("invoice", invoice.pk, TO, None)
    assert not EmailSending.objects.exists()


def test_the_sandbox_writes_only_to_the_addresses_of_the_setting(books, quote, settings):
    asked = sending.ask("estimate", quote.pk, TO, None)
    settings.QUICKBOOKS_EMULATOR_URL, settings.QUICKBOOKS_SANDBOX = "", True
    settings.QUICKBOOKS_SANDBOX_EMAILS = ["Olivia@example.com "]
    assert "olivia@example.com" in sending.refusal_of_address(TO)
    assert sending.refusal_of_address("olivia@EXAMPLE.com") == ""
    sending.Sender(books_service(books), asked.pk, lease_of(asked)).run()
    asked.refresh_from_db()
    assert (asked.state, mails(books)) == ("failed", [])
    EmailSending.objects.all().delete()
    with pytest.raises(Refused, match="sandbox"):
        sending.ask("estimate", quote.pk, TO, None)
    assert not EmailSending.objects.exists()


def books_service(books) -> QuickBooksService:
    return QuickBooksService(books.auth)


def lease_of(asked: EmailSending) -> Any:
    lease = asked_by_nobody()
    EmailSending.objects.filter(pk=asked.pk).update(lease=lease, lease_until=timezone.now() + timedelta(minutes=3))
    return lease


def test_nothing_is_mailed_before_the_history_is_taken_over(books, ann):
    HistoryImport.objects.update(state="ready")
    written = write(ann, "100.00")
    with pytest.raises(Refused, match="history is not taken over"):
        sending.ask("estimate", written.pk, TO, None)
    assert not QuickBooksSync.objects.filter(entity_type="estimate").exists()
