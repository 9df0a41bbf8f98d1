"""An approved quote gets its repair: the verb, its refusals, conflicts, and the page of the second click."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import morning, scheduling, unbilled
from billing.models import Appointment, Invoice, Job, Quote
from billing.refusals import Refused
from billing.scheduling import Visit
from billing.totals import Total
from contacts.models import Contact, Property
from tests.billing.rows import make_invoice, repair
from tests.billing.test_figures import quote, rows, total_of
from tests.contacts.admin.forms import OpenForm
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db
TOMORROW = timezone.localdate() + timedelta(days=1)


def visit(hour: int = 9, day: date | None = None, **fields: Any) -> Visit:
    start = timezone.make_aware(datetime.combine(day or TOMORROW, time(hour)))
    return Visit(start, start + timedelta(hours=2), **fields)


def waiting() -> int:
    return total_of(Quote, "waiting").number


def schedule_page(row: Quote) -> str:
    return reverse("admin:billing_quote_schedule", args=[row.pk])


def refused(row: Quote, when: Visit, house: Property | None = None) -> str:
    """The reason; nothing was written."""
    before = (Appointment.objects.count(), Job.objects.count(), Property.objects.count(), row.history.count())
    with pytest.raises(Refused) as reason:
        scheduling.schedule(row, when, house, None)
    assert (Appointment.objects.count(), Job.objects.count(), Property.objects.count(), row.history.count()) == before
    return str(reason.value)


# --- The verb -------------------------------------------------------------------------------------


def test_a_quote_with_a_job_gets_a_repair_and_leaves_the_money_that_waits(office: User, told: list) -> None:
    job = Job.objects.create(property=make_property(), title="Crack")
    row = quote(job=job)
    made = scheduling.schedule(row, visit(technician=office), None, office)
    assert (made.kind, made.status, made.job, made.contact, made.technician) == (
        "repair", "scheduled", job, row.contact, office,
    )  # fmt: skip
    assert (waiting(), Job.objects.count()) == (0, 1)
    entry = row.history.get()
    assert (entry.by, entry.sentence.startswith("Repair scheduled for ")) == (office, True)
    assert told == []  # QuickBooks knows no appointments


def test_a_quote_without_a_job_gets_one_at_the_house(told: list) -> None:
    row, house = quote(), make_property()
    scheduling.schedule(row, visit(), house, None)
    row.refresh_from_db()
    assert (row.job.property, row.job.title, waiting()) == (house, "Line 1", 0)
    assert [(part.contact, part.role) for part in row.job.participants.all()] == [(row.contact, "payer")]
    assert told == []


def test_the_contacts_own_address_becomes_a_house_once(office: User) -> None:
    contact = make_contact(
        "Ann", "Lee", address={"street": "5 Oak St", "city": "Quincy", "state": "MA", "zip_code": "02169"}
    )
    for _ in range(2):
        house = scheduling.houses_of(contact)[0]
        scheduling.schedule(quote(contact=contact), visit(), house, office)
    assert [str(one) for one in Property.objects.all()] == ["5 Oak St, Quincy, MA 02169"]
    assert [str(role) for role in Property.objects.get().roles.all()] == ["Ann Lee (Owner)"]
    assert Job.objects.count() == 2


def test_a_second_click_makes_no_second_repair() -> None:
    row = quote(job=Job.objects.create(property=make_property(), title="Crack"))
    scheduling.schedule(row, visit(), None, None)
    stale = Quote.objects.get()
    assert "is scheduled already: " in refused(stale, visit(15))


def test_work_that_was_done_before_the_approval_gets_no_second_repair() -> None:
    row = quote(job=repair(TOMORROW - timedelta(days=2)).job)
    assert "is scheduled already: " in refused(row, visit())


@pytest.mark.parametrize("status", ["draft", "ready", "sent", "declined", "invoiced"])
def test_only_what_is_approved_gets_a_date(status: str) -> None:
    assert "only an approved quote gets a date" in refused(quote(status=status), visit(), make_property())


def test_what_cannot_be_scheduled_says_why() -> None:
    assert "Link its QuickBooks customer" in refused(quote(contact=None, quickbooks_estimate_id="7"), visit())
    assert "Say where the work is" in refused(quote(), visit())
    assert "This time is over" in refused(quote(), visit(day=TOMORROW - timedelta(days=3)), make_property())
    billed = quote()
    make_invoice(quote=billed, contact=billed.contact)
    assert "is invoiced already" in refused(billed, visit(), make_property())
    called_off = quote(job=Job.objects.create(property=make_property(), title="Crack", status="cancelled"))
    assert "was cancelled" in refused(called_off, visit())
    assert Invoice.objects.count() == 1


# --- Several quotes of one job --------------------------------------------------------------------


def two_quotes() -> tuple[Quote, Quote]:
    """$1,000 and $4,000, both approved, on one job."""
    job = Job.objects.create(property=make_property(), title="Crack")
    contact = make_contact("Ann", "Lee")
    return quote("1000", job=job, contact=contact), quote("4000", job=job, contact=contact)


def test_of_two_quotes_of_a_job_the_one_that_is_not_scheduled_waits_and_is_not_invoiced() -> None:
    small, large = two_quotes()
    scheduling.schedule(small, visit(), None, None)
    assert total_of(Quote, "waiting") == Total(1, 4000)
    assert [row.quotes for row in morning.look(TOMORROW).repairs] == [[small]]
    made = morning.run(TOMORROW).made
    assert [(one.quote, one.total_amount) for one in made] == [(small, 1000)]
    later = TOMORROW + timedelta(days=7)
    scheduling.schedule(large, visit(day=later), None, None)
    assert waiting() == 0
    assert [(row.quotes, row.is_ready) for row in morning.look(later).repairs] == [([large], False)]
    assert [(row.quotes, row.invoices) for row in morning.look(TOMORROW).repairs] == [([], made)]


def test_done_and_not_invoiced_asks_for_the_quote_whose_repair_is_over() -> None:
    small, large = two_quotes()
    first = scheduling.schedule(small, visit(), None, None)
    second = scheduling.schedule(large, visit(15), None, None)
    hours = timedelta(hours=2)
    Appointment.objects.filter(pk=first.pk).update(starts_at=timezone.now() - hours, ends_at=timezone.now() - hours / 2)
    assert total_of(Job, "unbilled") == Total(1, 1000)
    Job.objects.update(work_done_at=timezone.now())
    assert total_of(Job, "unbilled") == Total(1, 1000)
    assert unbilled.quotes_of([small.job_id])[small.job_id] == [small, large]
    Appointment.objects.filter(pk=second.pk).update(status="cancelled")
    assert (total_of(Quote, "waiting"), total_of(Job, "unbilled")) == (Total(1, 4000), Total(1, 1000))


def test_a_repair_that_was_added_by_hand_is_for_what_has_no_repair_of_its_own() -> None:
    small, large = two_quotes()
    scheduling.schedule(small, visit(), None, None)
    repair(TOMORROW + timedelta(days=1), job=small.job)
    assert waiting() == 0
    assert [row.quotes for row in morning.look(TOMORROW).repairs] == [[small]]
    assert [row.quotes for row in morning.look(TOMORROW + timedelta(days=1)).repairs] == [[large]]


def test_a_second_day_that_was_booked_for_no_quote_is_ready_by_the_invoice_of_the_first(office_client: Client) -> None:
    small = quote("1000", job=Job.objects.create(property=make_property(), title="Crack"))
    scheduling.schedule(small, visit(), None, None)
    made = morning.run(TOMORROW).made
    second = TOMORROW + timedelta(days=1)
    repair(second, job=small.job, contact=small.contact)
    assert [(row.quotes, row.invoices, row.is_ready) for row in morning.look(second).repairs] == [([], made, True)]
    page = office_client.get(reverse("admin:billing_appointment_morning"), {"day": str(second)})
    assert page.context["missing"] == []
    quote("70", job=small.job, contact=small.contact)
    assert [row.is_ready for row in morning.look(second).repairs] == [False]


def test_a_repair_whose_quote_was_declined_invoices_no_other_quote() -> None:
    small, large = two_quotes()
    scheduling.schedule(small, visit(), None, None)
    Quote.objects.filter(pk=small.pk).update(status="declined")
    assert (rows(Quote, "waiting"), [row.quotes for row in morning.look(TOMORROW).repairs]) == ([large], [[]])


def test_a_repair_that_was_moved_to_another_job_is_not_for_the_quote() -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None)
    made.job = Job.objects.create(property=make_property(), title="Other")
    made.save()
    assert total_of(Quote, "waiting") == Total(2, 5000)


def test_the_page_offers_the_other_quotes_of_the_job_and_ticks_none(office_client: Client) -> None:
    small, large = two_quotes()
    form = OpenForm(office_client, schedule_page(small))
    assert "also" not in form.values
    assert f"{large}, $4,000.00" in office_client.get(schedule_page(small)).content.decode()
    answer = form.save(also=str(large.pk))
    assert f"{small} and {large} for Ann Lee are scheduled: " in office_client.get(answer.url).content.decode()
    assert list(Appointment.objects.get().quotes.order_by("pk")) == [small, large]
    assert (waiting(), small.history.count(), large.history.count()) == (0, 1, 1)


def test_the_invoice_page_begins_with_the_day_of_the_quotes_own_repair(office_client: Client) -> None:
    small, large = two_quotes()
    for row, after in ((small, 0), (large, 3)):
        scheduling.schedule(row, visit(day=TOMORROW + timedelta(days=after)), None, None)
        form = OpenForm(office_client, reverse("admin:billing_quote_invoice", args=[row.pk]))
        assert form.values["job_date"] == (TOMORROW + timedelta(days=after)).isoformat()
    form = OpenForm(office_client, reverse("admin:billing_quote_invoice", args=[small.pk]))
    assert form.values["job_date"] == TOMORROW.isoformat()


def test_a_quote_of_another_job_or_one_that_is_scheduled_is_not_taken_along() -> None:
    small, large = two_quotes()
    for other in (quote(job=Job.objects.create(property=make_property(), title="Other")), quote()):
        with pytest.raises(Refused, match="not of the same job"):
            scheduling.schedule(small, visit(), None, None, also=[other])
    assert Appointment.objects.count() == 0
    scheduling.schedule(large, visit(15), None, None)
    with pytest.raises(Refused, match=f"{large} is scheduled already"):
        scheduling.schedule(small, visit(), None, None, also=[large])
    assert (Appointment.objects.count(), small.history.count()) == (1, 0)


def test_a_quote_joins_a_repair_that_its_job_has(office_client: Client) -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None)
    page = office_client.get(schedule_page(large)).content.decode()
    assert f"Does this repair cover {large} too?" in page
    assert "Yes, covered by this repair" in page
    office_client.post(schedule_page(large), {"with": str(made.pk)})
    assert (waiting(), list(made.quotes.order_by("pk"))) == (0, [small, large])
    assert large.history.get().sentence.startswith("Covered by the repair of ")
    office_client.post(schedule_page(large), {"with": str(made.pk)})
    assert large.history.count() == 1


def test_a_quote_joins_a_repair_that_later_ones_pushed_off_the_page(office_client: Client) -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None)
    for after in range(1, scheduling.REPAIRS_OFFERED + 1):
        repair(TOMORROW + timedelta(days=after), job=small.job, contact=small.contact).quotes.set([small])
    assert made not in scheduling.repairs_there(large)
    office_client.post(schedule_page(large), {"with": str(made.pk)})
    assert list(made.quotes.order_by("pk")) == [small, large]


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"job": None}, {"kind": "assessment"}])
def test_a_quote_joins_no_repair_that_is_gone(change: dict[str, Any], office_client: Client) -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None)
    Appointment.objects.filter(pk=made.pk).update(**change)
    answer = office_client.post(schedule_page(large), {"with": str(made.pk)}, follow=True)
    assert "was cancelled or moved to another job meanwhile" in answer.content.decode()
    assert (list(made.quotes.all()), large.history.count()) == ([small], 0)


def take_off(client: Client, made: Appointment, row: Quote) -> Any:
    return client.post(
        reverse("admin:billing_appointment_not_with", args=[made.pk]), {"quote": str(row.pk)}, follow=True
    )


def test_a_quote_is_taken_off_a_repair_and_waits_again(office_client: Client) -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None, also=[large])
    page = reverse("admin:billing_appointment_change", args=[made.pk])
    assert office_client.get(page).content.decode().count("Not with this one") == 2
    take_off(office_client, made, large)
    assert (rows(Quote, "waiting"), list(made.quotes.all())) == ([large], [small])
    assert large.history.first().sentence.startswith("Not covered by the repair of ")
    shown = office_client.get(page).content.decode()
    assert (str(small) in shown, "Not with this one" in shown) == (True, False)


def test_a_quote_that_is_not_there_or_is_the_only_one_is_not_taken_off(
    office_client: Client, bookkeeper_client: Client
) -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None)
    assert "is not for" in take_off(office_client, made, large).content.decode()
    assert "is for nothing else than" in take_off(office_client, made, small).content.decode()
    assert take_off(bookkeeper_client, made, small).status_code == 403
    assert (list(made.quotes.all()), small.history.count(), large.history.count()) == ([small], 1, 0)


def test_a_quote_that_is_invoiced_is_not_taken_off_until_its_invoice_is_void(office_client: Client) -> None:
    small, large = two_quotes()
    made = scheduling.schedule(small, visit(), None, None, also=[large])
    invoice = make_invoice(quote=large, contact=large.contact, document_number="1042")
    Quote.objects.filter(pk=large.pk).update(status="invoiced")
    answer = take_off(office_client, made, large).content.decode()
    assert f"{large} is invoiced. Void Invoice 1042 first." in answer
    assert answer.count("Not with this one") == 1
    assert (list(made.quotes.order_by("pk")), large.history.count()) == ([small, large], 1)
    Invoice.objects.filter(pk=invoice.pk).update(status="void")
    take_off(office_client, made, large)
    assert list(made.quotes.all()) == [small]


# --- Conflicts ------------------------------------------------------------------------------------


def test_the_same_technician_or_house_at_that_time_is_a_conflict(office: User, bookkeeper: User) -> None:
    house = make_property()
    at_house = repair(TOMORROW, at=time(10), job=Job.objects.create(property=house, title="Crack"))
    of_technician = repair(TOMORROW, at=time(10), technician=office)
    repair(TOMORROW, at=time(10), technician=bookkeeper)
    repair(TOMORROW, at=time(10), technician=office, status="cancelled")
    found = scheduling.conflicts(visit(technician=office), house)
    assert found == [at_house, of_technician]
    assert scheduling.conflicts(visit(), house) == [at_house]
    assert scheduling.conflicts(visit(technician=office), None) == [of_technician]


def test_where_nobody_goes_yet_other_repairs_without_a_technician_are_a_conflict(office: User) -> None:
    nobody = repair(TOMORROW, at=time(10))
    repair(TOMORROW, at=time(10), kind="assessment")
    repair(TOMORROW, at=time(10), technician=office)
    assert scheduling.conflicts(visit(), None) == [nobody]
    assert scheduling.conflicts(visit(), None, but=nobody.pk) == []
    assert nobody not in scheduling.conflicts(visit(technician=office), make_property())


@pytest.mark.parametrize(("hour", "number"), [(7, 0), (8, 0), (9, 1), (11, 1), (12, 0)])
def test_appointments_that_only_touch_are_no_conflict(hour: int, number: int, office: User) -> None:
    repair(TOMORROW, at=time(10), technician=office)
    assert len(scheduling.conflicts(visit(hour, technician=office), None)) == number


ELM = {"address": "12 Elm Street", "city": "Quincy", "state": "MA", "zip_code": "02169"}


def is_repaired_then(contact: Contact, hour: int, **house: str) -> tuple[Property, Appointment]:
    """A house of the contact where a repair is at that hour."""
    made = make_property(people=(contact,), **(ELM | house))
    return made, repair(TOMORROW, at=time(hour), job=Job.objects.create(property=made, title="Crack"))


@pytest.mark.parametrize("typed", ["12 elm st.", "12 Elm Street, Quincy", "12 ELM ST QUINCY MA 02169"])
def test_a_house_of_the_contact_that_is_typed_is_that_house_and_its_repair_a_conflict(typed: str) -> None:
    contact = make_contact("Ann", "Lee")
    house, there = is_repaired_then(contact, 10)
    row = quote(contact=contact)
    with pytest.raises(scheduling.Clashes) as clashes:
        scheduling.schedule(row, visit(), Property(address=typed), None, seen=())
    assert (clashes.value.found, Appointment.objects.count()) == ([there], 1)
    made = scheduling.schedule(row, visit(), Property(address=typed), None, seen=[there.pk])
    assert (made.job.property, Property.objects.count()) == (house, 1)


@pytest.mark.parametrize("typed", ["12 Elm Street Apt 2", "12 Elm Street, Boston", "12 Elm", "112 Elm Street"])
def test_another_house_that_is_typed_is_another_house(typed: str, office: User) -> None:
    contact = make_contact("Ann", "Lee")
    house, _ = is_repaired_then(contact, 10)
    made = scheduling.schedule(quote(contact=contact), visit(technician=office), Property(address=typed), None, seen=())
    assert (made.job.property != house, made.job.property.address, Property.objects.count()) == (True, typed, 2)


def test_the_same_street_of_somebody_else_is_another_house(office: User) -> None:
    is_repaired_then(make_contact("Bob", "Roy"), 10)
    made = scheduling.schedule(quote(), visit(technician=office), Property(address="12 Elm Street"), None, seen=())
    assert (made.job.property.zip_code, Property.objects.count()) == ("", 2)


def test_a_typed_address_that_may_be_two_houses_is_chosen_from_the_list() -> None:
    contact = make_contact("Ann", "Lee")
    is_repaired_then(contact, 10), is_repaired_then(contact, 10, city="Boston", zip_code="02108")
    said = refused(quote(contact=contact), visit(), Property(address="12 elm st"))
    assert "12 Elm Street, Quincy, MA 02169; 12 Elm Street, Boston, MA 02108. Choose the right one" in said


# --- The page -------------------------------------------------------------------------------------


def test_the_form_is_filled_in_so_that_saving_is_the_second_click(office_client: Client) -> None:
    contact = make_contact("Ann", "Lee")
    house = make_property("12 Elm St", people=(contact,))
    row = quote(contact=contact)
    form = OpenForm(office_client, schedule_page(row))
    answer = form.save()
    assert answer.url == reverse("admin:index")
    made = Appointment.objects.get()
    day = timezone.localtime(made.starts_at)
    assert (made.job.property, day.hour, day.weekday() < 5, day.date() > timezone.localdate()) == (house, 9, True, True)
    assert "is scheduled: " in office_client.get(answer.url).content.decode()


def test_a_conflict_is_shown_once_and_a_new_one_again(technician: User, office_client: Client) -> None:
    row = quote(job=Job.objects.create(property=make_property(), title="Crack"))
    typed = {"day": TOMORROW.isoformat(), "at": "09:00", "hours": "2", "technician": str(technician.pk), "seen": ""}
    repair(TOMORROW, at=time(10), technician=technician, contact=make_contact("Bob", "Roy"))
    page = office_client.post(schedule_page(row), typed)
    assert "Repair for Bob Roy" in page.content.decode()
    assert waiting() == 1
    typed["seen"] = page.context["form"]["seen"].value()
    repair(TOMORROW, at=time(8), technician=technician, contact=make_contact("Cy", "Ray"))
    page = office_client.post(schedule_page(row), typed)
    assert "Repair for Cy Ray" in page.content.decode()
    typed["seen"] = page.context["form"]["seen"].value()
    assert office_client.post(schedule_page(row), typed).status_code == 302
    assert waiting() == 0


def test_an_hour_that_the_clocks_leave_out_is_refused(office_client: Client) -> None:
    row = quote(job=Job.objects.create(property=make_property(), title="Crack"))
    typed = {"day": "2027-03-14", "at": "02:30", "hours": "2", "technician": "", "seen": ""}
    page = office_client.post(schedule_page(row), typed)
    assert "at" in page.context["form"].errors
    assert Appointment.objects.count() == 0


def test_another_address_is_typed_when_no_house_is_known(office_client: Client) -> None:
    row = quote(contact=make_contact("Ann", "Lee"))
    form = OpenForm(office_client, schedule_page(row))
    form.save()
    assert Appointment.objects.count() == 0
    assert form.save(address="7 New St").status_code == 302
    assert str(Appointment.objects.get().job.property) == "7 New St"


def test_an_address_that_was_chosen_before_a_colleague_gave_the_quote_a_job_is_not_dropped_unseen(
    office_client: Client,
) -> None:
    row = quote()
    form = OpenForm(office_client, schedule_page(row))
    job = Job.objects.create(property=make_property(address="9 Other St"), title="Crack")
    Quote.objects.filter(pk=row.pk).update(job=job)
    answer = form.save(house="other", address="7 New St")
    assert "gave the quote a job at 9 Other St" in answer.content.decode()
    assert Appointment.objects.count() == 0
    row.refresh_from_db()
    assert "gave the quote a job at 9 Other St" in refused(row, visit(), make_property())
    assert OpenForm(office_client, schedule_page(row)).save().status_code == 302
    assert Appointment.objects.get().job == job


def test_a_quote_that_has_its_repair_leads_back_to_itself(office_client: Client) -> None:
    row = quote(job=repair(TOMORROW).job)
    answer = office_client.post(
        schedule_page(row), {"day": TOMORROW.isoformat(), "at": "09:00", "hours": "2", "seen": ""}
    )
    assert answer.url == reverse("admin:billing_quote_change", args=[row.pk])
    assert Appointment.objects.count() == 1


def test_only_the_office_schedules(bookkeeper_client: Client, marketer_client: Client) -> None:
    row = quote(job=Job.objects.create(property=make_property(), title="Crack"))
    for client in (bookkeeper_client, marketer_client):
        typed = {"day": TOMORROW.isoformat(), "at": "09:00", "hours": "2", "seen": ""}
        assert client.post(schedule_page(row), typed).status_code == 403
    assert Appointment.objects.count() == 0
