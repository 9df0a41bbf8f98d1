"""Every pair and its state, for a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import F

from contacts.models import Contact
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync

State = MatchCandidate.State
UNASKED = "Made from the other side, or a job of a linked customer"
DECISIONS = {State.LINKED: "linked", State.OPEN: "review", State.REFUSED: "rejected"}


@dataclass(frozen=True)
class Line:
    """One pair. decision: linked, review or rejected. score: None if a link needed no comparison."""

    external_id: str
    quickbooks_customer_id: str
    decision: str
    score: int | None
    reasons: str


def lines(company: QuickBooksAuth) -> Iterator[Line]:
    """All links, questions and refusals of a company."""
    yield from _candidates(company)
    yield from _other_links(company)


def _candidates(company: QuickBooksAuth) -> Iterator[Line]:
    rows = MatchCandidate.objects.filter(sync__company=company, state__in=DECISIONS).order_by("-state", "-score", "pk")
    columns = ("contact__external_id", "sync__entity_id", "state", "score", "reasons")
    for external_id, entity_id, state, score, reasons in rows.values_list(*columns).iterator(chunk_size=2_000):
        sentences = "; ".join(reason["text"] for reason in reasons)
        yield Line(external_id or "", entity_id, DECISIONS[state], score, sentences)


def _other_links(company: QuickBooksAuth) -> Iterator[Line]:
    """Links that were never a question: contacts made from a customer, the other way round, and jobs."""
    links = QuickBooksSync.objects.filter(company=company, entity_type="customer")
    asked = MatchCandidate.objects.filter(sync__company=company, state=State.LINKED, contact=F("sync__local_id"))
    links = links.exclude(entity_id="").exclude(pk__in=asked.values("sync"))
    found = {entity_id: contact for entity_id, contact in links.values_list("entity_id", "local_id") if contact}
    external_ids = dict(Contact.objects.filter(pk__in=found.values()).values_list("pk", "external_id"))
    for entity_id, contact_id in found.items():
        yield Line(external_ids.get(contact_id) or "", entity_id, "linked", None, UNASKED)


def counts(company: QuickBooksAuth) -> dict[str, int]:
    """How far matching is: customers linked, customers with open questions, customers nobody fits, open pairs."""
    customers = QuickBooksCustomer.objects.filter(sync__company=company, vanished_at=None)
    open_pairs = MatchCandidate.objects.filter(sync__company=company, state=State.OPEN)
    linked = customers.filter(sync__local_id__isnull=False).count()
    in_review = open_pairs.values("sync").distinct().count()
    return {
        "customers": customers.count(),
        "linked": linked,
        "review": in_review,
        "unmatched": customers.count() - linked - in_review,
        "open_pairs": open_pairs.count(),
    }
