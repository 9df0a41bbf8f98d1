from quickbooks_integration.admin import connection, contacts, customers, links, matching, products, runs

__all__ = ["connection", "contacts", "customers", "links", "matching", "products", "runs"]
