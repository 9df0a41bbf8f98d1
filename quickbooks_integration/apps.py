from django.apps import AppConfig


class QuickBooksIntegrationConfig(AppConfig):
    name = "quickbooks_integration"
    verbose_name = "QuickBooks"

    def ready(self) -> None:
        from contacts import merging, timeline
        from quickbooks_integration import checks, receivers  # noqa: F401  (they register themselves)
        from quickbooks_integration.contact_merges import LinksCare
        from quickbooks_integration.contact_page import SyncWithQuickBooks

        merging.register(LinksCare())
        timeline.register(SyncWithQuickBooks())
