"""Two contacts with all that can hang on a contact, drawn at random, and everything in the database as one value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.test import TestCase
from django.utils import timezone
from hypothesis import strategies as st

from billing import summaries
from billing.models import Appointment, CreditMemo, Job, JobParticipant, Payment
from contacts import conversations
from contacts.merging import choosing
from contacts.models import Contact, ContactImport, ContactImportRow, Conversation, PhoneLine, PropertyContact
from quickbooks_integration import attaching, reconciling
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import (
    MatchCandidate,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import jobs, merged
from tests.billing import rows
from tests.factories import make_contact, make_property
from tests.quickbooks_integration import pairs

PHONES = ("617-555-0101", "(617) 555-0101 x7", "617-555-0102", "ask at the desk")
EMAILS = ("ann@example.com", "ANN@example.com", "lee@example.com", "none")
TEXTS = ("", "Lee", "Leigh")
STATES = ("open", "refused", "closed")
NOT_COMPARED = {"updated_at", "version"}
MATCHING = ("quickbooks_integration.MatchCandidate", "quickbooks_integration.MatchDecision")
NUMBERS = {"id", "created_at", "decided_at", "undone_at"}
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
    talks: list[tuple[int, bool]] = field(default_factory=list)  # with which number; known to be with the contact
    waits: bool = False  # to become a customer, after a refusal


@dataclass(frozen=True)
class Tree:
    """What hangs on the linked customer: each job below the customer (0) or an earlier job. later: jobs that a pull has
    read and nobody has looked at yet, each with a payment. by_hand: which jobs a person linked. second: what became of a
    second customer of the same contact, which had a job too."""

    jobs: list[int]
    later: list[int]
    by_hand: set[int]
    second: str


TREES = st.builds(
    Tree,
    jobs=st.lists(st.integers(0, 3), max_size=3),
    later=st.lists(st.integers(0, 5), max_size=2),
    by_hand=st.sets(st.integers(0, 2), max_size=1),
    second=st.sampled_from(("none", "unlinked", "gone", "moved")),
)
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
    talks=st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=2, unique=True),
    waits=st.booleans(),
)  # fmt: skip
CHOSEN = st.dictionaries(
    st.sampled_from([*choosing.UNITS, *choosing.ADDRESSES]), st.sampled_from(("survivor", "loser", "both"))
)
LINKED = st.sampled_from(("nobody", "survivor", "loser"))


def build(auth: QuickBooksAuth, sides: tuple[Side, Side], linked: int | None, tree: Tree) -> list[Contact]:
    houses = [make_property() for _ in range(2)]
    works = [Job.objects.create(property=house, title="Crack") for house in houses]
    customers = [pairs.customer(auth, f"Customer {number}") for number in range(3)]
    contacts = [contact_of(side, number) for number, side in enumerate(sides)]
    for contact, side in zip(contacts, sides, strict=True):
        give_work(contact, side, houses, works)
        for number, state in side.questions.items():
            MatchCandidate.objects.create(sync=customers[number], contact=contact, state=state, score=50)
    for number, (contact, side) in enumerate(zip(contacts, sides, strict=True)):
        if linked == number:
            reconciling.link_to(customers[0], contact, None)
            _grow(customers[0], contact, tree)
        elif side.waits:
            QuickBooksSync.objects.create(
                company=auth, entity_type="customer", local_id=contact.pk, sync_status="error", error_message="No."
            )
    summaries.refresh(contact.pk for contact in contacts)
    return [Contact.objects.get(pk=contact.pk) for contact in contacts]


def _grow(customer: QuickBooksSync, contact: Contact, tree: Tree) -> None:
    known = [customer]
    for number, above in enumerate(tree.jobs):
        known.append(pairs.job(known[min(above, number)], f"Job {number}", Balance=10, Notes="Dog"))
        if number in tree.by_hand:
            committed(partial(reconciling.link_to, known[-1], contact, None))
    jobs.follow(customer.company, [sync.pk for sync in known])
    _second(customer, contact, tree.second)
    for number, above in enumerate(tree.later):
        known.append(pairs.job(known[min(above, len(known) - 1)], f"Later {number}", Balance=5))
        pulled_payment(known[-1])


def _second(customer: QuickBooksSync, contact: Contact, became: str) -> None:
    if became == "none":
        return
    second = pairs.customer(customer.company, "Second")
    committed(partial(reconciling.link_to, second, contact, None))
    job = pairs.job(second, "Of the second", Balance=7)
    pulled_payment(job)
    jobs.follow(customer.company, [second.pk])
    if became == "moved":
        QuickBooksCustomer.objects.filter(sync=job).update(parent_id=customer.entity_id)
    if became == "gone":
        QuickBooksCustomer.objects.filter(sync=second).update(vanished_at=timezone.now())
        committed(partial(merged.let_go, second.pk, None))
    else:
        second.refresh_from_db()
        committed(partial(reconciling.unlink, second, None))


def pulled_payment(customer: QuickBooksSync) -> None:
    payment = Payment.objects.create(amount=10, payment_date=date(2026, 5, 2), quickbooks_payment_id=customer.entity_id)
    row = QuickBooksSync.objects.create(
        company=customer.company, entity_type="payment", entity_id=f"9{customer.entity_id}", local_id=payment.pk
    )
    QuickBooksDocument.objects.create(sync=row, customer_id=customer.entity_id, digest="", raw={})


def committed(verb: Callable[[], Any]) -> Any:
    """The verb with what it has done after it is committed; no worker is woken."""
    with TestCase.captureOnCommitCallbacks() as callbacks:
        answer = verb()
    for callback in callbacks:
        if getattr(callback, "func", None) != RINGER.ring:
            committed(callback)
    return answer


def sync(auth: QuickBooksAuth) -> None:
    """What comes after a pull has read everything."""
    committed(partial(reconciling.match, auth))
    committed(partial(attaching.sweep, auth, attaching.MODELS))
    committed(partial(merged.settle_same, auth))


def contact_of(side: Side, number: int) -> Contact:
    first, last, company, notes = side.names
    more = side.more | {"external_id": f"L{number}" if side.more["external_id"] else None}
    contact = make_contact(
        first, last, company=company, notes=notes,
        phones=tuple(PHONES[at] for at in side.phones), emails=tuple(EMAILS[at] for at in side.emails), **more,
    )  # fmt: skip
    for kind, street in side.addresses.items():
        contact.addresses.create(kind=kind, street=street)
    for at, is_known in side.talks:
        line, _ = PhoneLine.objects.get_or_create(provider_id=f"PN{number}{is_known}", number=PHONES[2])
        talk = {
            "line": line,
            "other_number": conversations.number_key([PHONES[at]]),
            "last_activity_at": timezone.now(),
        }
        if not Conversation.objects.filter(line=line, other_number=talk["other_number"]).exists():
            Conversation.objects.create(contact=contact if is_known else None, **talk)
    return contact


def give_work(contact: Contact, side: Side, houses: list[Any], works: list[Job]) -> None:
    for at, role, primary in side.houses:
        free = not houses[at].roles.filter(is_primary=True).exists()
        PropertyContact.objects.create(property=houses[at], contact=contact, role=role, is_primary=primary and free)
    for at, role in side.jobs:
        if role != "payer" or not works[at].participants.filter(role="payer").exists():
            JobParticipant.objects.create(job=works[at], contact=contact, role=role)
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


def snapshot(*, numbered: bool = True) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, without clocks, counters and logs. Not numbered: what matching has written down as what it
    says, in no order, and of jobs not what of their contact was known when they followed, which is never sent."""
    found = {
        model._meta.label: [
            {name: value for name, value in row.items() if name not in NOT_COMPARED}
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in apps.get_models()
        if _is_compared(model)
    }
    if not numbered:
        below = set(QuickBooksCustomer.objects.exclude(parent_id="").values_list("pk", flat=True))
        for row in found["quickbooks_integration.QuickBooksSync"]:
            row["base_ours"] = None if row["id"] in below else row["base_ours"]
        for label in MATCHING:
            rows = ({name: value for name, value in row.items() if name not in NUMBERS} for row in found[label])
            found[label] = sorted(rows, key=str)
    return found


def _is_compared(model: type[Model]) -> bool:
    is_ours = model._meta.app_label in APPS and model._meta.label not in LEFT_OUT
    return is_ours and not hasattr(model, "pgh_tracked_model")
