"""What a merge of contacts means for documents: locked before contacts are, and the sums of both contacts made anew."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from billing import summaries
from billing.models import Appointment, CreditMemo, Invoice, Job, JobParticipant, Payment, Quote
from contacts.merging import Care
from contacts.merging.journal import Journal
from contacts.models import Contact, ContactMerge, PropertyContact


class DocumentsCare(Care):
    def lock(self, contact_ids: Collection[int]) -> None:
        for model in (Quote, Invoice, Payment, CreditMemo):  # in the order in which everybody locks them
            rows = model._default_manager.select_for_update(no_key=True).filter(contact_id__in=contact_ids)
            list(rows.order_by("pk").values_list("pk", flat=True))

    def finish(self, journal: Journal) -> None:
        summaries.refresh([journal.survivor.pk, journal.loser.pk])

    def undone(self, merge: ContactMerge, survivor: Contact, loser: Contact) -> list[str]:
        moved = merge.moved.get(f"{Quote._meta.label}.contact", {})
        quotes = list(Quote.objects.filter(pk__in=moved, contact=loser).order_by("pk"))
        left = _give_back_work(merge, quotes, survivor, loser)
        summaries.refresh([survivor.pk, loser.pk])
        return left + _invoiced_since(merge, quotes, survivor, loser)


def _give_back_work(merge: ContactMerge, quotes: list[Quote], survivor: Contact, loser: Contact) -> list[str]:
    """What was scheduled for these quotes since the merge is the loser's, as they are: the appointments, whoever pays in
    a job that was made for them, and its house. Where a quote of the survivor hangs on the same job it stays."""
    visits = Appointment.objects.filter(contact=survivor, created_at__gte=merge.merged_at)
    jobs = Job.objects.filter(pk__in=[quote.job_id for quote in quotes]).annotate(
        is_shared=Exists(Quote.objects.filter(job=OuterRef("pk"), contact=survivor)),
        has_visits=Exists(visits.filter(job=OuterRef("pk"))),
    )
    left, given, made = [], [], []
    for job in jobs.order_by("pk"):
        is_new = job.created_at >= merge.merged_at
        if not job.is_shared:
            given.append(job.pk)
            made += [job.pk] if is_new else []
        elif is_new or job.has_visits:
            left.append(f"The job {job} has quotes of both, so what was scheduled since stays with {survivor}.")
    visits.filter(job__in=given).update(contact=loser, updated_at=timezone.now())
    _give_back_roles(JobParticipant.objects.filter(job__in=made), "job", survivor, loser)
    others = Job.objects.filter(property=OuterRef("property")).exclude(pk__in=made)
    houses = PropertyContact.objects.filter(property__jobs__in=made, property__created_at__gte=merge.merged_at)
    _give_back_roles(houses.exclude(Exists(others)), "property", survivor, loser)
    return left


def _give_back_roles(roles: QuerySet[Any], place: str, survivor: Contact, loser: Contact) -> None:
    """But for those that the loser has already. place: the column of what it is a role at."""
    same = {place: OuterRef(place), "role": OuterRef("role"), "contact": loser}
    doubles = roles.model._default_manager.filter(**same)
    roles.filter(contact=survivor).exclude(Exists(doubles)).update(contact=loser)


def _invoiced_since(merge: ContactMerge, quotes: list[Quote], survivor: Contact, loser: Contact) -> list[str]:
    """QuickBooks may know these invoices as the survivor's."""
    invoices = Invoice.objects.filter(quote__in=quotes, contact=survivor, created_at__gte=merge.merged_at)
    return [
        f"{invoice} was made from {invoice.quote} since and stays with {survivor}. Look whether {loser} has to pay it."
        for invoice in invoices.select_related("quote").order_by("pk")
    ]
