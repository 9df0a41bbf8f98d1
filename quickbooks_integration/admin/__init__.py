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
]
