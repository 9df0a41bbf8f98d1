"""A company of five years for the benchmark of pages: 100,000 contacts, 300,000 documents, 600,000 texts, and all that was
noted of them.

Each kind of row that exists once (`tests.attackacrack.planted`) is multiplied in the database; its triggers do not run for
what is only added, so the history is written as they would have written it.
"""

from decimal import Decimal
from typing import Any

CONTACTS, QUOTES, INVOICES, PAYMENTS, MEMOS = 100_000, 120_000, 125_000, 50_000, 5_000
JOBS = 60_000
CONVERSATIONS, TEXTS = 60_000, 600_000
DAYS = 5 * 365
FAMILIES = 9_000
# One contact, a builder or an agency, has every so many-th document: 2,400.
BUSY = 125
# Who typed: the last one left long ago.
PEOPLE = 6
# The nth row's day: spread evenly over five years up to today.
DAY = f"current_date - (n * 7 % {DAYS})"
# The nth row's moment, where later rows were written later: of `count` rows.
WRITTEN = "now() - ({count} - n) * interval '1 second' * ({days} * 86400.0 / {count})"


First = dict[str, int]  # the first of the many rows of each kind, by name: its key


def fill() -> int:
    """Returns the key of the contact with the many documents."""
    from django.db import connection

    from tests.attackacrack import planted

    planted.plant()
    first = _people()
    first |= _documents(first)
    _lines_and_sentences(first)
    _follow_ups(first)
    _talk(first)
    first |= _map(first)
    _matching(first)
    _traffic()
    _changes()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return first["contact"]


