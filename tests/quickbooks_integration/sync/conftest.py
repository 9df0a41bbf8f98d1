from collections.abc import Callable, Iterator
from typing import Any

import pytest

from quickbooks_integration import connecting, reconciling
from quickbooks_integration.emulator import Emulator
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import QuickBooksSyncService, history, kinds_to_pull


class Books:
    """A running QuickBooks with one company, and the CRM's connection to it."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.bookkeeper = emulator.bookkeeper()
        self.auth = connecting.store(emulator.realm, emulator.connect(), None)

    def service(self) -> QuickBooksService:
        return QuickBooksService.current(patience=5)

    def sync(self) -> QuickBooksSyncService:
        return QuickBooksSyncService(self.service())

    def pull(self, **options: Any) -> dict[str, Any]:
        return self.sync().sync_customers(**options)

    def pull_all(self, **options: Any) -> dict[str, dict[str, Any]]:
        """Every kind in its order, as a worker does it; the first time this begins the history."""
        history.begin_first(self.auth)
        sync = self.sync()
        return {kind: sync.sync(kind, **options) for kind in kinds_to_pull(self.auth)}

    def take_over(self, **options: Any) -> HistoryImport:
        """Commits the history that was read, and does what the worker does then."""
        found = history.current(self.auth)
        history.commit(found, None, **options)
        history.work_off(self.auth)
        found.refresh_from_db()
        return found

    def contacts_of_all(self) -> None:
        """Makes a contact of every customer that has none, of jobs before their customers: else they follow those."""
        of_nobody = QuickBooksSync.objects.filter(company=self.auth, entity_type="customer", local_id=None)
        for sync in of_nobody.order_by("-customer__parent_id", "-pk"):
            if of_nobody.filter(pk=sync.pk).exists():
                reconciling.create_contact(sync, None)

    def queries(self) -> int:
        return self.emulator.requests.counts().get("query", 0)


@pytest.fixture
def open_books(settings, db) -> Iterator[Callable[..., Books]]:
    """open_books("craig") or open_books([{"DisplayName": ...}, ...]) starts an emulator and connects to it."""
    running: list[Emulator] = []

    def start(company: Any = "empty") -> Books:
        if isinstance(company, list):
            company = {"Customer": company}
        emulator = Emulator(company=company, limits=False)
        emulator.start()
        running.append(emulator)
        settings.QUICKBOOKS_EMULATOR_URL = emulator.url
        settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = emulator.client_id, emulator.client_secret
        settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 100_000
        settings.QUICKBOOKS_RETRY_SECONDS = 0.01
        settings.QUICKBOOKS_OUTAGE_AFTER = 1_000_000  # a test says itself when trouble is an outage
        return Books(emulator)

    yield start
    for emulator in running:
        emulator.stop()
