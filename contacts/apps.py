from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        from contacts import changes

        changes.register(changes.Kind("contact", "Contact", "contacts.ContactEvent", "contacts.view_contact"))
