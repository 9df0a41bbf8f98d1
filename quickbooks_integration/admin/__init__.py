from quickbooks_integration.admin import (
    checking,
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
    "checking",
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
