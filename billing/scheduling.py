"""A repair gets its date: the appointment that an approved quote waits for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.models import User as Person
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.formats import date_format

from billing import jobs, money_waiting
from billing.models import Appointment, Invoice, Job, JobParticipant, Quote, QuoteHistory
from billing.refusals import Refused
from contacts import colleagues
from contacts.matching import normalise
from contacts.models import Contact, ContactAddress, Property, PropertyContact

LONGEST = timedelta(days=31)  # no appointment is longer, so older ones need not be looked at
CONFLICTS_SHOWN = 10
REPAIRS_OFFERED = 5
HOUSES_LOOKED_AT = 500
_NOBODY_GOES = 5_340_772  # any number that nothing else in the project locks
HAS_JOB = "Somebody gave the quote a job at {} meanwhile, and its repair is there. Save again to schedule it there."
IS_KNOWN_BY_NOW = "Somebody gave {} this house meanwhile. Save again to see what is scheduled there."
WITHOUT_CONTACT = "{} belongs to nobody here yet. Link its QuickBooks customer to a contact first."


@dataclass(frozen=True)
class Visit:
    """When, and who goes. Aware times."""

    starts_at: datetime
    ends_at: datetime
    technician: Person | None = None
    kind: str = Appointment.Kind.REPAIR


class Clashes(Refused):
    """Something else is at that time, and nobody has seen it yet. Nothing was changed."""

    def __init__(self, found: list[Appointment]) -> None:
        super().__init__("Something else is at that time.")
        self.found = found


@transaction.atomic
def schedule(
    quote: Quote,
    visit: Visit,
    house: Property | None,
    by: AbstractBaseUser | None,
    *,
    seen: Collection[int] | None = None,
    also: Collection[Quote] = (),
) -> Appointment:
    """Makes the repair of an approved quote; a quote without a job gets one at this house. also: other quotes of its
    job that are done then too, each like the first.

    A house that is not saved yet becomes one of the contact, unless it is one already. Brings `quote` up to date. Raises
    Refused, with nothing changed: it is not approved, has its repair already (a second click, a colleague), has a job at
    another house by now, its new house is the contact's by now, or the time is over. seen: keys of the appointments that the
    person knows to be at that time; others are Clashes. None asks for none. May be called inside a transaction.
    QuickBooks knows no appointments, so nothing is sent there.
    """
    _lock([quote, *also])
    refuse_unless_waiting(quote)
    for other in also:
        _refuse_another_job(quote, other)
        refuse_unless_waiting(other)
    if visit.ends_at <= timezone.now():
        raise Refused("This time is over. Choose one that is to come.")
    if quote.job is None and house is None:
        raise Refused("Say where the work is: choose or type an address.")
    if quote.job is not None and house is not None and house.pk != quote.job.property_id:
        raise Refused(HAS_JOB.format(quote.job.property))
    if quote.job is None and house is not None and house.pk is None:
        house = _known(house, quote.contact)
    if seen is not None:
        _refuse_unseen(visit, quote.job.property if quote.job else house, seen)
    if quote.job is None and house is not None:
        if house.pk is None:
            _refuse_known_by_now(house, quote.contact)
        quote.job = _new_job(quote, house)
        quote.save(update_fields=["job", "updated_at"])
    appointment = Appointment.objects.create(
        kind=Appointment.Kind.REPAIR,
        contact=quote.contact,
        job=quote.job,
        technician=visit.technician,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
    )
    appointment.quotes.set([quote, *also])
    sentence = f"Repair scheduled for {in_words(appointment)}."
    QuoteHistory.objects.bulk_create(QuoteHistory(quote=one, by=by, sentence=sentence) for one in [quote, *also])
    return appointment


@transaction.atomic
def join(quote: Quote, appointment: Appointment, by: AbstractBaseUser | None) -> None:
    """A repair that its job has already, or had, covers the quote too. Brings `quote` up to date. Raises Refused, with
    nothing changed: it does not wait for a repair, or this one was cancelled or is of another job. May be called inside
    a transaction."""
    _lock([quote])
    refuse_unless_waiting(quote)
    appointment.refresh_from_db(from_queryset=Appointment.objects.select_for_update(of=("self",)))
    if not _repairs_there(quote).filter(pk=appointment.pk).exists():
        raise Refused(f"{appointment} was cancelled or moved to another job meanwhile. Choose another time.")
    appointment.quotes.add(quote)
    QuoteHistory.objects.create(quote=quote, by=by, sentence=f"Covered by the repair of {in_words(appointment)}.")
    if quote.job is not None:
        jobs.finish_with_last_repair(quote.job)


@transaction.atomic
def leave(quote: Quote, appointment: Appointment, by: AbstractBaseUser | None) -> None:
    """This repair does not cover the quote after all: without another one it waits for a date. Brings both up to date.
    Raises Refused, with nothing changed: the repair is not for it, or for nothing else, or it is invoiced, so it could get
    no other date. May be called inside a transaction."""
    _lock([quote])
    appointment.refresh_from_db(from_queryset=Appointment.objects.select_for_update(of=("self",)))
    there = covered(appointment)
    if quote not in there:
        raise Refused(f"{appointment} is not for {quote} any more. Nothing was changed.")
    if invoice := Invoice.objects.final().filter(quote=quote).first():
        raise Refused(f"{quote} is invoiced. Void {invoice} first.")
    if len(there) == 1:
        raise Refused(f"{appointment} is for nothing else than {quote}. Cancel the repair instead.")
    appointment.quotes.remove(quote)
    QuoteHistory.objects.create(
        quote=quote, by=by, sentence=f"Not covered by the repair of {in_words(appointment)} any more."
    )


def covered(appointment: Appointment) -> list[Quote]:
    """The quotes of its job that a repair was booked for. `is_billed`: it has its final invoice. One query."""
    rows = Quote.objects.filter(repairs=appointment, job__isnull=False, job=appointment.job_id)
    final = Invoice.objects.final().filter(quote=OuterRef("pk"))
    return list(rows.annotate(is_billed=Exists(final)).order_by("pk"))


def repairs_there(quote: Quote) -> list[Appointment]:
    """The repairs that the quote's job has for other quotes, the latest first; at most 5. One query."""
    rows = _repairs_there(quote).select_related("technician")
    return list(rows.order_by("-starts_at", "-pk")[:REPAIRS_OFFERED])


