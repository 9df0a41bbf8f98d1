"""Links by the thousand leave the same rows as each link by itself: contacts, map rows, questions, decisions, history."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.utils import timezone

from contacts.models import Contact, ContactAddress, ContactEmail, ContactEvent, ContactPhone
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
    QuickBooksSyncEvent,
)
from quickbooks_integration.reconciling import deciding, jobs, link_to, match, matching, reading
from tests.quickbooks_integration import pairs

HOUSE = {"Line1": "12 Main St", "City": "Quincy", "CountrySubDivisionCode": "MA", "PostalCode": "02169"}
OTHER_HOUSE = {**HOUSE, "Line1": "7 Elm Rd"}


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    """Everything that makes a difference to what a contact takes over."""
    auth = pairs.company()
    _plain(auth)
    _filled(auth)
    _firm_with_jobs(auth)
    _couple(auth)
    _conflict(auth)
    _question_that_became_clear(auth)
    _doubts(auth)
    return auth


def _number(n: int) -> str:
    return f"617-555-{n:04}"


def _plain(auth: QuickBooksAuth) -> None:
    for n in range(1, 6):
        pairs.contact(f"Ann{'abcde'[n - 1]}", "Plainfield", _number(n))
        pairs.customer(
            auth, f"Ann{'abcde'[n - 1]} Plainfield", _number(n), f"ann{n}@example.com", Balance=n * 10.5,
            BillAddr=HOUSE, Notes='card 4111 1111 1111 1111, "\\ {},\t\n', Taxable=n != 3,
        )  # fmt: skip


def _filled(auth: QuickBooksAuth) -> None:
    """A nameless caller with two numbers of theirs, and somebody who has all of it already, the billing address empty."""
    pairs.contact(phone=_number(11))
    pairs.customer(
        auth, "Smithson, Bob", f"{_number(11)} / {_number(12)}", "b@example.com", Mobile={"FreeFormNumber": _number(13)}
    )
    full = pairs.contact("Cara", "Filled", _number(14), "cara@example.com", company="Mine", notes="call after 5")
    Contact.objects.filter(pk=full.pk).update(customer_type="customer", tax_exempt=True, payment_terms="Net 15")
    ContactAddress.objects.create(contact=full, kind="billing")
    ContactAddress.objects.create(contact=full, kind="mailing", street="PO Box 1")
    pairs.customer(
        auth, "Cara Filled", _number(14), "cara@example.com", CompanyName="Theirs", Notes="theirs", BillAddr=HOUSE,
        ShipAddr=OTHER_HOUSE,
    )  # fmt: skip


def _firm_with_jobs(auth: QuickBooksAuth) -> None:
    pairs.contact(phone=_number(21), company="Harbor Homes LLC")
    firm = pairs.customer(auth, "Harbor Homes LLC", _number(21), CompanyName="Harbor Homes LLC", Balance=100)
    above = pairs.job(firm, "House 1", Balance=40, ShipAddr=HOUSE)
    pairs.job(firm, "House 2", _number(22), Balance=2)
    pairs.job(above, "Porch", Notes="of a job")


def _couple(auth: QuickBooksAuth) -> None:
    pairs.contact("Dan", "Overton", _number(31), "dan@example.com")
    pairs.customer(
        auth, "Dan & Eve Overton", _number(31), "dan@example.com", GivenName="Dan & Eve", FamilyName="Overton"
    )


def _conflict(auth: QuickBooksAuth) -> None:
    """Both sides have moved since they agreed once."""
    pairs.contact("Finn", "Moved", _number(41), company="Ours")
    theirs = pairs.customer(auth, "Finn Moved", _number(41), CompanyName="Theirs", BillAddr=OTHER_HOUSE)
    QuickBooksSync.objects.filter(pk=theirs.pk).update(base={"company": "Both", "phones": [], "emails": []}, wanted=1)


def _question_that_became_clear(auth: QuickBooksAuth) -> None:
    pairs.contact("Gil", "Clear", _number(51))
    other, third = pairs.contact(phone=_number(51)), pairs.contact("Hal", "Clear", "", "gil@example.com")
    pairs.customer(auth, "Gil Clear", _number(51), "gil@example.com")
    match(auth, contacts=[other.pk, third.pk])
    other.delete()
    third.emails.all().delete()


def _doubts(auth: QuickBooksAuth) -> None:
    """Nobody is linked here."""
    pairs.contact("Ivy", "Idle", _number(61))
    pairs.customer(auth, "Ivy Idle", _number(61), Active=False)
    pairs.contact("Jon", "Two", _number(62))
    for name in ("Jon Two", "Jon Two 2"):
        pairs.customer(auth, name, _number(62))


def test_many_links_at_once_leave_the_rows_that_each_alone_leaves(auth: QuickBooksAuth, monkeypatch) -> None:
    _ask_only(auth)
    at_once, alone = _rows_after(lambda: match(auth)), _rows_after(lambda: _one_by_one(auth, monkeypatch))
    assert len(at_once["decisions"]) == 14
    assert sum(1 for row in at_once["map rows"] if row["conflicts"]) == 1
    for table, rows in at_once.items():
        assert rows == alone[table], table


def _ask_only(auth: QuickBooksAuth) -> None:
    """So that both begin with the same questions."""
    with transaction.atomic():
        matching._everybody(auth)


def _one_by_one(auth: QuickBooksAuth, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a person links a pair, but in the name of the machine."""
    decisions = matching._decide(auth, reading.everybody(auth), reading.family_names(auth))
    for d in matching._sure(decisions):
        with deciding.decision(None):
            customer, contact = deciding.lock_customer(d.customer), deciding.lock_contact(d.contact)
            pair, is_new = MatchCandidate.objects.update_or_create(
                sync=customer.sync, contact=contact, defaults={"score": d.score, "reasons": matching._reasons(d)}
            )
            was = None if is_new else pair.state
            deciding.tie(customer, contact, MatchDecision.Action.AUTO_LINK, pair.reasons, None, pair_was=was)
    monkeypatch.setattr(jobs, "JOBS_A_TRANSACTION", 1)
    jobs.follow(auth)


