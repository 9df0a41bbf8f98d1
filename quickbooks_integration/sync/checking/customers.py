"""Contacts and their QuickBooks customer, by the rules of enriching: what was filled here before both sides were linked
stays, and is no difference that anybody has to settle."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from contacts.matching import normalise
from contacts.models import Contact
from quickbooks_integration import bases, enriching, mapping
from quickbooks_integration.documents.projecting import money
from quickbooks_integration.mapping import Address, CustomerFacts, Document, Unusable
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import sweeping
from quickbooks_integration.sync.checking.documents import unsent
from quickbooks_integration.sync.checking.findings import Found, Record, State, Why, agrees, record

Status = QuickBooksSync.Status
PULLED_ONLY = ("payment_terms", "tax_exempt")  # never sent


def compare(auth: QuickBooksAuth, documents: Mapping[str, Document], names: Mapping[str, str]) -> dict[str, Record]:
    """By QuickBooks' id; customers who are nobody's contact have nothing to compare. A constant number of queries."""
    rows = QuickBooksSync.objects.filter(company=auth, entity_type="customer").of_objects(documents)
    syncs = {sync.entity_id: sync for sync in rows}
    contacts: dict[int, Any] = {
        row.pk: row
        for row in sweeping.rows_with_parts("customer", [sync.local_id for sync in syncs.values() if sync.local_id])
    }
    found = {}
    for entity_id, document in documents.items():
        sync = syncs.get(entity_id)
        if sync is None:
            found[entity_id] = Record(mapping.display_name(document), [record(Why.MISSING, can_take=True)])
        elif sync.local_id in contacts:
            contact = contacts[sync.local_id]
            found[entity_id] = Record(str(contact), _fields(sync, contact, document, names), sync.pk, contact.pk)
    return found


def gone(auth: QuickBooksAuth, entity_ids: Iterable[str]) -> dict[str, Record]:
    """Linked customers that QuickBooks no longer has and of whom nobody was told yet."""
    rows = QuickBooksSync.objects.filter(
        company=auth, entity_type="customer", customer__vanished_at=None, local_id__isnull=False
    ).of_objects(entity_ids).select_related("customer")  # fmt: skip
    return {
        sync.entity_id: Record(sync.customer.display_name, [record(Why.GONE, can_take=True)], sync.pk, sync.local_id)
        for sync in rows
    }


def _fields(sync: QuickBooksSync, contact: Contact, document: Document, names: Mapping[str, str]) -> list[Found]:
    try:
        facts = mapping.customer_facts(document, mapping.term_name(document, dict(names)))
    except Unusable as reason:
        return [record(Why.UNUSABLE, said=str(reason))]
    found = [agrees("there")]
    if contact.quickbooks_customer_id == sync.entity_id:  # only the primary customer is kept up to its contact
        found += _Judge(sync, contact, facts).all()
    return found


class _Judge:
    def __init__(self, sync: QuickBooksSync, contact: Contact, facts: CustomerFacts) -> None:
        self.sync, self.contact, self.facts = sync, contact, facts
        self.base, self.base_ours = sync.base or {}, sync.base_ours
        self.is_moving = bool(sync.request_id) or sync.needs_read
        self.is_unsent = sync.sent < sync.wanted and sync.sync_status != Status.ERROR
        self.ours = enriching.ours_of(contact)

    def all(self) -> list[Found]:
        found = [
            self._text(name, getattr(self.contact, name) or "", getattr(self.facts, name))
            for name in enriching.TEXT_FIELDS
        ]
        found.append(self._flag())
        found.append(self._list("phones", _phones(self.ours["phones"]), _phones(self.facts.phones)))
        found.append(self._list("emails", set(self.ours["emails"]), set(self.facts.emails)))
        found += [self._address(kind) for kind in enriching.ADDRESS_KINDS]
        return found

    def _text(self, name: str, ours: str, theirs: str) -> Found:
        limit = Contact._meta.get_field(name).max_length
        theirs = theirs[:limit] if limit else theirs
        if _same(ours, theirs):
            return agrees(name)
        told = not theirs or _same(theirs, self.base.get(name) or "")
        return self._judged(name, ours, theirs, is_ours_new=self._is_new(name, ours), is_theirs_new=not told)

    def _flag(self) -> Found:
        ours, theirs = self.contact.tax_exempt, self.facts.tax_exempt
        if ours == theirs:
            return agrees("tax_exempt")
        is_new = self.base.get("tax_exempt") not in (None, theirs)
        return self._judged("tax_exempt", _yes(ours), _yes(theirs), is_ours_new=False, is_theirs_new=is_new)

    def _list(self, name: str, ours: set[Any], theirs: set[Any]) -> Found:
        """What is new there comes here; what was removed here goes there; what is more here stays here."""
        if ours == theirs:
            return agrees(name)
        before = _phones(self.base.get(name, ())) if name == "phones" else set(self.base.get(name, ()))
        here = ", ".join(self.ours[name])
        there = ", ".join(getattr(self.facts, name))
        is_ours_new = self._is_new(name, self.ours[name])
        return self._judged(name, here, there, is_ours_new=is_ours_new, is_theirs_new=bool(theirs - ours - before))

    def _address(self, kind: str) -> Found:
        source = bases.source_of(self.ours["addresses"], kind)
        ours = Address(**self.ours["addresses"].get(source, {}))
        theirs = self.facts.addresses.get(kind, Address())
        if all(map(_same, ours, theirs)):
            return agrees(kind)
        before = Address(**(self.base.get("addresses") or {}).get(kind, {}))
        agreed = ((self.base_ours or {}).get("addresses") or {}).get(source, {})
        is_ours_new = self.base_ours is not None and not all(map(_same, ours, Address(**agreed)))
        is_theirs_new = theirs != Address() and not all(map(_same, theirs, before))
        return self._judged(
            kind, ", ".join(filter(None, ours)), ", ".join(filter(None, theirs)), is_ours_new=is_ours_new,
            is_theirs_new=is_theirs_new,
        )  # fmt: skip

    def _is_new(self, name: str, ours: Any) -> bool:
        """A link that was made before both bases were kept has nothing to compare with."""
        return bool(self.base_ours) and name not in PULLED_ONLY and ours != (self.base_ours or {}).get(name)

    def _judged(self, name: str, ours: str, theirs: str, *, is_ours_new: bool, is_theirs_new: bool) -> Found:
        if name in self.sync.conflicts:
            return Found(name, State.DIFFERS, ours, theirs, Why.CONFLICT)
        if not is_ours_new and not is_theirs_new:
            return Found(name, State.APART, ours, theirs)
        if self.is_moving or (is_ours_new and self.is_unsent):
            return Found(name, State.WAITS, ours, theirs)
        why = Why.BOTH if is_ours_new and is_theirs_new else Why.HERE if is_ours_new else Why.THERE
        said = self.sync.error_message if self.sync.sync_status == Status.ERROR else ""
        return Found(
            name, State.DIFFERS, ours, theirs, Why.REFUSED if said and is_ours_new else why,
            can_take=bool(theirs), can_push=bool(ours) and name not in PULLED_ONLY, said=said,
        )  # fmt: skip


def _phones(numbers: Iterable[str]) -> set[Any]:
    texts = [text for number in numbers for text in normalise.phone_texts(number)]
    return {normalise.phone(text) or text.casefold() for text in texts}


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _yes(value: bool) -> str:
    return "yes" if value else "no"


# --- What they owe ---------------------------------------------------------------------------------


class Balances:
    """What QuickBooks says that each customer owes, collected page by page, against what the contacts here owe."""

    def __init__(self) -> None:
        self.balances: dict[str, Decimal] = {}
        self.parents: dict[str, str] = {}

    def see(self, documents: Mapping[str, Document]) -> None:
        for entity_id, document in documents.items():
            balance = mapping.money(document, "Balance")
            self.balances[entity_id] = mapping.money(document, "BalanceWithJobs", balance)
            self.parents[entity_id] = mapping.nested(document, "ParentRef", "value")

    def compare(self, auth: QuickBooksAuth) -> list[tuple[str, Record]]:
        """One record for each contact, with the id of the customer whose it is. As enriching.set_money reckons."""
        links = QuickBooksSync.objects.filter(company=auth, entity_type="customer", local_id__isnull=False)
        mine: dict[int, list[tuple[str, int]]] = {}
        for pk, entity_id, local_id in links.exclude(entity_id="").values_list("pk", "entity_id", "local_id"):
            if entity_id in self.balances:
                mine.setdefault(local_id, []).append((entity_id, pk))
        moving = _with_documents_on_their_way(auth)
        found = []
        rows = Contact.objects.filter(pk__in=mine).only(
            "pk", "first_name", "last_name", "company", "outstanding_balance"
        )
        for contact in rows.prefetch_related("phones", "emails"):
            ids = {entity_id for entity_id, _ in mine[contact.pk]}
            theirs = sum((self.balances[id] for id in ids if not self._above(id) & ids), Decimal(0))
            ours = contact.outstanding_balance
            entity_id, sync_id = mine[contact.pk][0]
            one = agrees("outstanding")
            if ours != theirs:
                state = State.WAITS if contact.pk in moving else State.DIFFERS
                one = Found("outstanding", state, money(ours), money(theirs), Why.SUMS, can_push=False)
            found.append((entity_id, Record(str(contact), [one], sync_id, contact.pk)))
        return found

    def _above(self, entity_id: str) -> set[str]:
        found: set[str] = set()
        while (entity_id := self.parents.get(entity_id, "")) and entity_id not in found:
            found.add(entity_id)
        return found


def _with_documents_on_their_way(auth: QuickBooksAuth) -> set[int | None]:
    from billing.models import Invoice, Payment

    on_their_way = QuickBooksSync.objects.filter(unsent(auth))
    bills = Invoice.objects.filter(pk__in=on_their_way.filter(entity_type="invoice").values("local_id"))
    paid = Payment.objects.filter(pk__in=on_their_way.filter(entity_type="payment").values("local_id"))
    return {*bills.values_list("contact_id", flat=True), *paid.values_list("contact_id", flat=True)}