def _repairs_there(quote: Quote) -> QuerySet[Appointment]:
    return Appointment.objects.repairs().filter(Exists(money_waiting.of_its_job()), job=quote.job_id)


def others_waiting(quote: Quote) -> list[Quote]:
    """The quotes of the same job that wait for a repair too. One query."""
    if quote.job_id is None:
        return []
    rows = money_waiting.waiting(Quote.objects.filter(job=quote.job_id, contact__isnull=False).exclude(pk=quote.pk))
    return list(rows.order_by("pk"))


def _lock(quotes: Collection[Quote]) -> None:
    """Brings them up to date, with their jobs locked."""
    for quote in sorted(quotes, key=lambda one: one.pk):
        quote.refresh_from_db(from_queryset=Quote.objects.select_for_update())
    jobs = Job.objects.select_for_update(no_key=True).filter(pk__in=[quote.job_id for quote in quotes if quote.job_id])
    found = {job.pk: job for job in jobs.order_by("pk")}
    for quote in quotes:
        if quote.job_id is not None:
            quote.job = found[quote.job_id]


def _refuse_another_job(quote: Quote, other: Quote) -> None:
    if quote.job_id is None or other.job_id != quote.job_id:
        raise Refused(f"{other} is not of the same job as {quote} any more. Save again to see which are.")


def refuse_unless_waiting(quote: Quote) -> None:
    """Raises Refused with what is in the way of a date."""
    if quote.contact is None:
        raise Refused(WITHOUT_CONTACT.format(quote))
    if quote.status != Quote.Status.APPROVED:
        raise Refused(f"{quote} is {quote.get_status_display().lower()}: only an approved quote gets a date.")
    if quote.job is not None and quote.job.status == Job.Status.CANCELLED:
        raise Refused(f"The job of {quote} was cancelled. Make it active again first.")
    first = money_waiting.repairs().order_by("starts_at", "pk").values("pk")[:1]
    row = money_waiting.approved(Quote.objects.filter(pk=quote.pk)).annotate(repair=Subquery(first)).first()
    if row is None:
        raise Refused(f"{quote} is invoiced already. If there is more to do, add an appointment at its job.")
    taken = Appointment.objects.filter(pk=row.repair).select_related("technician").first() if row.repair else None
    if taken is not None:
        raise Refused(f"{quote} is scheduled already: {in_words(taken)}.")


def _refuse_unseen(visit: Visit, house: Property | None, seen: Collection[int]) -> None:
    """Raises Clashes. Whoever schedules the same technician or nobody, or at the same house, waits until this is done."""
    if visit.technician is not None:
        Person.objects.select_for_update(no_key=True).get(pk=visit.technician.pk)
    else:
        _lock_what_nobody_goes_to()
    if house is not None and house.pk:
        Property.objects.select_for_update(no_key=True).get(pk=house.pk)
    found = conflicts(visit, house)
    if {one.pk for one in found} - set(seen):
        raise Clashes(found)


