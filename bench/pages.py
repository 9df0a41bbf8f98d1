"""The first page and the main lists at 100,000 contacts and 300,000 documents: time on the server, and queries."""

import sys
from datetime import timedelta
from typing import Any

from bench import timing
from bench.database import scratch_database

CONTACTS, QUOTES, INVOICES, PAYMENTS, MEMOS = 100_000, 120_000, 125_000, 50_000, 5_000
JOBS, ROUNDS, AIM = 60_000, 20, 500
DAYS = 5 * 365
FAMILIES = 9_000
LISTS = ["contacts_contact", "contacts_property", "billing_quote", "billing_invoice", "billing_payment",
         "billing_creditmemo", "billing_job", "billing_appointment", "quickbooks_integration_quickbookssync"]  # fmt: skip
BEHIND = [("quote", "waiting"), ("quote", "open"), ("invoice", "owed"), ("invoice", "invoiced"), ("job", "unbilled"),
          ("appointment", "unquoted")]  # fmt: skip
# The nth row's day: spread evenly over five years up to today.
DAY = f"current_date - (n * 7 % {DAYS})"


def main() -> None:
    with scratch_database():
        from django.contrib.auth.models import User
        from django.test import Client
        from django.urls import reverse

        fill()
        client = Client()
        client.force_login(User.objects.create_superuser("bench", password="bench"))
        show("first page", client, reverse("admin:index"))
        for name in LISTS:
            show(f"list of {name.rpartition('_')[2]}", client, reverse(f"admin:{name}_changelist"))
        for name, figure in BEHIND:
            show(f"rows: {figure}", client, f"{reverse(f'admin:billing_{name}_changelist')}?rows={figure}")


def show(name: str, client: Any, url: str) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
        asked = len(queries)
    assert response.status_code == 200, response.status_code
    times = [timing.seconds(lambda: client.get(url)) for _ in range(ROUNDS)]
    median, slow = timing.percentile(times, 50) * 1000, timing.percentile(times, 95) * 1000
    sys.stdout.write(f"{name}: p50 {median:.0f} ms, p95 {slow:.0f} ms (aim: under {AIM}), {asked} queries\n")
    sys.stdout.flush()


def fill() -> None:
    """Most documents are settled; 1 in 50 is not, as in an office that keeps up."""
    from django.db import connection

    fill_people()
    fill_documents()
    fill_links()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def fill_people() -> None:
    from contacts.models import Contact, ContactPhone, Property

    multiply(Contact(last_name="Family"), CONTACTS, first_name="'Given' || n", last_name=f"'Family' || n % {FAMILIES}")
    first = Contact.objects.earliest("pk")
    phone = ContactPhone(contact=first, number="(617) 555-0100")
    multiply(
        phone, CONTACTS, contact_id=f"{first.pk} + n - 1", number="(2000000000 + n)::text", key="(2000000000 + n)::text"
    )
    multiply(Property(address="Elm Street"), CONTACTS, address="n || ' Elm Street'", key="n || ' elm st|'")


def fill_documents() -> None:
    from django.utils import timezone

    from billing.models import Appointment, CreditMemo, Invoice, Job, Payment, Quote
    from contacts.models import Contact, Property

    contact, house = Contact.objects.earliest("pk"), Property.objects.earliest("pk")
    person, place = f"{contact.pk} + n % {CONTACTS}", f"{house.pk} + n % {CONTACTS}"
    multiply(Job(property=house, title="Crack"), JOBS, property_id=place)
    first_job = Job.objects.earliest("pk").pk
    job = f"CASE WHEN n <= {JOBS} THEN {first_job} + n - 1 END"
    multiply(
        Quote(contact=contact, number=0, subtotal=900, total_amount=900, approved_at=timezone.now()), QUOTES,
        contact_id=person, job_id=job, number="n", quote_date=DAY, expiration_date=f"{DAY} + 30",
        status="CASE WHEN n % 50 = 0 THEN 'approved' WHEN n % 50 < 8 THEN 'declined' WHEN n % 50 < 12 THEN 'sent'"
        " WHEN n % 50 = 12 THEN 'draft' ELSE 'invoiced' END",
        approved_at=f"({DAY})::timestamptz",
    )  # fmt: skip
    first_quote = Quote.objects.earliest("pk").pk
    multiply(
        Invoice(contact=contact, subtotal=900, total_amount=900, balance_due=900, status="sent"), INVOICES, contact_id=person, job_id=job,
        quote_id=f"CASE WHEN n <= {QUOTES} AND n % 50 > 12 THEN {first_quote} + n - 1 END", invoice_date=DAY,
        due_date=f"{DAY} + 15", status="CASE WHEN n % 50 < 2 THEN 'void' ELSE 'sent' END",
        balance_due="CASE WHEN n % 50 = 13 THEN 900 ELSE 0 END", amount_paid="CASE WHEN n % 50 = 13 THEN 0 ELSE 900 END",
    )  # fmt: skip
    multiply(Payment(contact=contact, amount=900), PAYMENTS, contact_id=person, payment_date=DAY)
    multiply(
        CreditMemo(contact=contact, total_amount=90, remaining_credit=0), MEMOS, contact_id=person, credit_date=DAY
    )
    start = timezone.now()
    visit = Appointment(contact=contact, starts_at=start, ends_at=start + timedelta(hours=2))
    at = f"now() + interval '14 days' - (n * 7 % {DAYS}) * interval '1 day'"
    multiply(
        visit, 2 * JOBS, contact_id=person, job_id=f"{first_job} + n % {JOBS}", starts_at=at,
        ends_at=f"{at} + interval '2 hours'", kind=f"CASE WHEN n <= {JOBS} THEN 'repair' ELSE 'assessment' END",
    )  # fmt: skip


def fill_links() -> None:
    """As many rows of the map as there are contacts and documents."""
    from django.utils import timezone

    from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync

    soon = timezone.now() + timedelta(days=90)
    auth = QuickBooksAuth.objects.create(
        company_id="1", company_name="Bench", environment="emulator", access_token="a", refresh_token="b",
        expires_at=soon, refresh_expires_at=soon, refreshed_at=timezone.now(), connected_at=timezone.now(),
    )  # fmt: skip
    multiply(
        QuickBooksSync(company=auth, entity_type="estimate", entity_id="0", local_id=0, sync_status="synced"),
        CONTACTS + QUOTES + INVOICES + PAYMENTS + MEMOS, entity_id="n::text", local_id="n",
        sync_status="CASE WHEN n % 5000 = 0 THEN 'error' WHEN n % 5000 < 3 THEN 'pending' ELSE 'synced' END",
    )  # fmt: skip


def multiply(example: Any, count: int, **columns: str) -> None:
    """So many copies of a row that is not kept; columns: SQL of those that differ, by n from 1 on."""
    from django.db import connection

    example.save()
    table = example._meta.db_table
    names = [field.column for field in example._meta.concrete_fields if not field.primary_key]
    values = ", ".join(columns.get(name, f"example.{name}") for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM {table} example, generate_series(1, {count}) n"
            f" WHERE example.id = {example.pk} ORDER BY n + 0"
        )
    example.delete()


if __name__ == "__main__":
    main()
