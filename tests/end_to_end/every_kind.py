"""A company with at least one row of every kind that a page shows, and texts long enough to break a narrow screen."""

from datetime import time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from billing import follow_ups
from billing.models import CreditMemo, QuoteTemplate, QuoteTemplateLine
from contacts.models import Contact, ContactImport, ContactImportRow
from quickbooks_integration.models import (
    CheckRun,
    MatchCandidate,
    QuickBooksSync,
    RejectedRow,
    SyncRun,
    WebhookDelivery,
)
from quickbooks_integration.reconciling import match
from tests.billing import rows
from tests.factories import make_contact, make_property
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.conflicts.clashes import EstimateLines

LONG_NAME = ("Maximiliane-Aurelia", "Featherstonehaugh-Cholmondeley")
LONG_EMAIL = "maximiliane-aurelia.featherstonehaugh-cholmondeley@accounts-payable.example.com"
LONG_TEXT = "Ring twice, the bell is broken, and mind the dog behind the house. " * 4


def fill(books: Any, office: User) -> None:
    """books: a connected company with customers and documents (tests/quickbooks_integration/sync/conftest.py)."""
    books.pull_all()
    books.take_over()
    ann = pairs.contact("Ann", "Lee", "617-555-0123", "ann@example.com")
    assert books.sync().create_customer_from_contact(ann)["result"] == "created"
    ann.refresh_from_db()
    EstimateLines(books, ann).clash()
    _work(_people(books, office))
    _import(office)
    _reports(books, office)


def _people(books: Any, office: User) -> Contact:
    long = make_contact(*LONG_NAME, phones=("617-555-0177",), emails=(LONG_EMAIL,), notes=LONG_TEXT)
    make_contact("Max", LONG_NAME[1], phones=("617-555-0177",))  # a possible duplicate
    make_property("12 Elm Street", people=(long,))
    # A possible match.
    pairs.contact("Jo", LONG_NAME[1], "617-555-0188", LONG_EMAIL)
    pairs.customer(books.auth, "Mary Jones and Daughters", "617-555-0188", Id="9001", Notes=LONG_TEXT)
    match(books.auth)
    assert MatchCandidate.objects.filter(state="open").exists()
    return long


def _work(contact: Contact) -> None:
    today = timezone.localdate()
    make = rows.make_quote
    make(("2", "150"), contact=contact, status="approved", approved_at=timezone.now(), subtotal=300, total_amount=300)
    make(("1", "90"), contact=contact, status="sent", sent_at=timezone.now() - timedelta(days=3), subtotal=90,
         total_amount=90, quote_date=today - timedelta(days=3))  # fmt: skip
    unpaid = rows.make_invoice("900", contact=contact, due_date=today - timedelta(days=8), invoice_date=today)
    rows.pay((unpaid, "0.01"), on=today, more="50")
    CreditMemo.objects.create(contact=contact, total_amount=20, remaining_credit=20, credit_date=today)
    for hour in (9, 13):
        rows.repair(today, quoted=True, at=time(hour), contact=contact, notes=LONG_TEXT)
    rows.repair(today - timedelta(days=1), contact=contact)
    rows.make_tax_code("6.25", name="Massachusetts")
    template = QuoteTemplate.objects.create(name="Crack with both sides", message=LONG_TEXT)
    QuoteTemplateLine.objects.create(template=template, position=1, product=rows.make_product(), quantity=1)
    follow_ups.raise_due()


def _import(office: User) -> None:
    done = ContactImport.objects.create(
        filename="a-list-of-everybody-who-ever-called-us-in-the-last-ten-years-final-2.csv", kind="List of contacts",
        imported_by=office, read=3, created=1, conflict=1, rejected=1,
    )  # fmt: skip
    for line, outcome in enumerate(("conflict", "rejected"), 2):
        ContactImportRow.objects.create(
            source=done, line=line, outcome=outcome, reason=LONG_TEXT, row=[["E-mail", LONG_EMAIL]],
            contact=Contact.objects.first() if outcome == "conflict" else None,
        )  # fmt: skip


def _reports(books: Any, office: User) -> None:
    stopped = SyncRun.objects.create(
        company=books.auth, entity_type="customer", state="stopped", started_by=office, finished_at=timezone.now(),
        message=LONG_TEXT, read=1, rejected=1,
    )  # fmt: skip
    RejectedRow.objects.create(run=stopped, entity_id="7", name=LONG_EMAIL, reason="The balance is no number.", raw={})
    WebhookDelivery.objects.create(body=b"{}", company="Attack-a-Crack", what="2 invoices", message=LONG_TEXT)
    CheckRun.objects.create(
        company=books.auth, state="done", accuracy="99.98", compared=9, agreeing=8, difference_count=1, api_calls=8,
        message="1 difference was found in 9 compared fields.",
        differences=[{
            "kind": "invoice", "name": "Ann Lee", "field": "message", "ours": LONG_TEXT, "theirs": "", "label": "Message",
            "sentence": f"Invoice 1042 of Ann Lee: the message is {LONG_TEXT}", "entity_id": "1", "take": True,
            "push": True, "sync": QuickBooksSync.objects.filter(entity_type="invoice").first().pk, "local": 1,
        }],
        counts={"invoice": {"records": 1, "compared": 9, "agreeing": 8, "waiting": 0, "apart": 0}},
        totals=[{"kind": "invoice", "year": timezone.localdate().year, "our_count": 9, "our_total": "123456.00",
                 "their_count": 10, "their_total": "133456.00", "agrees": False}],
    )  # fmt: skip
