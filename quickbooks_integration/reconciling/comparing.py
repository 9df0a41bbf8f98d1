"""Both sides of a pair line by line, for people."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.utils import timezone

from contacts.matching import names, normalise
from contacts.matching.candidates import Person
from contacts.matching.names import Names
from contacts.models import Contact
from quickbooks_integration import enriching, families
from quickbooks_integration.mapping import Address
from quickbooks_integration.models import MatchCandidate, QuickBooksCustomer


class Verdict(StrEnum):
    SAME = "same"
    NEARLY = "nearly"  # the names, but for one letter
    DIFFERS = "differs"
    ONE_SIDE = "one side only"
    NOTHING = ""


@dataclass(frozen=True)
class Value:
    """One text of a field. shared: the other side has it too."""

    text: str
    shared: bool = False


@dataclass(frozen=True)
class Row:
    label: str
    ours: list[Value]
    theirs: list[Value]
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """rows: the fields. questions: other open pairs of the same customer or contact. customers: what the contact is
    linked to already. parent: the customer that this is a job of."""

    rows: list[Row]
    of_customer: list[MatchCandidate] = field(default_factory=list)
    of_contact: list[MatchCandidate] = field(default_factory=list)
    customers: list[QuickBooksCustomer] = field(default_factory=list)
    parent: QuickBooksCustomer | None = None


OTHERS_SHOWN = 10


def compare(candidate: MatchCandidate) -> Comparison:
    """The whole page of a question. A fixed number of queries."""
    contact, customer = candidate.contact, candidate.sync.customer
    others = (
        MatchCandidate.objects.filter(state=MatchCandidate.State.OPEN)
        .exclude(pk=candidate.pk)
        .select_related("contact", "sync__customer")
        .prefetch_related("contact__phones", "contact__emails")
    )
    return Comparison(
        rows=rows(contact, customer),
        of_customer=list(others.filter(sync=candidate.sync_id)[:OTHERS_SHOWN]),
        of_contact=list(others.filter(contact=contact)[:OTHERS_SHOWN]),
        customers=customers_of(contact),
        parent=_parent(customer),
    )


def customers_of(contact: Contact) -> list[QuickBooksCustomer]:
    """The contact's customers, the primary one first; without jobs of them."""
    return customers_and_jobs(contact)[0]


def customers_and_jobs(contact: Contact) -> tuple[list[QuickBooksCustomer], list[QuickBooksCustomer]]:
    """The contact's customers, the primary one first, and those that are jobs of another of them, by name."""
    linked = QuickBooksCustomer.objects.filter(sync__entity_type="customer", sync__local_id=contact.pk)
    found = list(linked.select_related("sync__company").order_by("pk"))
    jobs = {customer.pk for customer in families.jobs_among(found)}
    jobs -= {customer.pk for customer in found if customer.sync.entity_id == contact.quickbooks_customer_id}
    customers = [customer for customer in found if customer.pk not in jobs]
    return (
        sorted(customers, key=lambda customer: customer.sync.entity_id != contact.quickbooks_customer_id),
        sorted((customer for customer in found if customer.pk in jobs), key=lambda job: job.display_name.casefold()),
    )


def _parent(customer: QuickBooksCustomer) -> QuickBooksCustomer | None:
    if not customer.parent_id:
        return None
    return QuickBooksCustomer.objects.filter(
        sync__company__company_id=customer.sync.company_id, sync__entity_id=customer.parent_id
    ).first()


def rows(contact: Contact, customer: QuickBooksCustomer) -> list[Row]:
    """Reads prefetched phones, e-mails and addresses."""
    facts = enriching.facts_of(customer)
    return [
        _names(contact, customer),
        _texts("Company", contact.company, facts.company, _firm),
        _lists("Phones", [row.number for row in contact.phones.all()], facts.phones, _phone_keys),
        _lists("E-mails", [row.address for row in contact.emails.all()], facts.emails, _email_keys),
        _lists("Addresses", map(str, contact.addresses.all()), map(_one_line, facts.addresses.values()), _street),
        _aside("Balance", dollars(contact.outstanding_balance), dollars(customer.balance_with_jobs)),
        _texts("Payment terms", contact.payment_terms or "", facts.payment_terms, _plain),
        _aside("Since", _day(contact.created_at), _day(customer.remote_created_at)),
        _aside("Notes", contact.notes, facts.notes),
    ]


def _names(contact: Contact, customer: QuickBooksCustomer) -> Row:
    ours = Person(1, contact.first_name, contact.last_name, contact.company)
    theirs = Person(2, customer.given_name, customer.family_name, customer.company_name, customer.display_name)
    verdict = {
        Names.AGREE: Verdict.SAME,
        Names.NEAR_FAMILY: Verdict.NEARLY,
        Names.NEAR_GIVEN: Verdict.NEARLY,
        Names.CONTRADICT: Verdict.DIFFERS,
        Names.SILENT: Verdict.ONE_SIDE,
    }[names.compare(ours, theirs)]
    return Row("Name", _values([contact.name]), _values(_names_there(customer)), verdict)


def _names_there(customer: QuickBooksCustomer) -> list[str]:
    """What QuickBooks calls the customer, and the person's name beside it if that is another: a house has an owner."""
    person = f"{customer.given_name} {customer.family_name}".strip()
    is_another = set(normalise.words(person)) - set(normalise.words(customer.display_name))
    return [customer.display_name, person] if is_another else [customer.display_name]


def _firm(text: str) -> set[str]:
    return {"".join(normalise.words(text))} - {""}


def _phone_keys(text: str) -> set[str]:
    return {phone.key for phone in normalise.phones(text)}


def _email_keys(text: str) -> set[str]:
    return set(normalise.emails(text))


def _street(text: str) -> set[str]:
    """The street line alone: towns are left out as often as not."""
    return {normalise.street(text.partition(",")[0])} - {""}


def _plain(text: str) -> set[str]:
    return {" ".join(text.split()).casefold()} - {""}


def _one_line(address: Address) -> str:
    return ", ".join(filter(None, [address.street, address.city, f"{address.state} {address.zip_code}".strip()]))


def _texts(label: str, ours: str, theirs: str, keys_of: Callable[[str], set[str]]) -> Row:
    return _lists(label, filter(None, [ours]), filter(None, [theirs]), keys_of)


def _lists(label: str, ours: Iterable[str], theirs: Iterable[str], keys_of: Callable[[str], set[str]]) -> Row:
    left, right = [[(text, keys_of(text)) for text in dict.fromkeys(side)] for side in (ours, theirs)]
    common = {key for _, keys in left for key in keys} & {key for _, keys in right for key in keys}
    return Row(
        label,
        [Value(text, shared=bool(keys & common)) for text, keys in left],
        [Value(text, shared=bool(keys & common)) for text, keys in right],
        _verdict(bool(left), bool(right), bool(common)),
    )


def _aside(label: str, ours: str, theirs: str) -> Row:
    """A line that says nothing about who somebody is."""
    return Row(label, _values([ours]), _values([theirs]), Verdict.NOTHING)


def _values(texts: list[str]) -> list[Value]:
    return [Value(text) for text in texts if text]


def _verdict(ours: bool, theirs: bool, agrees: bool) -> Verdict:
    if ours and theirs:
        return Verdict.SAME if agrees else Verdict.DIFFERS
    return Verdict.ONE_SIDE if ours or theirs else Verdict.NOTHING


def dollars(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def _day(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%b %-d, %Y}" if moment else ""
