from quickbooks_integration.admin import connection, contacts, customers, documents, links, matching, products, runs

__all__ = ["connection", "contacts", "customers", "documents", "links", "matching", "products", "runs"]
