"""Two contacts with all that can hang on a contact, drawn at random, and everything in the database as one value."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.utils import timezone
from hypothesis import strategies as st

from billing import summaries
from billing.models import Appointment, CreditMemo, Job, JobParticipant
from contacts.merging import choosing
from contacts.models import Contact, ContactImport, ContactImportRow, PropertyContact
from quickbooks_integration import reconciling
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksSync
from tests.billing import rows
from tests.factories import make_contact, make_property
from tests.quickbooks_integration import pairs

PHONES = ("617-555-0101", "(617) 555-0101 x7", "617-555-0102", "ask at the desk")
EMAILS = ("ann@example.com", "ANN@example.com", "lee@example.com", "none")
TEXTS = ("", "Lee", "Leigh")
STATES = ("open", "refused", "closed")
NOT_COMPARED = {"updated_at", "version"}
LEFT_OUT = {"contacts.ContactMerge"}
APPS = {"contacts", "billing", "quickbooks_integration"}


@dataclass(frozen=True)
class Side:
    """What one contact has; numbers count rows or point into the lists above."""

    names: tuple[str, str, str, str]
    phones: list[int]
    emails: list[int]
    addresses: dict[str, str]
    houses: list[tuple[int, str, bool]]
    jobs: list[tuple[int, str]]
    questions: dict[int, str]
    quotes: int
    invoices: int
    credits: int
    visits: int
    more: dict[str, Any] = field(default_factory=dict)
    waits: bool = False  # to become a customer, after a refusal


SIDES = st.builds(
    Side,
    names=st.tuples(*[st.sampled_from(TEXTS)] * 4),
    phones=st.lists(st.integers(0, 3), max_size=3, unique=True),
    emails=st.lists(st.sampled_from((0, 2, 3)), max_size=2, unique=True),
    addresses=st.dictionaries(st.sampled_from(list(choosing.ADDRESSES)), st.sampled_from(("", "1 Elm", "2 Oak")), max_size=2),
    houses=st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from(("owner", "payer")), st.booleans()),
        max_size=3, unique_by=lambda role: role[:2],
    ),
    jobs=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(("owner", "payer"))), max_size=3, unique=True),
    questions=st.dictionaries(st.integers(0, 2), st.sampled_from(STATES), max_size=3),
    quotes=st.integers(0, 2),
    invoices=st.integers(0, 2),
    credits=st.integers(0, 1),
    visits=st.integers(0, 1),
    more=st.fixed_dictionaries({
        "external_id": st.booleans(), "tax_exempt": st.booleans(), "credit_limit": st.sampled_from((None, "5", "7.50")),
        "customer_type": st.sampled_from((None, "prospect", "customer")),
    }),
    waits=st.booleans(),
)  # fmt: skip
CHOSEN = st.dictionaries(
    st.sampled_from([*choosing.UNITS, *choosing.ADDRESSES]), st.sampled_from(("survivor", "loser", "both"))
)
LINKED = st.sampled_from(("nobody", "survivor", "loser"))


def build(auth: QuickBooksAuth, sides: tuple[Side, Side], linked: int | None) -> list[Contact]:
    houses, jobs = [make_property() for _ in range(2)], []
    for house in houses:
        jobs.append(Job.objects.create(property=house, title="Crack"))
    customers = [pairs.customer(auth, f"Customer {number}") for number in range(3)]
    contacts = [_contact(side, number) for number, side in enumerate(sides)]
    for contact, side in zip(contacts, sides, strict=True):
        _work(contact, side, houses, jobs)
        for number, state in side.questions.items():
            MatchCandidate.objects.create(sync=customers[number], contact=contact, state=state, score=50)
    for number, (contact, side) in enumerate(zip(contacts, sides, strict=True)):
        if linked == number:
            reconciling.link_to(customers[0], contact, None)
        elif side.waits:
            QuickBooksSync.objects.create(
                company=auth, entity_type="customer", local_id=contact.pk, sync_status="error", error_message="No."
            )
    summaries.refresh(contact.pk for contact in contacts)
    return [Contact.objects.get(pk=contact.pk) for contact in contacts]


def _contact(side: Side, number: int) -> Contact:
    first, last, company, notes = side.names
    more = side.more | {"external_id": f"L{number}" if side.more["external_id"] else None}
    contact = make_contact(
        first, last, company=company, notes=notes,
        phones=tuple(PHONES[at] for at in side.phones), emails=tuple(EMAILS[at] for at in side.emails), **more,
    )  # fmt: skip
    for kind, street in side.addresses.items():
        contact.addresses.create(kind=kind, street=street)
    return contact


def _work(contact: Contact, side: Side, houses: list[Any], jobs: list[Job]) -> None:
    for at, role, primary in side.houses:
        free = not houses[at].roles.filter(is_primary=True).exists()
        PropertyContact.objects.create(property=houses[at], contact=contact, role=role, is_primary=primary and free)
    for at, role in side.jobs:
        if role != "payer" or not jobs[at].participants.filter(role="payer").exists():
            JobParticipant.objects.create(job=jobs[at], contact=contact, role=role)
    for _ in range(side.quotes):
        rows.make_quote(("1", "100"), contact=contact)
    for _ in range(side.invoices):
        rows.pay((rows.make_invoice("100.00", contact=contact), "40"), on=date(2026, 5, 1), more="3")
    for _ in range(side.credits):
        CreditMemo.objects.create(contact=contact, total_amount=9, remaining_credit=9)
    for _ in range(side.visits):
        starts = timezone.now()
        Appointment.objects.create(contact=contact, starts_at=starts, ends_at=starts + timedelta(hours=1))
        source = ContactImport.objects.create(filename="list.csv")
        ContactImportRow.objects.create(source=source, line=2, outcome="note", reason="Odd", contact=contact)


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without clocks, counters and logs."""
    return {
        model._meta.label: [
            {name: value for name, value in row.items() if name not in NOT_COMPARED}
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in apps.get_models()
        if _is_compared(model)
    }


def _is_compared(model: type[Model]) -> bool:
    is_ours = model._meta.app_label in APPS and model._meta.label not in LEFT_OUT
    return is_ours and not hasattr(model, "pgh_tracked_model")
