"""Only technicians are offered where somebody is sent to a house, and whoever was chosen already stays chosen."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import Job
from tests.billing.rows import make_invoice, repair
from tests.billing.test_figures import quote
from tests.factories import make_property

pytestmark = pytest.mark.django_db


def offered(field: Any) -> list[str]:
    return [person.username for person in field.queryset]


def on_form(client: Client, name: str, *args: int) -> list[str]:
    page = client.get(reverse(f"admin:billing_{name}", args=args))
    return offered(page.context["adminform"].form.fields["technician"])


def test_a_new_appointment_offers_technicians_alone(office_client: Client, technician: User, bookkeeper: User) -> None:
    assert on_form(office_client, "appointment_add") == [technician.username]


def test_who_was_chosen_before_stays_chosen(office_client: Client, technician: User, bookkeeper: User) -> None:
    visit = repair(timezone.localdate(), technician=bookkeeper)
    invoice = make_invoice(technician=bookkeeper)
    both = sorted([bookkeeper.username, technician.username])
    assert on_form(office_client, "appointment_change", visit.pk) == both
    assert on_form(office_client, "invoice_change", invoice.pk) == both
    page = office_client.get(reverse("admin:billing_job_change", args=[visit.job.pk]))
    (formset,) = [one for one in page.context["inline_admin_formsets"] if one.opts.model.__name__ == "Appointment"]
    assert {tuple(offered(form.fields["technician"])) for form in formset.formset.forms} == {tuple(both)}


def test_whoever_left_and_whoever_is_none_is_not_offered(office: User, office_client: Client, technician: User) -> None:
    row = quote(job=Job.objects.create(property=make_property(), title="Crack"))
    schedule = reverse("admin:billing_quote_schedule", args=[row.pk])
    assert offered(office_client.get(schedule).context["form"].fields["technician"]) == [technician.username]
    User.objects.filter(pk=technician.pk).update(is_active=False)
    assert offered(office_client.get(schedule).context["form"].fields["technician"]) == []
