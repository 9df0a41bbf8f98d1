from contacts.models.imports import ContactImport, ContactImportDifference, ContactImportRow, ContactImportStep
from contacts.models.merges import ContactMerge, DismissedDuplicate, WantedMerge
from contacts.models.people import CURRENT, Contact, ContactAddress, ContactEmail, ContactPhone
from contacts.models.places import Property, PropertyContact

__all__ = [
    "CURRENT",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactImport",
    "ContactImportDifference",
    "ContactImportRow",
    "ContactImportStep",
    "ContactMerge",
    "ContactPhone",
    "DismissedDuplicate",
    "Property",
    "PropertyContact",
    "WantedMerge",
]
