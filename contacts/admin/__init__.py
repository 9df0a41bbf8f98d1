from contacts.admin import contacts, imports, properties

__all__ = ["contacts", "imports", "properties"]
