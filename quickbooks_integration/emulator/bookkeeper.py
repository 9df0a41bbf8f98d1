"""What the person in the office does inside QuickBooks, past the API: no tokens, no limits, no requestids.

Verbs are marked with @verb; each can be called from Python and over the control API with the same arguments.
"""

from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, content, exact
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entities.customer import CUSTOMER, add_to_parents, change_balance
from quickbooks_integration.emulator.entities.names import NameKind
from quickbooks_integration.emulator.errors import not_found, refusal
from quickbooks_integration.emulator.oauth.grants import Grants
from quickbooks_integration.emulator.paperwork import Paperwork
from quickbooks_integration.emulator.verbs import VERBS, verb

__all__ = ["VERBS", "Bookkeeper"]


class Bookkeeper(Paperwork):
    def __init__(self, company: Company, grants: Grants) -> None:
        self.company = company
        self._grants = grants

    @verb
    def create(self, entity: str, **fields: Any) -> Document:
        """Add an entity, for example create("Customer", DisplayName="Ann"). Returns it."""
        with self.company.changing():
            return KINDS[entity].create(self.company, exact(fields))

    @verb
    def edit(self, entity: str, id: str, **fields: Any) -> Document:
        """Change some fields of an entity. Returns it."""
        with self.company.changing():
            kind, before = KINDS[entity], self._find(entity, id)
            repeated = {name: before[name] for name in kind.repeats}
            return kind.update(self.company, before, {**repeated, **exact(fields), "sparse": True})

    @verb
    def create_customer(self, **fields: Any) -> Document:
        """Add a customer. Returns it."""
        return self.create("Customer", **fields)

    @verb
    def edit_customer(self, id: str, **fields: Any) -> Document:
        """Change some fields of a customer. Returns it."""
        return self.edit("Customer", id, **fields)

    @verb
    def deactivate(self, id: str, entity: str = "Customer") -> Document:
        """Make a customer, vendor, employee or list entry inactive. Returns it."""
        return self.edit(entity, id, Active=False)

    @verb
    def activate(self, id: str, entity: str = "Customer") -> Document:
        """Make something active again. Returns it."""
        return self.edit(entity, id, Active=True)

    @verb
    def merge_customers(self, loser: str, survivor: str) -> Document:
        """Merge one customer into another: its transactions and sub-customers move, it disappears. Returns the survivor."""
        return self.merge("Customer", loser, survivor)

    @verb
    def merge(self, entity: str, loser: str, survivor: str) -> Document:
        """Merge two customers, vendors or employees. Can't be undone. Returns the survivor."""
        kind = KINDS[entity]
        if not isinstance(kind, NameKind) or loser == survivor:
            raise refusal("6000", "Business Validation Error: Only two different names of one kind can be merged.")
        with self.company.changing():
            gone, kept = self._find(entity, loser), self._find(entity, survivor)
            self._move_transactions(f"{entity}Ref", loser, survivor)
            if kind is CUSTOMER:
                self._move_sub_customers(gone, kept)
                self._move_balance(gone, survivor)
            trace = self.company.tombstone(loser) if self.company.switches.merged_in_change_feed else None
            self.company.put(kind, loser, None, trace)
            kept = self._find(entity, survivor)
            return self.company.replace(kind, kept, content(kept), "Merge", deleted_id=loser)

    @verb
    def change_preferences(self, **groups: Any) -> Document:
        """Change settings, for example change_preferences(TaxPrefs={"PartnerTaxEnabled": True}). Returns all."""
        with self.company.changing():
            return KINDS["Preferences"].update(self.company, self.company.only("Preferences"), exact(groups))

    @verb
    def disconnect(self, client_id: str = "") -> int:
        """End the connection of an app, or of all. Returns how many ended."""
        return self._grants.disconnect(self.company.realm, client_id)

    def _find(self, entity: str, id: str) -> Document:
        document = self.company.find(entity, str(id))
        if document is None:
            raise not_found()
        return document

    def _move_transactions(self, reference: str, loser: str, survivor: str) -> None:
        """Intuit: the loser's transactions belong to the survivor afterwards."""
        for name in self.company.entities():
            if isinstance(KINDS[name], NameKind):
                continue
            for document in self.company.all(name):
                moved = _redirected(document, reference, loser, survivor)
                if moved is not document:
                    self.company.touch(KINDS[name], document["Id"], **moved)

    def _move_sub_customers(self, gone: Document, kept: Document) -> None:
        for child in self.company.indexed("sub-customers", gone["Id"]):
            if child["Id"] != kept["Id"]:
                body = {"ParentRef": {"value": kept["Id"]}, "sparse": True}
                CUSTOMER.update(self.company, child, body)

    def _move_balance(self, gone: Document, survivor: str) -> None:
        gone = self._find("Customer", gone["Id"])
        add_to_parents(self.company, gone, -gone.get("BalanceWithJobs", Decimal(0)))
        change_balance(self.company, survivor, gone.get("Balance", Decimal(0)))


def _redirected(value: Any, reference: str, old: str, new: str) -> Any:
    """The same value, or where a reference inside points at `old` a copy that points at `new`."""
    if isinstance(value, list):
        parts = [_redirected(part, reference, old, new) for part in value]
        return parts if any(one is not other for one, other in zip(parts, value, strict=True)) else value
    if not isinstance(value, dict):
        return value
    copy = {key: _redirected(part, reference, old, new) for key, part in value.items()}
    if isinstance(value.get(reference), dict) and value[reference].get("value") == old:
        copy[reference] = {**value[reference], "value": new}
    return copy if any(copy[key] is not part for key, part in value.items()) else value
