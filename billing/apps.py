from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Quotes and invoices"

    def ready(self) -> None:
        from billing import approval_alerts, jobs, tracked  # noqa: F401  (receivers register themselves)
        from billing.contact_merges import DocumentsCare
        from billing.contact_page import MoneyAndWork
        from contacts import changes, merging, timeline

        merging.register(DocumentsCare())
        timeline.register(MoneyAndWork())
        changes.register(*tracked.KINDS)
