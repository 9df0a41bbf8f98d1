"""The kinds of rows that go both ways, each with what it knows about its two sides."""

from typing import Any

from quickbooks_integration.sync.kinds.base import Kind, LookFirst, NeedsCustomer, Request, Waits, World
from quickbooks_integration.sync.kinds.customers import CUSTOMERS
from quickbooks_integration.sync.kinds.estimates import ESTIMATES
from quickbooks_integration.sync.kinds.invoices import INVOICES
from quickbooks_integration.sync.kinds.payments import PAYMENTS

KINDS: dict[str, Kind[Any]] = {kind.entity_type: kind for kind in (ESTIMATES, INVOICES, PAYMENTS, CUSTOMERS)}

__all__ = ["KINDS", "Kind", "LookFirst", "NeedsCustomer", "Request", "Waits", "World"]
