from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Quotes and invoices"

    def ready(self) -> None:
        from billing.contact_merges import DocumentsCare
        from contacts import merging

        merging.register(DocumentsCare())
