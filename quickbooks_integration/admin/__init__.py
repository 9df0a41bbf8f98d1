from quickbooks_integration.admin import (
    connection,
    contacts,
    customers,
    documents,
    history,
    links,
    matching,
    mirrored,
    products,
    runs,
    webhooks,
)

__all__ = [
    "connection",
    "contacts",
    "customers",
    "documents",
    "history",
    "links",
    "matching",
    "mirrored",
    "products",
    "runs",
    "webhooks",
]
