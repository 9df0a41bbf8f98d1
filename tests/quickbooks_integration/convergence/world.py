"""Both sides, the people at each, and the machine between them. One world plays one story.

The clocks of both sides are moved together. Choices are made among names that do not depend on earlier steps' keys, and
every value that is typed is unlike all others, so that a value tells who typed it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration.emulator.company import Change
from quickbooks_integration.emulator.errors import ServiceFault
from quickbooks_integration.models import QuickBooksSync
from tests.quickbooks_integration.convergence import sides
from tests.quickbooks_integration.convergence.ledger import Ledger
from tests.quickbooks_integration.convergence.sides import ENTITIES, IDS, MODELS, Fields

PEOPLE = (("Amy", "Abel", "617-555-0101"), ("Bob", "Boyd", "617-555-0102"), ("Cora", "Cole", "617-555-0103"))
ITEMS = (("Crack injection", 450), ("Sump pump", 1200))


class Clock:
    """Our side's: the real one, and what the story has let pass."""

    def __init__(self) -> None:
        self.moved = timedelta()
        self._real = timezone.now

    def now(self) -> datetime:
        return self._real() + self.moved


class World:
    def __init__(self, books: Any, clock: "Clock") -> None:
        self.books, self.clock, self.ledger = books, clock, Ledger()
        self.company, self.bookkeeper = books.emulator.company(), books.bookkeeper
        self.person = User.objects.create_user("olivia")
        self.events: list[Change] = []  # what QuickBooks would tell, not delivered yet
        self.born_there: set[tuple[str, str]] = set()  # (kind, id) of what people made in QuickBooks
        self.names: dict[tuple[str, str], str] = {}  # of records in QuickBooks that the CRM has made
        self.ours: dict[tuple[str, int], str] = {}  # (kind, number in its reference) of what people made in the CRM
        self.first_names: dict[str, int] = {}  # all that a contact was ever called, for its customer
        self.is_typing_there = False
        self.number = 0  # of the step
        self.refusals: list[str] = []
        books.emulator.world.watchers.append(self._heard)
        self._begin()

    def _begin(self) -> None:
        with self.at_desk():
            for given, family, phone in PEOPLE:
                self.bookkeeper.create_customer(
                    DisplayName=f"{given} {family}", GivenName=given, FamilyName=family,
                    PrimaryPhone={"FreeFormNumber": phone},
                )  # fmt: skip
            account = next(one["Id"] for one in self.company.all("Account") if one["AccountType"] == "Income")
            for name, price in ITEMS:
                self.bookkeeper.create(
                    "Item", Name=name, Type="Service", UnitPrice=price, IncomeAccountRef={"value": account}
                )
        self.books.pull_all()
        self.books.take_over()
        self.books.contacts_of_all()
        for contact in Contact.objects.all():
            self.first_names[contact.first_name] = contact.pk

    # --- What QuickBooks tells ------------------------------------------------------------------

    def _heard(self, change: Change) -> None:
        self.events.append(change)
        kind = next((kind for kind, entity in ENTITIES.items() if entity == change.entity), None)
        if kind is None or change.operation != "Create":
            return
        if self.is_typing_there:
            self.born_there.add((kind, change.id))
            count = sum(name.startswith(f"{kind} of theirs, step {self.number}.") for name in self.names.values())
            self.names[kind, change.id] = f"{kind} of theirs, step {self.number}.{count}"
        else:
            self.names[kind, change.id] = self._name_of_ours(kind, self.company.find(change.entity, change.id))

    def _name_of_ours(self, kind: str, document: Any) -> str:
        """Documents bear a reference; of a customer it is the first name that tells."""
        if kind == "customer":
            return self.ours["customer", self.first_names[document["GivenName"]]]
        reference = sides.reference(document)
        assert reference is not None, f"{kind} {document['Id']} bears no reference"
        return self.ours[kind, reference[1]]

    @contextmanager
    def at_desk(self) -> Iterator[None]:
        """A person works in QuickBooks."""
        self.is_typing_there = True
        try:
            yield
        finally:
            self.is_typing_there = False

    # --- Names ----------------------------------------------------------------------------------

    def christen(self, number: int) -> None:
        """Names what was made in this step after it, so that other stories call it alike."""
        for kind, model in MODELS.items():
            for row in model.objects.filter(**{IDS[kind]: None}).order_by("pk"):
                self.ours.setdefault((kind, _key(kind, row)), f"{kind} of step {number}")

    def name_here(self, kind: str, row: Any) -> str:
        id = getattr(row, IDS[kind])
        if id and (kind, id) in self.born_there:
            return self.name_there(kind, id)
        return self.ours[kind, _key(kind, row)]

    def name_there(self, kind: str, id: str) -> str:
        """Ids are given by turns, so what was made there is called after the step, too."""
        return self.names[kind, id]

    def name_of(self, sync: QuickBooksSync) -> str:
        """Of the record that a map row is about."""
        if sync.entity_type not in MODELS:
            return f"{sync.entity_type} {sync.entity_id}"
        if sync.entity_id:
            return self.name_there(sync.entity_type, sync.entity_id)
        return self.name_here(sync.entity_type, MODELS[sync.entity_type].objects.get(pk=sync.local_id))

    # --- Typing ---------------------------------------------------------------------------------

    def type_here(self, kind: str, row: Any, act: Callable[[], Any]) -> None:
        """What a person changes at one of our rows, noted in the ledger. Raises billing's Refused, and notes nothing."""
        before = sides.here(kind, MODELS[kind].objects.get(pk=row.pk))
        act()
        after = MODELS[kind].objects.get(pk=row.pk)
        if not sides.is_void_here(after):
            self._note(self.name_here(kind, after), before, sides.here(kind, after), "here")
        if kind == "customer":
            self.first_names[after.first_name] = after.pk

    def type_there(self, kind: str, id: str, act: Callable[[], Any]) -> None:
        """The same in QuickBooks; what QuickBooks refuses is noted among the refusals."""
        before = sides.there(kind, self.company.find(ENTITIES[kind], id))
        try:
            with self.at_desk():
                act()
        except ServiceFault as refused:
            self.refusals.append(str(refused))
            return
        after = self.company.find(ENTITIES[kind], id)
        if after is not None and not sides.is_void_there(after):
            self._note(self.name_there(kind, id), before, sides.there(kind, after), "there")

    def _note(self, name: str, before: Fields, after: Fields, where: str) -> None:
        for field, value in after.items():
            if value != before[field]:
                self.ledger.wrote(name, field, value, before[field], where)

    # --- Time -----------------------------------------------------------------------------------

    def pass_time(self, span: timedelta) -> None:
        self.clock.moved += span
        self.books.emulator.clock.advance(span.total_seconds())

    # --- Looking --------------------------------------------------------------------------------

    def links(self, **wanted: Any) -> list[QuickBooksSync]:
        return list(QuickBooksSync.objects.filter(**wanted).order_by("pk"))

    def documents(self, kind: str) -> list[Any]:
        return self.company.all(ENTITIES[kind])

    def writes(self) -> int:
        counts = self.books.emulator.requests.counts()
        return sum(counts.get(route, 0) for route in ("create", "update", "void", "delete", "batch"))


def _key(kind: str, row: Any) -> int:
    return row.number if kind == "estimate" else row.pk
