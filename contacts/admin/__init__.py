from contacts.admin import contacts, conversations, imports, properties

__all__ = ["contacts", "conversations", "imports", "properties"]
