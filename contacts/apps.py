from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        from contacts import changes
        from contacts.models import Contact

        of_contacts = "contacts.ContactEvent", "contacts.view_contact"
        changes.register(changes.Kind("contact", "Contact", *of_contacts, money=Contact.MONEY))
