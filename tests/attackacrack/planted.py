"""One row of everything the admin shows, with words and amounts that cannot be there by chance."""

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.utils import timezone

from billing.models import (
    CreditMemo,
    FollowUp,
    InvoiceItem,
    QuoteTemplate,
    QuoteTemplateLine,
)
from contacts import merging
from contacts.models import ContactImport, ContactImportRow
from quickbooks_integration.models import (
    ApiCall,
    CheckRun,
    ConflictDecision,
    CoverageRange,
    HistoryImport,
    MatchCandidate,
    MatchDecision,
    QuickBooksDocument,
    QuickBooksSync,
    RejectedRow,
    SyncRun,
    WebhookDelivery,
)
from tests.billing import rows
from tests.contacts.talk.rows import a_text, keep
from tests.factories import make_contact, make_property
from tests.quickbooks_integration import pairs

AMOUNT = Decimal("9876.54")
PHONE, EMAIL, STREET = "+1 505 555 7777", "planted@secret.example", "77 Planted Lane"
MONEY = ("9,876.54", "9876.54", "9876,54", "987654")
SAID = "the north wall weeps at night"
WAYS_TO_REACH = ("5557777", "555-7777", "555 7777", EMAIL, "secret.example", STREET)


def plant() -> None:
    ann = _person("Ann")
    house = make_property(STREET, people=(ann,))
    visit = rows.repair(timezone.localdate(), contact=ann)
    job = visit.job
    job.property, job.title = house, "Crack in the north wall"
    job.save()
    money = {"subtotal": AMOUNT, "total_amount": AMOUNT}
    quote = rows.make_quote(("1", str(AMOUNT)), contact=ann, job=job, status="approved", **money)
    rows.make_quote(("1", str(AMOUNT)), contact=ann, status="sent", **money)
    invoice = rows.make_invoice(str(AMOUNT), contact=ann, job=job, quote=quote, due_date=timezone.localdate())
    InvoiceItem.objects.create(invoice=invoice, position=1, description="Crack", quantity=1, unit_price=AMOUNT)
    rows.pay(on=timezone.localdate(), contact=ann, more=str(AMOUNT), reference="Check 7")
    CreditMemo.objects.create(contact=ann, total_amount=AMOUNT, remaining_credit=AMOUNT)
    today = timezone.localdate()
    FollowUp.objects.create(kind="schedule", quote=quote, step=0, priority=1, began_on=today, due_on=today)
    product = rows.make_product("Injection", unit_price=AMOUNT, cost=AMOUNT)
    rows.make_tax_code("6.25")
    template = QuoteTemplate.objects.create(name="Wall")
    QuoteTemplateLine.objects.create(template=template, product=product, quantity=1, unit_price=AMOUNT)
    merging.merge(ann.pk, _person("Anne").pk, by=None)
    keep(a_text("ACplanted", PHONE, text=f"Hello, {SAID}"))
    _planted_import()
    _planted_quickbooks(ann)
    admin = User.objects.create_superuser("root", EMAIL, "a pass phrase for tests")
    admin.groups.add(Group.objects.get(name="office"))


def _person(name: str):
    address = {"street": STREET, "city": "Albuquerque", "state": "NM", "zip_code": "87101"}
    money = {"total_sales": AMOUNT, "outstanding_balance": AMOUNT, "credit_limit": AMOUNT}
    return make_contact(name, "Planted", phones=(PHONE,), emails=(EMAIL,), address=address, **money)


def _planted_import() -> None:
    record = ContactImport.objects.create(filename="list.csv", state="preview", read=1, rejected=1)
    ContactImportRow.objects.create(
        source=record, line=2, outcome="rejected", reason=f"{PHONE} is odd", row=[["phone", PHONE], ["email", EMAIL]]
    )


def _planted_quickbooks(ann) -> None:
    company, now = pairs.company(), timezone.now()
    customer = pairs.customer(company, "Ann Planted", PHONE, EMAIL, Balance=AMOUNT, BillAddr={"Line1": STREET})
    MatchCandidate.objects.get_or_create(sync=customer, contact=ann, defaults={"score": 50})
    reasons = [{"text": f"Same phone {PHONE}", "agrees": True}]
    MatchDecision.objects.create(sync=customer, contact=ann, action="refuse", reasons=reasons)
    sync = QuickBooksSync.objects.create(
        company=company, entity_type="invoice", entity_id="7", error_message=str(AMOUNT)
    )
    raw = {"TotalAmt": AMOUNT, "BillEmail": {"Address": EMAIL}, "DocNumber": "1007"}
    QuickBooksDocument.objects.create(
        sync=sync,
        customer_name="Ann Planted",
        document_number="1007",
        total=AMOUNT,
        balance=AMOUNT,
        digest="d",
        raw=raw,
    )
    run = SyncRun.objects.create(company=company, entity_type="customer", state="stopped", message=f"{AMOUNT}")
    RejectedRow.objects.create(run=run, entity_id="8", name=EMAIL, reason=f"{PHONE} {AMOUNT}", raw={"Phone": PHONE})
    only_there = {
        "kind": "invoice",
        "name": "Ann",
        "sentence": f"{AMOUNT}",
        "local": None,
        "sync": sync.pk,
        "entity_id": "7",
    }
    CheckRun.objects.create(
        company=company, state="done", accuracy="99.00", finished_at=now, message=f"{AMOUNT}", difference_count=1,
        differences=[only_there],
    )  # fmt: skip
    ConflictDecision.objects.create(
        sync=customer, entity_type="customer", local_id=ann.pk, name="Ann", field="phones", choice="ours",
        ours=PHONE, theirs=EMAIL,
    )  # fmt: skip
    CoverageRange.objects.create(
        company=company, entity_type="customer", how="full", starts_at=now - timedelta(days=1), ends_at=now
    )
    HistoryImport.objects.create(company=company, state="ready", report={})
    ApiCall.objects.create(company=company, at=now, method="GET", path="/query", status=200, milliseconds=5)
    WebhookDelivery.objects.create(body=f'{{"email": "{EMAIL}"}}'.encode(), what=f"{AMOUNT}", message=PHONE)
