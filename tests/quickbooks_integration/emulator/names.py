"""What tests of customers, vendors and employees share."""

from typing import Any

from .client import Client

DUPLICATE = (
    "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
    "Please use a different name."
)


def snapshot(api: Client) -> list[Any]:
    return [api.emulator.company().all(entity) for entity in ("Customer", "Vendor", "Employee")]


def change(api: Client, saved: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A sparse update."""
    return api.save("Customer", Id=saved["Id"], SyncToken=saved["SyncToken"], sparse=True, **fields)