def _lock_what_nobody_goes_to() -> None:
    """In the technician's place, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NOBODY_GOES])


def conflicts(visit: Visit, house: Property | None, but: int | None = None) -> list[Appointment]:
    """Other appointments at that time of the same technician or at the same house; for a repair that nobody goes to yet
    those that nobody goes to either. At most 10, by time. `but`: the key of the appointment itself. One query."""
    if visit.technician is not None:
        same = Q(technician=visit.technician)
    else:
        is_repair = visit.kind == Appointment.Kind.REPAIR
        same = Q(technician=None, kind=Appointment.Kind.REPAIR) if is_repair else Q(pk__in=[])
    if house is not None and house.pk:
        same |= Q(job__property=house)
    rows = Appointment.objects.filter(
        same,
        starts_at__gt=visit.starts_at - LONGEST,
        starts_at__lt=visit.ends_at,
        ends_at__gt=visit.starts_at,
    ).exclude(status=Appointment.Status.CANCELLED)
    rows = rows.exclude(pk=but) if but is not None else rows
    return list(
        rows.select_related("contact", "technician", "job__property").order_by("starts_at", "pk")[:CONFLICTS_SHOWN]
    )


def houses_of(contact: Contact) -> list[Property]:
    """Where the contact has work done: those that it is the primary contact of first; without any, its own address as a
    house that is not saved yet."""
    known = Property.objects.filter(roles__contact=contact).order_by("-roles__is_primary", "address", "pk").distinct()
    found = list(dict.fromkeys(known[:50]))
    return found or [_as_house(row) for row in contact.addresses.exclude(street="")[:1]]


def _known(house: Property, contact: Contact | None) -> Property:
    """The contact's house at this address, so that what is there already is seen; the same unsaved one if there is none.
    Locks nothing: houses are locked before contacts. Raises Refused if it may be several."""
    number = house.set_key().key.partition(" ")[0]
    nearby = (
        Property.objects.filter(roles__contact=contact, key__startswith=number).order_by("address", "pk").distinct()
    )
    found = [one for one in nearby[:HOUSES_LOOKED_AT] if _is_same(one, house)]
    if len(found) > 1:
        listed = "; ".join(map(str, found))
        raise Refused(f"{contact} has several houses with this address: {listed}. Choose the right one from the list.")
    return found[0] if found else house


def _refuse_known_by_now(house: Property, contact: Contact | None) -> None:
    """Two quotes, one new house: locks the contact, and looks once more."""
    if contact is None:  # refused before
        raise Refused(WITHOUT_CONTACT.format(house))
    Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if _known(house, contact).pk is not None:
        raise Refused(IS_KNOWN_BY_NOW.format(contact))


def _is_same(known: Property, typed: Property) -> bool:
    """Town, state and ZIP code may be left out, or typed behind the street."""
    street, words = normalise.street(known.address).split(), normalise.street(str(typed)).split()
    town = normalise.street(f"{known.city} {known.state} {known.zip_code}").split()
    is_said = bool(street) and words[: len(street)] == street and set(words[len(street) :]) <= set(town)
    return known.key == typed.key or is_said


def _saved(house: Property, contact: Contact) -> Property:
    """A new house of the contact, which is locked."""
    house.save()
    PropertyContact.objects.create(property=house, contact=contact, is_primary=True)
    return house


def _as_house(row: ContactAddress) -> Property:
    is_code = len(row.state) == 2
    return Property(
        address=row.street[:200],
        city=row.city[:100],
        state=row.state if is_code else "",
        zip_code=row.zip_code[:10],
    )


def _new_job(quote: Quote, house: Property) -> Job:
    contact = quote.contact
    if contact is None:  # refused before
        raise Refused(WITHOUT_CONTACT.format(quote))
    first_line = quote.quote_items.first()
    job = Job.objects.create(property=_saved(house, contact) if house.pk is None else house,
                             title=str(first_line or quote) or str(quote))  # fmt: skip
    JobParticipant.objects.create(job=job, contact=contact, role=JobParticipant.Role.PAYER)
    return job


def in_words(appointment: Appointment) -> str:
    """Monday, June 1, 9:00 AM to 11:00 AM, with the technician."""
    start, end = timezone.localtime(appointment.starts_at), timezone.localtime(appointment.ends_at)
    technician = appointment.technician
    who = f" with {colleagues.name_of(technician)}" if technician else ""
    until = date_format(end, "g:i A") if start.date() == end.date() else date_format(end, "l, F j, g:i A")
    return f"{date_format(start, 'l, F j, g:i A')} to {until}{who}"
