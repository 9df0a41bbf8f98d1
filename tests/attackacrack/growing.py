"""More of everything that is planted: rows for the lists, each of somebody else, and children for the planted rows' pages."""

from datetime import timedelta
from decimal import Decimal

import pghistory
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from attackacrack.models import AuditSeal, OutcomeMonth
from billing.models import (
    Appointment,
    CreditMemo,
    FollowUp,
    Invoice,
    InvoiceHistory,
    InvoiceItem,
    Job,
    JobParticipant,
    Payment,
    PaymentApplication,
    PaymentHistory,
    Quote,
    QuoteHistory,
    QuoteItem,
    QuoteTemplate,
    QuoteTemplateLine,
    TaxRate,
)
from contacts import merging
from contacts.models import (
    Contact,
    ContactEmail,
    ContactImport,
    ContactImportRow,
    ContactPhone,
    Property,
    PropertyContact,
)
from quickbooks_integration.models import (
    ApiCall,
    CheckRun,
    ConflictDecision,
    CoverageRange,
    HistoryImport,
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksDocument,
    QuickBooksSync,
    RejectedRow,
    SyncRun,
    WebhookDelivery,
)
from tests.attackacrack import planted
from tests.billing import rows
from tests.contacts.talk.rows import a_text, keep
from tests.factories import make_contact, make_property
from tests.quickbooks_integration import pairs

LINE = {"description": "Crack", "quantity": Decimal(1), "unit_price": Decimal(5)}


def add_one_of_each(number: int) -> None:
    """number: another one each time."""
    user = User.objects.create_user(f"grown{number}", is_staff=True)
    Group.objects.create(name=f"grown{number}")
    # Nameless people cost the most to show.
    contact = make_contact(phones=(f"617-555-{number:04d}",), emails=(f"{number}@grown.example",))
    with pghistory.context(user=user.pk):
        _work(contact, user, number)
        _for_the_planted(user, number)
    _quickbooks(contact, user, number)
    keep(a_text(f"AC{number}", f"617-555-{number:04d}", number), a_text(f"ACP{number}", planted.PHONE, number))
    _rest(number)


def _work(contact: Contact, user: User, number: int) -> None:
    today, now = timezone.localdate(), timezone.now()
    house = make_property(people=(contact,))
    product = rows.make_product(unit_price=5)
    rows.make_tax_code("6.25")
    job = Job.objects.create(property=house, title=f"Crack {number}")
    JobParticipant.objects.create(job=job, contact=contact, role="payer")
    visit = {"contact": contact, "job": job, "technician": user}
    for hours, kind in ((1, "repair"), (3, "assessment"), (-48, "repair")):
        at = now + timedelta(hours=hours)
        Appointment.objects.create(kind=kind, starts_at=at, ends_at=at + timedelta(hours=1), **visit)
    money = {"subtotal": 5, "total_amount": 5}
    quote = rows.make_quote(contact=contact, job=job, status="approved", approved_at=now, **money)
    rows.make_quote(contact=contact, status="sent", **money)
    QuoteItem.objects.create(quote=quote, product=product, **LINE)
    invoice = rows.make_invoice("5", contact=contact, job=job, quote=quote, due_date=today - timedelta(days=9))
    InvoiceItem.objects.create(invoice=invoice, product=product, **LINE)
    memo = CreditMemo.objects.create(contact=contact, total_amount=5, remaining_credit=5)
    payment = rows.pay((invoice, "1"), on=today)
    FollowUp.objects.create(kind="collect", invoice=invoice, step=0, priority=1, began_on=today, due_on=today)
    template = QuoteTemplate.objects.create(name=f"Wall {number}")
    QuoteTemplateLine.objects.create(template=template, product=product, quantity=1, unit_price=5)
    for row in (quote, invoice, memo, payment):
        row.notes = "Changed"
        row.save()
    for row, values in ((contact, {"company": "C"}), (job, {"title": "T"}), (product, {"sku": f"S{number}"})):
        type(row)._default_manager.filter(pk=row.pk).update(**values)


