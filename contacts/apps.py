from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        from contacts import changes, conversations
        from contacts.models import Contact
        from contacts.signals import contact_changed

        contact_changed.connect(conversations.follow, dispatch_uid="contacts.conversations")
        of_contacts = "contacts.ContactEvent", "contacts.view_contact"
        changes.register(changes.Kind("contact", "Contact", *of_contacts, money=Contact.MONEY))
