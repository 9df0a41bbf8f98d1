"""A job's page: its quotes and invoices, the way to the missing invoice, and "the work is done"."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import money_waiting
from billing.models import Appointment, Job, Quote
from tests.billing.rows import make_invoice, repair
from tests.billing.test_figures import days_ago, job, quote
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db


def page(client: Client, job: Job | None) -> str:
    assert job is not None
    return client.get(reverse("admin:billing_job_change", args=[job.pk])).content.decode()


def make_invoice_of(client: Client, job: Job) -> Any:
    return client.get(f"/admin/billing/job/{job.pk}/make-invoice/")


def on_first_page(client: Client) -> list[tuple[str, str] | None]:
    found = client.get(reverse("admin:index")).context["sections"]
    section = next(one for one in found if one.title == "Done, not invoiced")
    return [row.action for row in section.rows]


def test_done_and_not_invoiced_leads_to_the_page_that_makes_the_invoice(office_client: Client) -> None:
    done = repair(days_ago(1), quoted=True).job
    approved = Quote.objects.get()
    quote(job=done, status="sent", approved_at=None)
    way = ("Make the invoice", reverse("admin:billing_quote_invoice", args=[approved.pk]))
    assert on_first_page(office_client) == [way]
    assert office_client.get(way[1]).status_code == 200
    answer = make_invoice_of(office_client, done)
    assert answer.url == way[1]


def test_of_two_approved_quotes_the_one_whose_work_was_done_is_invoiced(office_client: Client) -> None:
    done = repair(days_ago(1)).job
    meant = quote(job=done, approved_at=timezone.now() - timedelta(days=5), quote_date=days_ago(9))
    quote(job=done)  # agreed after the repair: it waits for one of its own
    assert on_first_page(office_client)[0][1] == reverse("admin:billing_quote_invoice", args=[meant.pk])


def test_work_without_a_quote_leads_to_a_quote_for_its_customer(office_client: Client) -> None:
    visit = repair(days_ago(1))
    owner, payer = visit.contact, make_contact("Paul", "Payer")
    visit.job.participants.create(contact=owner, role="owner")
    visit.job.participants.create(contact=payer, role="payer")
    way = f"{reverse('admin:billing_quote_add')}?contact={payer.pk}&job={visit.job.pk}"
    assert on_first_page(office_client) == [("Write a quote", way)]
    answer = make_invoice_of(office_client, visit.job)
    assert answer.url == way
    assert [str(said) for said in get_messages(answer.wsgi_request)] == ["The job has no quote."]


def free_page(job: Job) -> str:
    return reverse("admin:billing_job_nothing_to_invoice", args=[job.pk])


def test_work_for_free_leaves_the_list_with_its_reason_and_comes_back(office_client: Client) -> None:
    done = repair(days_ago(1)).job
    section = next(one for one in office_client.get("/admin/").context["sections"] if one.title == "Done, not invoiced")
    assert section.rows[0].other == ("Nothing to invoice", free_page(done))
    refused = office_client.post(free_page(done), {"why": " "})
    assert ("Say why" in refused.content.decode(), len(on_first_page(office_client))) == (True, 1)
    office_client.post(free_page(done), {"why": "Lifetime guarantee"})
    assert on_first_page(office_client) == []
    assert "Lifetime guarantee" in page(office_client, done)
    history = office_client.get(reverse("admin:billing_job_history", args=[done.pk])).content.decode()
    assert "Why nothing is invoiced" in history
    assert "Lifetime guarantee" in history
    office_client.post(free_page(done), {"undo": "1"})
    assert len(on_first_page(office_client)) == 1
    answer = office_client.post(free_page(done), {"undo": "1"})
    assert [str(said) for said in get_messages(answer.wsgi_request)][-1].endswith("Nothing was changed.")


def test_an_approved_quote_whose_work_is_to_come_is_neither_no_quote_nor_invoiced_for_what_was_done(
    office_client: Client,
) -> None:
    done = repair(days_ago(1))
    done.quotes.set([quote(job=done.job, contact=done.contact, status="declined")])
    quote("4000", job=done.job, contact=done.contact)
    section = next(one for one in office_client.get("/admin/").context["sections"] if one.title == "Done, not invoiced")
    [row] = section.rows
    assert (row.amount, row.other) == ("a quote waits", None)
    assert row.action == ("Open the job", reverse("admin:billing_job_change", args=[done.job_id]))


def test_more_work_at_a_job_that_was_for_free_asks_again(office_client: Client) -> None:
    done = repair(days_ago(3)).job
    office_client.post(free_page(done), {"why": "Goodwill"})
    Job.objects.update(nothing_to_invoice_at=timezone.now() - timedelta(days=2))
    assert on_first_page(office_client) == []
    later = quote(job=done)  # agreed after the free work: it waits for a repair of its own
    assert list(money_waiting.waiting(Quote.objects.all())) == [later]
    later.delete()
    repair(days_ago(1), job=done)
    assert len(on_first_page(office_client)) == 1


def test_a_job_with_an_approved_quote_or_without_work_is_not_for_free(office_client: Client) -> None:
    quoted, to_come = repair(days_ago(1), quoted=True).job, repair(days_ago(-1)).job
    for row, words in ((quoted, "Invoice it, or decline it first"), (to_come, "its work is not done")):
        answer = office_client.post(free_page(row), {"why": "Goodwill"}).content.decode()
        assert (words in answer, "nothing-to-invoice" in page(office_client, row)) == (True, False)
    assert Job.objects.filter(nothing_to_invoice_at__isnull=False).count() == 0


def test_the_bookkeeper_gets_no_way_that_ends_in_a_refusal(bookkeeper_client: Client) -> None:
    done = repair(days_ago(1), quoted=True).job
    assert on_first_page(bookkeeper_client) == [None]
    assert "make-invoice" not in page(bookkeeper_client, done)
    assert make_invoice_of(bookkeeper_client, done).status_code == 403


def test_a_job_shows_its_quotes_and_invoices_and_no_button_when_all_is_invoiced(office_client: Client) -> None:
    billed = job(work_done_at=timezone.now())
    first = quote("640", job=billed, status="invoiced")
    make_invoice("640", quote=first, contact=first.contact)
    make_invoice("77", job=billed, status="void")
    shown = page(office_client, billed)
    assert shown.count("$640.00") == 2
    assert "$77.00, void" in shown
    assert "make-invoice" not in shown
    assert "make-invoice" in page(office_client, job(work_done_at=timezone.now()))


def test_a_technician_sees_the_job_without_its_documents(technician: User) -> None:
    billed = job()
    quote("640", job=billed)
    make_invoice("640", job=billed)
    shown = page(client_of(technician), billed)
    assert ("640" in shown, "None yet" in shown) == (False, False)
    assert billed.title in shown


def test_an_unknown_job_is_not_found(office_client: Client) -> None:
    assert office_client.get("/admin/billing/job/99999/make-invoice/").status_code == 404
    assert Appointment.objects.count() == 0
