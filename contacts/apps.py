from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        from contacts import changes, conversations
        from contacts.signals import contact_changed

        contact_changed.connect(conversations.follow, dispatch_uid="contacts.conversations")
        money = frozenset({"outstanding_balance", "credit_limit"})
        changes.register(
            changes.Kind("contact", "Contact", "contacts.ContactEvent", "contacts.view_contact", money=money)
        )
