"""All kinds of entities. A family with new rules puts its kinds here, in place of the ones that only read."""

from quickbooks_integration.emulator.entities.attachable import ATTACHABLE
from quickbooks_integration.emulator.entities.customer import CUSTOMER
from quickbooks_integration.emulator.entities.items import ITEM
from quickbooks_integration.emulator.entities.kind import Kind
from quickbooks_integration.emulator.entities.lists import LISTS
from quickbooks_integration.emulator.entities.people import EMPLOYEE, VENDOR
from quickbooks_integration.emulator.entities.registry import KINDS
from quickbooks_integration.emulator.entities.settings import COMPANY_INFO, PREFERENCES
from quickbooks_integration.emulator.entities.taxes import TAXES
from quickbooks_integration.emulator.entities.transactions import TRANSACTIONS

KINDS.update(
    (kind.name, kind)
    for kind in (COMPANY_INFO, PREFERENCES, CUSTOMER, VENDOR, EMPLOYEE, ITEM, *LISTS, *TAXES, *TRANSACTIONS, ATTACHABLE)
)
_BY_PATH = {name.lower(): kind for name, kind in KINDS.items()}

__all__ = ["KINDS", "Kind", "kind_of"]


def kind_of(name: str) -> Kind | None:
    """The kind with this name, whatever its case: `invoice` in an address, `Invoice` in a query."""
    return _BY_PATH.get(name.lower())
