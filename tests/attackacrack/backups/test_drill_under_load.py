"""The whole drill: people go on writing while the backup is made, the database is lost, the backup put in its place."""

# ruff: noqa: F811  (fixtures that are imported)

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from attackacrack import audit, backups
from attackacrack.backups import programs
from attackacrack.backups.files import BackupFile
from billing import converting, payments, quotes
from billing.models import Invoice, Payment, Quote
from contacts.models import Contact
from quickbooks_integration import tasks
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import checking, outbox
from tests.attackacrack.processes import wait_until
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_checking import books  # noqa: F401
from tests.quickbooks_integration.sync.test_outbox import push, there, write

pytestmark = pytest.mark.django_db(transaction=True)
MADE_HERE = {"Estimate": (Quote, "total_amount"), "Invoice": (Invoice, "total_amount"), "Payment": (Payment, "amount")}
FIRST = Decimal("50000.37")  # more than any job of the sample company


class Office:
    """Writes a quote, has it approved, bills it, takes its money and pushes all of it, one after the other without a pause."""

    def __init__(self, books) -> None:
        self.books = books
        self.rounds = 0
        self.failure: Exception | None = None
        self._stop = threading.Event()

    def work(self) -> None:
        try:
            while not self._stop.is_set():
                self._one_job(FIRST + self.rounds)
                self.rounds += 1
        except Exception as failure:  # told to the test by back_up_while_somebody_works
            self.failure = failure
        finally:
            connection.close()

    def _one_job(self, amount: Decimal) -> None:
        customer = Contact.objects.get(quickbooks_customer_id="1")
        invoice = converting.convert(quotes.approve(write(customer, str(amount)), None), None)
        payments.record(customer, amount, by=None, payment_date=date(2026, 5, 2), applications={invoice: amount})
        outbox.work_off(self.books.service())

    @contextmanager
    def at_work(self) -> Iterator[None]:
        thread = threading.Thread(target=self.work)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def goes_on_for(self, rounds: int) -> None:
        wanted = self.rounds + rounds
        wait_until(lambda: self.rounds >= wanted or self.failure is not None)


def rows_now() -> dict[str, int]:
    with programs.session(str(connection.settings_dict["NAME"])) as opened:
        return programs.counts(opened)


def written_by_the_restore(backup: BackupFile) -> dict[str, int]:
    """Everything is to be read again, which is part of the connection's history; and a seal says that it was restored."""
    ours, seals = "quickbooks_integration", "attackacrack_auditseal"
    history = f"{ours}_quickbooksauthevent"
    return {
        f"{ours}_pullcursor": 0,
        f"{ours}_coveragerange": 0,
        history: backup.rows[history] + 1,
        seals: backup.rows[seals] + 1,
    }


def made_in_quickbooks(books) -> dict[str, Counter[Decimal]]:
    """Of each kind: how often each amount is there. No two jobs have the same."""
    return {kind: Counter(one["TotalAmt"] for one in there(books, kind)) for kind in MADE_HERE}


def made_here() -> dict[str, Counter[Decimal]]:
    return {
        kind: Counter(model.objects.filter(**{f"{amount}__gte": FIRST}).values_list(amount, flat=True))
        for kind, (model, amount) in MADE_HERE.items()
    }


def back_up_while_somebody_works(books, folder) -> BackupFile:
    office = Office(books)
    with office.at_work():
        office.goes_on_for(2)
        backup = backups.make(folder)
        office.goes_on_for(2)
    if office.failure:
        raise office.failure
    return backup


def lose_everything() -> None:
    name = str(connection.settings_dict["NAME"])
    connection.close()
    programs.drop(name)
    assert not programs.exists(name)


def difference_count(books) -> int:
    run, _ = checking.request(books.auth)
    return checking.execute(books.service(), run).difference_count


def test_backed_up_under_write_load_destroyed_and_restored_nothing_is_lost_and_no_push_is_doubled(
    books, tmp_path, monkeypatch
):
    monkeypatch.setattr(audit.sealing, "SETTLES", timedelta())
    sealed = audit.seal()
    backup = back_up_while_somebody_works(books, tmp_path)
    push(books)
    in_quickbooks = made_in_quickbooks(books)
    jobs = Quote.objects.filter(total_amount__gte=FIRST).count()
    lose_everything()

    assert backups.restore(backup) == ""
    assert rows_now() == backup.rows | written_by_the_restore(backup)
    assert audit.verify([audit.Expected(sealed.digest)]).findings == []
    held_back = made_in_quickbooks(books)
    push(books)
    assert made_in_quickbooks(books) == held_back == in_quickbooks

    tasks.pull_everything()
    books.auth = QuickBooksAuth.objects.get()
    push(books)
    tasks.pull_everything()
    assert made_in_quickbooks(books) == in_quickbooks == made_here()
    for amounts in in_quickbooks.values():
        assert sorted(amounts.elements()) == [FIRST + job for job in range(jobs)]
    assert not QuickBooksSync.objects.exclude(request_id="").exists()
    assert difference_count(books) == 0
    audit.seal()
    assert audit.verify().findings == []
