from contacts.models.imports import ContactImport, ContactImportDifference, ContactImportRow, ContactImportStep
from contacts.models.merges import ContactMerge, DismissedDuplicate, WantedMerge
from contacts.models.openphone import OpenPhoneEvent, OpenPhoneReading
from contacts.models.people import CURRENT, Contact, ContactAddress, ContactEmail, ContactPhone
from contacts.models.places import Property, PropertyContact
from contacts.models.talk import Activity, Conversation, PhoneLine

__all__ = [
    "CURRENT",
    "Activity",
    "Contact",
    "ContactAddress",
    "ContactEmail",
    "ContactImport",
    "ContactImportDifference",
    "ContactImportRow",
    "ContactImportStep",
    "ContactMerge",
    "ContactPhone",
    "Conversation",
    "DismissedDuplicate",
    "OpenPhoneEvent",
    "OpenPhoneReading",
    "PhoneLine",
    "Property",
    "PropertyContact",
    "WantedMerge",
]
