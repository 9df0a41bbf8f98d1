"""All kinds by name, for rules that reach from one kind to another: a payment changes invoices, and the reverse."""

from quickbooks_integration.emulator.entities.kind import Kind

KINDS: dict[str, Kind] = {}