def _people() -> First:
    from contacts.models import Contact, ContactEmail, ContactPhone, Property, PropertyContact

    contact = multiply(
        Contact(last_name="Family"), CONTACTS, first_name="'Given' || n", last_name=f"'Family' || n % {FAMILIES}",
        quickbooks_customer_id="(1000000 + n)::text",
    )  # fmt: skip
    phone = ContactPhone(contact_id=contact, number="(617) 555-0100")
    number = "(2000000000 + n)::text"
    multiply(phone, CONTACTS, contact_id=f"{contact} + n - 1", number=number, key=number)
    address = "'given' || n || '@example.com'"
    email = ContactEmail(contact_id=contact, address="given@example.com")
    multiply(email, CONTACTS // 2, contact_id=f"{contact} + n * 2 - 1", address=address, key=address)
    house = multiply(Property(address="Elm Street"), CONTACTS, address="n || ' Elm Street'", key="n || ' elm st|'")
    owner = PropertyContact(property_id=house, contact_id=contact, role="owner", is_primary=True)
    multiply(owner, CONTACTS, property_id=f"{house} + n - 1", contact_id=f"{contact} + n - 1")
    return {"contact": contact, "property": house}


def _documents(first: First) -> First:
    """Most are settled; 1 in 50 is not, as in an office that keeps up."""
    from datetime import timedelta

    from django.utils import timezone

    from billing.models import Appointment, CreditMemo, Invoice, Job, JobParticipant, Payment, Quote

    house, busy = first["property"], first["contact"]
    person = f"CASE WHEN n % {BUSY} = 0 THEN {busy} ELSE {busy} + n % {CONTACTS} END"
    first_job = multiply(
        Job(property_id=house, title="Crack"), JOBS, property_id=f"{house} + n % {CONTACTS}", title="'Crack ' || n",
        created_at=f"({DAY})::timestamptz",
    )  # fmt: skip
    payer = JobParticipant(job_id=first_job, contact_id=busy, role="payer")
    multiply(payer, JOBS, job_id=f"{first_job} + n - 1", contact_id=person)
    job = f"CASE WHEN n <= {JOBS} THEN {first_job} + n - 1 END"
    quote = multiply(
        Quote(contact_id=busy, number=0, subtotal=900, total_amount=900, approved_at=timezone.now()), QUOTES,
        contact_id=person, job_id=job, number="100000 + n", quote_date=DAY, expiration_date=f"{DAY} + 30",
        status="CASE WHEN n % 50 = 0 THEN 'approved' WHEN n % 50 < 8 THEN 'declined' WHEN n % 50 < 12 THEN 'sent'"
        " WHEN n % 50 = 12 THEN 'draft' ELSE 'invoiced' END",
        approved_at=f"({DAY})::timestamptz", quickbooks_estimate_id="(2000000 + n)::text",
    )  # fmt: skip
    owed = "n % 50 = 13"
    invoice = multiply(
        Invoice(contact_id=busy, subtotal=900, total_amount=900, balance_due=900, status="sent"), INVOICES,
        contact_id=person, job_id=job, invoice_date=DAY, due_date=f"{DAY} + 15", document_number="(3000 + n)::text",
        quote_id=f"CASE WHEN n <= {QUOTES} AND n % 50 > 12 THEN {quote} + n - 1 END",
        status="CASE WHEN n % 50 < 2 THEN 'void' ELSE 'sent' END", quickbooks_invoice_id="(3000000 + n)::text",
        balance_due=f"CASE WHEN {owed} THEN 900 ELSE 0 END", amount_paid=f"CASE WHEN {owed} THEN 0 ELSE 900 END",
        payment_status=f"CASE WHEN {owed} THEN 'unpaid' ELSE 'paid' END",
        paid_date=f"CASE WHEN {owed} THEN NULL ELSE {DAY} + 20 END",
    )  # fmt: skip
    payment = multiply(Payment(contact_id=busy, amount=900, method="Check"), PAYMENTS, contact_id=person,
                       payment_date=DAY, reference="n::text", quickbooks_payment_id="(4000000 + n)::text")  # fmt: skip
    memo = multiply(CreditMemo(contact_id=busy, total_amount=90, remaining_credit=0), MEMOS, contact_id=person,
                    credit_date=DAY, document_number="(9000 + n)::text", quickbooks_credit_memo_id="(5000000 + n)::text")  # fmt: skip
    start = timezone.now()
    visit = Appointment(contact_id=busy, starts_at=start, ends_at=start + timedelta(hours=2))
    at = f"now() + interval '14 days' - (n * 7 % {DAYS}) * interval '1 day'"
    multiply(
        visit, 2 * JOBS, contact_id=person, job_id=f"{first_job} + n % {JOBS}", starts_at=at,
        ends_at=f"{at} + interval '2 hours'", kind=f"CASE WHEN n <= {JOBS} THEN 'repair' ELSE 'assessment' END",
        status=f"CASE WHEN {at} < now() THEN 'done' ELSE 'scheduled' END",
    )  # fmt: skip
    return {"job": first_job, "quote": quote, "invoice": invoice, "payment": payment, "credit_memo": memo}


def _lines_and_sentences(first: First) -> None:
    """Three lines a document, three sentences in its history; each payment was used for one invoice."""
    from billing import models

    product = multiply(models.Product.objects.earliest("pk"), 400, name="'Product ' || n")
    line = {"description": "Crack", "unit_price": Decimal(300), "product_id": product, "position": 1}
    for name, number in (("quote", QUOTES), ("invoice", INVOICES)):
        item = getattr(models, f"{name.title()}Item")
        multiply(
            item(quantity=Decimal(1), **{f"{name}_id": first[name]}, **line), 3 * number, position="n % 3 + 1",
            product_id=f"{product} + n % 400", **{f"{name}_id": f"{first[name]} + n / 3 % {number}"},
        )  # fmt: skip
    for name, number in (("quote", QUOTES), ("invoice", INVOICES), ("payment", PAYMENTS)):
        history = getattr(models, f"{name.title()}History")
        multiply(
            history(sentence="Written.", **{f"{name}_id": first[name]}), 3 * number,
            at=f"(current_date - (n % {number} * 7 % {DAYS}))::timestamptz + interval '9 hours'",
            sentence=f"CASE WHEN n <= {number} THEN 'Written. The total is $900.00.' ELSE 'QuickBooks changed it.' END",
            **{f"{name}_id": f"{first[name]} + n % {number}"},
        )  # fmt: skip
    used = models.PaymentApplication(payment_id=first["payment"], invoice_id=first["invoice"], amount=900)
    multiply(used, PAYMENTS, payment_id=f"{first['payment']} + n - 1", invoice_id=f"{first['invoice']} + n - 1")


def _talk(first: First) -> None:
    """Ten texts with most people, and a contact who calls every day; one conversation in a hundred waits for an answer."""
    from django.utils import timezone

    from contacts.models import Activity, Conversation, PhoneLine

    now = timezone.now()
    line = PhoneLine.objects.earliest("pk")
    conversation = multiply(
        Conversation(line=line, other_number="-", contact_id=first["contact"], last_activity_at=now), CONVERSATIONS,
        other_number="(2000000000 + n)::text", contact_id=f"{first['contact']} + n - 1", provider_id="'CN' || n",
        last_activity_at=f"now() - (n * 7 % {DAYS}) * interval '1 day'",
        waits_since="CASE WHEN n % 100 = 0 THEN now() - interval '1 day' END",
    )  # fmt: skip
    text = Activity(
        conversation_id=conversation, provider_id="-", kind="text", direction="incoming", at=now, changed_at=now
    )
    multiply(
        text, TEXTS, conversation_id=f"{conversation} + CASE WHEN n % 250 = 0 THEN 0 ELSE n % {CONVERSATIONS} END",
        provider_id="'AC' || n", at=f"now() - (n * 7 % {DAYS}) * interval '1 day'", text="'When do you come? ' || n",
        direction="CASE WHEN n % 2 = 0 THEN 'incoming' ELSE 'outgoing' END",
    )  # fmt: skip


def _follow_ups(first: First) -> None:
    """One for every tenth quote and invoice; nearly all are done."""
    from datetime import date

    from billing.models import FollowUp

    day = {"began_on": date(2026, 1, 1), "due_on": date(2026, 1, 8), "priority": 1}
    for name, kind in (("quote", "schedule"), ("invoice", "collect")):
        multiply(
            FollowUp(kind=kind, step=7, **{f"{name}_id": first[name]}, **day), 12_000, began_on=DAY,
            due_on=f"{DAY} + 7", done_at=f"CASE WHEN n % 50 = 0 THEN NULL ELSE ({DAY} + 8)::timestamptz END",
            created_at=f"({DAY} + 7)::timestamptz", **{f"{name}_id": f"{first[name]} + n * 10 - 1"},
        )  # fmt: skip


def _map(first: First) -> First:
    """A row of the map and of the mirror for every contact and document."""
    _map_of("estimate", QUOTES, 2_000_000, first["quote"])
    _map_of("invoice", INVOICES, 3_000_000, first["invoice"])
    _map_of("payment", PAYMENTS, 4_000_000, first["payment"])
    _map_of("credit_memo", MEMOS, 5_000_000, first["credit_memo"])
    return {"customer": _map_of("customer", CONTACTS, 1_000_000, first["contact"])}


def _map_of(entity_type: str, number: int, ids: int, first: int) -> int:
    """1 in 5,000 is in error, one has changed on both sides; 1 customer in 100 is nobody's."""
    from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksDocument, QuickBooksSync

    is_linked = "n % 100 > 0" if entity_type == "customer" else "true"
    row = QuickBooksSync(company=QuickBooksAuth.objects.get(), entity_type=entity_type, entity_id="0", local_id=0)
    start = multiply(
        row, number, entity_id=f"({ids} + n)::text", local_id=f"CASE WHEN {is_linked} THEN {first} + n - 1 END",
        sync_status="CASE WHEN n % 5000 = 1 THEN 'error' WHEN n % 5000 = 2 THEN 'conflict' WHEN n % 5000 < 6 THEN 'pending'"
        " ELSE 'synced' END",
        conflicts="CASE WHEN n % 5000 = 2 THEN"
        """ '{"notes": {"base": "", "ours": "Call first", "theirs": "Dog"}}'::jsonb ELSE '{}'::jsonb END""",
        base="""jsonb_build_object('notes', '', 'document_number', n::text, 'subtotal', '900.00', 'lines', '[]'::jsonb)""",
        confirmed_at="CASE WHEN n % 3 = 0 THEN now() - n * interval '1 minute' END",
    )  # fmt: skip
    if entity_type == "customer":
        multiply(
            QuickBooksCustomer.objects.earliest("pk"), number, sync_id=f"{start} + n - 1",
            display_name=f"'Given' || n || ' Family' || n % {FAMILIES}", given_name="'Given' || n",
            family_name=f"'Family' || n % {FAMILIES}", phone_keys="ARRAY[(2000000000 + n)::text]", email_keys="'{}'",
            raw="jsonb_build_object('Id', n::text, 'DisplayName', 'Given' || n, 'Notes', repeat('word ', 200))",
        )  # fmt: skip
    else:
        multiply(
            QuickBooksDocument.objects.earliest("pk"), number, sync_id=f"{start} + n - 1", date=DAY,
            customer_id=f"(1000001 + n % {CONTACTS})::text", customer_name="'Given' || n", document_number="(3000 + n)::text",
            raw="jsonb_build_object('Id', n::text, 'PrivateNote', repeat('word ', 200))",
        )  # fmt: skip
    return start


def _matching(first: First) -> None:
    """Most were linked by themselves; 1,000 wait for a person, 5,000 conflicts were decided."""
    from quickbooks_integration.models import ConflictDecision, MatchCandidate, MatchDecision

    sync, contact = first["customer"], first["contact"]
    reasons = [{"text": "Same phone", "agrees": True}]
    link = MatchDecision(sync_id=sync, contact_id=contact, action="auto_link", reasons=reasons)
    multiply(link, CONTACTS, sync_id=f"{sync} + n - 1", contact_id=f"{contact} + n - 1",
             decided_at=f"now() - (n % {DAYS}) * interval '1 day'")  # fmt: skip
    multiply(
        MatchCandidate.objects.earliest("pk"), 6_000, sync_id=f"{sync} + n * 10 - 1",
        contact_id=f"{contact} + n * 10 + 1", owed="n % 97", quoted="n % 89", kind="'household'",
        state="CASE WHEN n % 6 = 0 THEN 'open' WHEN n % 6 = 1 THEN 'refused' ELSE 'closed' END",
    )  # fmt: skip
    multiply(ConflictDecision.objects.earliest("pk"), 5_000, sync_id=f"{sync} + n - 1", local_id=f"{contact} + n - 1",
             decided_at=f"now() - (n % {DAYS}) * interval '1 day'")  # fmt: skip


def _traffic() -> None:
    """What is cleared away after weeks, and what is not."""
    from attackacrack.models import OutcomeMonth, PageTime
    from contacts.models import ContactImport, ContactImportRow, ContactMerge
    from quickbooks_integration.models import ApiCall, CheckRun, CoverageRange, RejectedRow, SyncRun, WebhookDelivery

    minute = "now() - n * interval '1 minute'"
    multiply(ApiCall.objects.earliest("pk"), 200_000, at=minute)
    multiply(SyncRun.objects.earliest("pk"), 20_000, state="'done'", started_at=minute, finished_at=minute)
    multiply(WebhookDelivery.objects.earliest("pk"), 20_000, state="'done'", received_at=minute, finished_at=minute)
    multiply(CheckRun.objects.earliest("pk"), 1_000, started_at="now() - n * interval '1 day'")
    multiply(RejectedRow.objects.earliest("pk"), 1_000)
    multiply(ContactImport.objects.earliest("pk"), 200, state="'done'")
    multiply(ContactImportRow.objects.earliest("pk"), 20_000)
    multiply(ContactMerge.objects.earliest("pk"), 2_000, undone_at="now()")
    ranges = CoverageRange.objects.earliest("pk")
    multiply(
        ranges,
        500,
        starts_at="now() - n * interval '2 days'",
        ends_at="now() - n * interval '2 days' + interval '1 day'",
    )
    multiply(
        PageTime(day="2026-01-01", bound=100, number=50), 600, day="current_date - n / 10", bound="100 * (n % 10 + 1)"
    )
    month = "(date_trunc('month', now()) - n * interval '1 month')::date"
    multiply(OutcomeMonth(name="automatic_sync", month="2026-01-01", value=99), 60, month=month)


# --- The history ---------------------------------------------------------------------------------


def _changes() -> None:
    """Years of what people and QuickBooks changed; yesterday the books were connected, which changed what nobody is told of
    in every contact and document: the worst morning for the page Changes."""
    from django.contrib.auth.models import User

    users = [User.objects.create_user(f"person{number}", is_staff=True) for number in range(PEOPLE)]
    users[-1].is_active = False
    users[-1].save()
    _contexts(users[0].pk)
    tables = (
        ("contacts", "Contact", CONTACTS, 40_000, {"company": "'Company ' || n"}, "total_sales", "n"),
        ("billing", "Quote", QUOTES, 120_000, {"notes": "'Note ' || n"}, "quickbooks_sync_token", "'1'"),
        ("billing", "QuoteItem", 3 * QUOTES, 60_000, {"unit_price": "n % 300"}, "position", "7"),
        ("billing", "Invoice", INVOICES, 250_000, {"notes": "'Note ' || n"}, "quickbooks_sync_token", "'1'"),
        ("billing", "InvoiceItem", 3 * INVOICES, 30_000, {"unit_price": "n % 300"}, "position", "7"),
        ("billing", "Payment", PAYMENTS, 50_000, {"notes": "'Note ' || n"}, "quickbooks_sync_token", "'1'"),
        ("billing", "CreditMemo", MEMOS, 5_000, {"notes": "'Note ' || n"}, "quickbooks_sync_token", "'1'"),
        ("billing", "Job", JOBS, 60_000, {"description": "'Note ' || n"}, None, ""),
    )
    for app, name, number, changed, to, quiet, quietly in tables:
        _events(app, name, number, changed, "'before'", {})
        _events(app, name, number, changed, "'update'", to)
        if quiet is not None:
            _events(app, name, number, number, QUIET, {quiet: quietly}, days=1)
    _events_of_the_map()


QUIET = "'quiet'"
CONTEXTS = 400_000


def _contexts(first_user: int) -> None:
    """Half are people's requests, of whom one left three years ago and one came yesterday; half are pulls."""
    from django.db import connection

    user = f"{first_user} + CASE WHEN n < {CONTEXTS} * 0.4 THEN {PEOPLE - 1} ELSE n / 2 % {PEOPLE - 2} END"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pghistory_context (id, created_at, updated_at, metadata)"
            f" SELECT md5(n::text)::uuid, {WRITTEN.format(count=CONTEXTS, days=DAYS)}, now(),"
            f" CASE WHEN n % 2 = 0 THEN jsonb_build_object('user', {user}, 'url', '/admin/')"
            """ ELSE '{"source": "quickbooks", "intuit_tid": "1-abc"}'::jsonb END"""
            f" FROM generate_series(1, {CONTEXTS}) n"
        )


