"""Two people schedule at the same moment, or one while contacts are imported."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from billing import scheduling
from billing.models import Appointment, Job, Quote
from billing.scheduling import Visit
from contacts.models import Property
from tests.billing.at_once import MOST_SECONDS, at_once
from tests.billing.test_figures import quote
from tests.factories import make_contact, make_property
from tests.other_connection import in_other_connection, wait_until_somebody_waits_for

pytestmark = pytest.mark.django_db(transaction=True)


def visit(technician: User | None = None, days: int = 1) -> Visit:
    day = timezone.localdate() + timedelta(days=days)
    start = timezone.make_aware(datetime.combine(day, time(9)))
    return Visit(start, start + timedelta(hours=2), technician)


def scheduled(row: Quote, when: Visit) -> object:
    house = make_property() if row.job is None else None
    return lambda: scheduling.schedule(row, when, house, None, seen=())


def test_one_technician_is_not_at_two_houses_unseen(office: User) -> None:
    assert at_once([scheduled(quote(), visit(office)) for _ in range(3)]) == {"done": 1, "refused": 2}
    assert Appointment.objects.count() == 1


def test_two_repairs_that_nobody_goes_to_yet_are_not_at_one_time_unseen() -> None:
    rows = [quote(job=Job.objects.create(property=make_property(), title="Crack")) for _ in range(3)]
    assert at_once([scheduled(row, visit()) for row in rows]) == {"done": 1, "refused": 2}
    assert Appointment.objects.count() == 1


def test_two_technicians_are() -> None:
    people = [User.objects.create(username=name) for name in ("tom", "tim")]
    assert at_once([scheduled(quote(), visit(one)) for one in people]) == {"done": 2}


def test_two_people_who_take_each_others_quote_along_make_one_repair() -> None:
    job = Job.objects.create(property=make_property(), title="Cracks")
    keys = [quote(job=job).pk, quote(job=job).pk]

    def together(pressed: int, other: int, days: int) -> object:
        first, also = Quote.objects.get(pk=pressed), Quote.objects.get(pk=other)
        return lambda: scheduling.schedule(first, visit(days=days), None, None, seen=(), also=[also])

    assert at_once([together(*keys, 1), together(*reversed(keys), 2)]) == {"done": 1, "refused": 1}
    assert sorted(Appointment.objects.get().quotes.values_list("pk", flat=True)) == keys


def test_two_people_who_schedule_one_quote_each_make_two_repairs() -> None:
    job = Job.objects.create(property=make_property(), title="Cracks")
    rows = [quote(job=job), quote(job=job)]
    assert at_once([scheduled(row, visit(days=1 + n)) for n, row in enumerate(rows)]) == {"done": 2}
    assert [row.repairs.count() for row in rows] == [1, 1]


def test_two_quotes_of_one_contact_are_not_at_one_new_house_at_the_same_time_unseen() -> None:
    contact = make_contact("Ann", "Lee")
    rows = [quote(contact=contact) for _ in range(2)]
    typed = [Property(address=text) for text in ("12 Elm Street", "12 elm st.")]
    calls = [lambda row=row, house=house: scheduling.schedule(row, visit(), house, None, seen=())
             for row, house in zip(rows, typed, strict=True)]  # fmt: skip
    assert at_once(calls) == {"done": 1, "refused": 1}
    assert (Appointment.objects.count(), Property.objects.count()) == (1, 1)


def test_a_new_house_that_the_contact_has_by_the_time_it_is_made_is_refused_and_found_when_saved_again() -> None:
    contact, house = make_contact("Ann", "Lee"), make_property("12 Elm Street")
    row = quote(contact=contact)
    typed = lambda: scheduling.schedule(row, visit(), Property(address="12 elm st."), None, seen=())  # noqa: E731
    with ThreadPoolExecutor(1) as pool, in_other_connection() as somebody:
        somebody.execute("BEGIN")
        somebody.execute("SELECT 1 FROM contacts_contact WHERE id = %s FOR UPDATE", [contact.pk])
        scheduling_it = pool.submit(at_once, [typed])
        wait_until_somebody_waits_for(somebody)
        somebody.execute(
            "INSERT INTO contacts_propertycontact (property_id, contact_id, role, is_primary) VALUES (%s, %s, 'owner', true)",
            [house.pk, contact.pk],
        )
        somebody.execute("COMMIT")
        assert scheduling_it.result(timeout=MOST_SECONDS) == {"refused": 1}
    assert (Appointment.objects.count(), Job.objects.count(), Property.objects.count()) == (0, 0, 1)
    typed()
    assert (Appointment.objects.get().job.property, Property.objects.count()) == (house, 1)


def test_an_import_that_holds_the_house_gets_its_contact_while_a_typed_address_waits_for_the_house() -> None:
    """The import locks houses, then contacts."""
    contact = make_contact("Ann", "Lee")
    house = make_property("12 Elm Street", people=(contact,))
    row = quote(contact=contact)
    typed = lambda: scheduling.schedule(row, visit(), Property(address="12 elm st."), None, seen=())  # noqa: E731
    with ThreadPoolExecutor(1) as pool, in_other_connection() as machine:
        machine.execute("BEGIN")
        machine.execute("SELECT 1 FROM contacts_property WHERE id = %s FOR UPDATE", [house.pk])
        scheduling_it = pool.submit(at_once, [typed])
        wait_until_somebody_waits_for(machine)
        machine.execute("SELECT 1 FROM contacts_contact WHERE id = %s FOR UPDATE NOWAIT", [contact.pk])
        machine.execute("COMMIT")
        assert scheduling_it.result(timeout=MOST_SECONDS) == {"done": 1}
    assert (Appointment.objects.get().job.property, Property.objects.count()) == (house, 1)