Rows = dict[str, list[dict[str, Any]]]
KEYS_AND_TIMES = {
    "id", "pgh_id", "pgh_context_id", "pgh_created_at", "created_at", "updated_at", "decided_at", "last_synced",
}  # fmt: skip


def _rows_after(write: Callable[[], object]) -> Rows:
    with transaction.atomic():
        write()
        found = _all_rows()
        connection.set_rollback(True)
    return found


def _all_rows() -> Rows:
    particulars: list[type[models.Model]] = [ContactPhone, ContactEmail, ContactAddress]
    made = {model: {row.pk: str(row) for row in model._default_manager.all()} for model in particulars}
    decisions = _rows(MatchDecision, "sync_id")
    for row in decisions:
        before = row["before"]
        for name, model in (("phones", ContactPhone), ("emails", ContactEmail)):
            before[name] = [{**added, "id": made[model][added["id"]]} for added in before[name]]
        for change in before["addresses"]:
            change["id"] = made[ContactAddress][change["id"]]
    return {
        "contacts": _rows(Contact, "id"),
        "phones": _rows(ContactPhone, "contact_id", "position", "number"),
        "e-mails": _rows(ContactEmail, "contact_id", "position"),
        "addresses": _rows(ContactAddress, "contact_id", "kind"),
        "map rows": _rows(QuickBooksSync, "id"),
        "questions": _rows(MatchCandidate, "sync_id", "contact_id"),
        "decisions": decisions,
        "history of contacts": _rows(ContactEvent, "pgh_obj_id", "pgh_id", pgh_context__metadata__source="matching"),
        # One by one a map row is written twice: whose it is, then what both agree on.
        "history of map rows": list({row["pgh_obj_id"]: row for row in _rows(QuickBooksSyncEvent, "pgh_id")}.values()),
    }


def _rows(model: type[models.Model], *order: str, **only: Any) -> list[dict[str, Any]]:
    rows = model._default_manager.filter(**only).order_by(*order).values()
    return [{name: value for name, value in row.items() if name not in KEYS_AND_TIMES} for row in rows]


def test_what_somebody_decided_since_it_was_read_stays(db) -> None:
    """Of six pairs beyond doubt the sixth alone is still free when they are written."""
    company, ann = pairs.company(), pairs.somebody()
    contacts = [pairs.contact(phone=_number(n)) for n in range(6)]
    customers = [pairs.customer(company, f"Customer {n}", _number(n), Notes=str(n)) for n in range(6)]
    decided = matching._sure(matching._decide(company, reading.everybody(company), reading.family_names(company)))
    assert len(decided) == 6
    other, elsewhere = pairs.contact("Zoe", "Other"), pairs.customer(company, "Elsewhere")
    link_to(customers[0], other, ann)
    link_to(elsewhere, contacts[1], ann)
    Contact.objects.filter(pk=contacts[2].pk).update(merged_into=other)
    QuickBooksCustomer.objects.filter(pk=customers[3].pk).update(vanished_at=timezone.now())
    MatchCandidate.objects.create(sync=customers[4], contact=contacts[4], score=0, state="refused")
    for contact in (contacts[5], other):
        MatchCandidate.objects.create(sync=customers[5], contact=contact, score=0, claimed_by=ann)
    before = list(Contact.objects.exclude(pk=contacts[5].pk).order_by("pk").values())
    assert matching._link_all(company, decided) == 1
    assert list(Contact.objects.exclude(pk=contacts[5].pk).order_by("pk").values()) == before
    linked = MatchDecision.objects.get(action="auto_link").contact
    assert linked == contacts[5]
    assert linked.updated_at > contacts[5].updated_at
    questions = MatchCandidate.objects.filter(sync=customers[5]).values_list("contact", "state", "claimed_by")
    assert set(questions) == {(contacts[5].pk, "linked", None), (other.pk, "closed", None)}