def _events(app: str, name: str, number: int, count: int, label: str, to: dict[str, str], days: int = DAYS) -> None:
    """So many rows of a model's history, each as the row is now but for what it became."""
    from django.apps import apps
    from django.db import connection

    tracked, events = apps.get_model(app, name), apps.get_model(app, f"{name}Event")
    columns = [field.column for field in events._meta.concrete_fields if not field.column.startswith("pgh_")]
    values = [to.get(column, f"now_is.{column}") for column in columns]
    by = f"md5((n * {CONTEXTS // count} )::text)::uuid" if count <= CONTEXTS and days == DAYS else "NULL"
    first = tracked._default_manager.order_by("pk")[2].pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {events._meta.db_table} (pgh_created_at, pgh_label, pgh_obj_id, pgh_context_id,"
            f" {', '.join(columns)}) SELECT {WRITTEN.format(count=count, days=days)}, {label}, now_is.id, {by},"
            f" {', '.join(values)} FROM generate_series(1, {count}) n"
            f" JOIN {tracked._meta.db_table} now_is ON now_is.id = {first} + n % {number - 10}"
            " ORDER BY n ON CONFLICT DO NOTHING"
        )


def _events_of_the_map() -> None:
    from django.db import connection

    columns = "company_id, entity_type, entity_id, local_id, sync_status, sync_version"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO quickbooks_integration_quickbookssyncevent (pgh_created_at, pgh_label, pgh_obj_id, {columns})"
            f" SELECT now(), 'update', id, {columns} FROM quickbooks_integration_quickbookssync"
        )


def multiply(example: Any, count: int, **columns: str) -> int:
    """So many copies of a row, which is not kept unless it was there before; columns: SQL of those that differ, by n from
    1 on. Returns the key of the first one; the others follow."""
    from django.db import connection

    is_kept = not example._state.adding
    if not is_kept:
        example.save()
    table, meta = example._meta.db_table, example._meta
    names = [field.column for field in meta.concrete_fields if not field.primary_key or field.column in columns]
    values = ", ".join(columns.get(name, f'example."{name}"') for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE example AS SELECT * FROM {table} WHERE {meta.pk.column} = {example.pk}")
        if not is_kept:  # before its copies: one of them may be just like it
            example.delete()
        cursor.execute(
            f"INSERT INTO {table} ({quoted}) SELECT {values} FROM example, generate_series(1, {count}) n ORDER BY n"
        )
        cursor.execute("DROP TABLE example")
        cursor.execute(f"SELECT max({meta.pk.column}) FROM {table}")
        return cursor.fetchone()[0] - count + 1