def _for_the_planted(user: User, number: int) -> None:
    """The rows whose pages the walk opens get one more of all that these pages tell."""
    contact, other = _opened(Contact), make_contact("Ellen", f"Grown{number}")
    ContactPhone.objects.create(contact=contact, number=f"617-556-{number:04d}", position=number)
    ContactEmail.objects.create(contact=contact, address=f"{number}@planted.example", position=number)
    PropertyContact.objects.create(property=_opened(Property), contact=other)
    merging.merge(contact.pk, make_contact("Merged", f"Grown{number}").pk, by=user)
    job, quote, invoice, payment = (_opened(model) for model in (Job, Quote, Invoice, Payment))
    JobParticipant.objects.create(job=job, contact=other, role="referrer")
    product = rows.make_product(unit_price=5)
    QuoteItem.objects.create(quote=quote, product=product, position=number, **LINE)
    InvoiceItem.objects.create(invoice=invoice, product=product, position=number, **LINE)
    used_for = rows.make_invoice("5", contact=contact, job=job)
    PaymentApplication.objects.create(payment=payment, invoice=used_for, amount=Decimal("0.01"))
    paid_by = rows.pay((invoice, "0.01"), on=timezone.localdate())
    CreditMemo.objects.create(contact=contact, total_amount=5, remaining_credit=5)
    rows.make_quote(contact=contact, job=job)
    for history, document in ((QuoteHistory, quote), (InvoiceHistory, invoice), (PaymentHistory, payment)):
        history.objects.create(by=user, sentence="Changed.", **{document._meta.model_name: document})
    template = QuoteTemplate.objects.order_by("pk").first()
    QuoteTemplateLine.objects.create(template=template, product=product, quantity=1, unit_price=5)
    for row in (contact, job, quote, invoice, payment, paid_by):
        column = "description" if isinstance(row, Job) else "notes"
        type(row)._default_manager.filter(pk=row.pk).update(**{column: f"Changed {number}"})


def _opened(model: type[models.Model]) -> models.Model:
    """The row whose page the walk opens."""
    return model._default_manager.order_by("pk").first()


def _quickbooks(contact: Contact, user: User, number: int) -> None:
    company, now = QuickBooksAuth.objects.get(), timezone.now()
    grown = {"Id": f"7{number}", "phone": f"617-557-{number:04d}", "email": f"c{number}@grown.example"}
    customer = pairs.customer(company, f"Grown {number}", **grown)
    MatchCandidate.objects.get_or_create(sync=customer, contact=contact, defaults={"score": 50})
    linked = pairs.customer(company, f"Linked {number}", Id=f"8{number}")
    QuickBooksSync.objects.filter(pk=linked.pk).update(local_id=contact.pk)
    MatchDecision.objects.create(sync=linked, contact=contact, action="link", decided_by=user)
    MatchDecision.objects.create(sync=customer, contact=contact, action="refuse", decided_by=user)
    invoice = Invoice.objects.filter(contact=contact).latest("pk")
    sync = QuickBooksSync.objects.create(
        company=company, entity_type="invoice", entity_id=f"9{number}", local_id=invoice.pk, sync_status="conflict",
        conflicts={"notes": {"base": "", "ours": "a", "theirs": "b"}}, error_message="Refused",
    )  # fmt: skip
    QuickBooksDocument.objects.create(
        sync=sync, customer_name="Grown", document_number=str(number), total=5, balance=5, digest="d", raw={}
    )
    decided = {"sync": customer, "entity_type": "customer", "local_id": contact.pk, "name": "Grown", "field": "phones"}
    ConflictDecision.objects.create(choice="ours", ours="1", theirs="2", decided_by=user, **decided)
    run = SyncRun.objects.create(company=company, entity_type="customer", state="done", started_by=user)
    RejectedRow.objects.create(run=SyncRun.objects.earliest("pk"), entity_id=str(number), name="N", reason="R", raw={})
    RejectedRow.objects.create(run=run, entity_id=str(number), name="N", reason="R", raw={})
    CheckRun.objects.create(company=company, state="done", started_by=user, accuracy=99, finished_at=now)
    start = now - timedelta(days=10 * number + 10)
    CoverageRange.objects.create(
        company=company, entity_type="invoice", how="full", starts_at=start, ends_at=start + timedelta(days=1)
    )
    HistoryImport.objects.create(company=company, state="discarded", report={}, decided_by=user)
    ApiCall.objects.create(company=company, at=now, method="GET", path="/query", status=200, milliseconds=5)
    WebhookDelivery.objects.create(body=b"{}", what="1 invoice")


def _rest(number: int) -> None:
    for record in (ContactImport.objects.earliest("pk"), ContactImport.objects.create(filename="l.csv", state="done")):
        ContactImportRow.objects.create(source=record, line=number + 3, outcome="rejected", reason="Odd", row=[])
    TaxRate.objects.create(tax_code=rows.make_tax_code("5"), name="Other", percent=1)
    month = timezone.localdate().replace(day=1) - timedelta(days=31 * number)
    OutcomeMonth.objects.create(name="automatic_sync", month=month.replace(day=1), value=99)
    digests = {"digest": f"{number:064d}", "previous": f"{number + 1:064d}"}
    AuditSeal.objects.create(contents={"ranges": []}, **digests)
    every = IntervalSchedule.objects.create(every=number + 2000, period="minutes")
    CrontabSchedule.objects.create(minute=str(number % 60))
    PeriodicTask.objects.create(name=f"Grown {number}", task="grown", interval=every)


def ungrown(seen: dict[type[models.Model], int]) -> list[str]:
    """Models that have no more rows than then."""
    return [model.__name__ for model, number in seen.items() if model._default_manager.count() <= number]


def forget_what_is_cached() -> None:
    """So that a page costs the same when it is opened for the first time in a process and later."""
    ContentType.objects.clear_cache()
