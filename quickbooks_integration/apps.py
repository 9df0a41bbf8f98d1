from django.apps import AppConfig


class QuickBooksIntegrationConfig(AppConfig):
    name = "quickbooks_integration"
    verbose_name = "QuickBooks"

    def ready(self) -> None:
        from quickbooks_integration import checks, receivers  # noqa: F401  (they register themselves)
