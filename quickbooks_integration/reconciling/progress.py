"""How far matching has come: each customer of the books in one part, and why it is there.

The page adds up the parts and the list of customers filters by them, both with `with_part`, so they cannot differ.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    Expression,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Concat

from contacts.matching.kinds import LABELS
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.models.matches import QUEUE_ORDER
from quickbooks_integration.reconciling.jobs import FOLLOWED

Action, State = MatchDecision.Action, MatchCandidate.State
REVIEW, VANISHED = "review_", "vanished"
# In the order of the page: who linked them, or why nobody has.
BY_MACHINE = {"machine": "Linked by itself", "followed": "Job, linked with its customer"}
BY_PERSON = {
    "person": "Linked by a person",
    "contact_made": "Contact made from the customer",
    "customer_made": "Customer made from the contact",
    "other": "Linked, from before this was written down",
}
WAITING = {f"{REVIEW}{kind}": label for kind, label in LABELS.items()} | {REVIEW: "To be sorted tonight"}
LEFT = {
    "job": "Job, its customer is not linked",
    "inactive": "Inactive, fits no contact",
    "refused": "A person said that nobody proposed is it",
    "nobody": "Fits no contact",
}
PARTS = BY_MACHINE | BY_PERSON | WAITING | LEFT | {VANISHED: "No longer in QuickBooks"}


@dataclass(frozen=True)
class Part:
    """So many customers, and the dollars that they owe by themselves: a job's are not its customer's too."""

    name: str
    label: str
    number: int
    owed: Decimal


def parts(company: QuickBooksAuth) -> list[Part]:
    """Those that have a customer, in the page's order. One query."""
    # Of the map, which has a row for each document too, only the part of customers is read.
    customers = QuickBooksCustomer.objects.filter(sync__company=company, sync__entity_type="customer")
    rows = with_part(customers).order_by()
    owed = Sum("balance", filter=Q(balance__gt=0), default=Value(Decimal(0)), output_field=DecimalField())
    counted = rows.values("part").annotate(number=Count("pk"), owed=owed)
    found = {row["part"]: Part(row["part"], PARTS[row["part"]], row["number"], row["owed"]) for row in counted}
    return [found[name] for name in PARTS if name in found]


def with_part(customers: QuerySet[QuickBooksCustomer]) -> QuerySet[QuickBooksCustomer]:
    """`part`: a name of PARTS."""
    asked = MatchCandidate.objects.filter(sync=OuterRef("pk"))
    questions = asked.filter(state=State.OPEN)
    first = questions.order_by(*QUEUE_ORDER).values("kind")[:1]
    part = Case(
        When(vanished_at__isnull=False, then=Value(VANISHED)),
        When(sync__local_id__isnull=False, then=_how_linked()),
        When(Exists(questions), then=Concat(Value(REVIEW), Subquery(first))),
        When(~Q(parent_id=""), then=Value("job")),
        When(active=False, then=Value("inactive")),
        When(Exists(asked.filter(state=State.REFUSED)), then=Value("refused")),
        default=Value("nobody"),
        output_field=CharField(),
    )
    return customers.annotate(part=part)


def _how_linked() -> Expression:
    """By the decision that stands."""
    linking = MatchDecision.objects.filter(sync=OuterRef("pk"), action__in=MatchDecision.LINKING, undone_at=None)
    how = Case(
        When(action=Action.AUTO_LINK, before__has_key=FOLLOWED, then=Value("followed")),
        When(action=Action.AUTO_LINK, then=Value("machine")),
        When(action=Action.CREATE_CONTACT, then=Value("contact_made")),
        When(action=Action.CREATE_CUSTOMER, then=Value("customer_made")),
        default=Value("person"),
        output_field=CharField(),
    )
    return Coalesce(Subquery(linking.order_by("-pk").annotate(how=how).values("how")[:1]), Value("other"))
