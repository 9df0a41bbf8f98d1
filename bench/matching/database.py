"""100,000 contacts against 80,000 customers in the database, all read and all written; then one new contact.

python -m bench.matching.database [contacts]
"""

import os
import statistics
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter, process_time
from typing import Any

import psutil

from bench.database import scratch_database
from bench.matching.people import Record
from bench.matching.situations import Lists, lists_of

SEED, CONTACTS, REALM, ROWS = 201, 100_000, "9341000000000001", 5_000
NEW_CONTACTS = 50


def main(contacts: int = CONTACTS) -> None:
    with scratch_database():
        from django.db import connections

        connections.close_all()
        _in_a_process_of_its_own(lambda: fill(lists_of(SEED, contacts)))
        everybody()
        _vacuum()
        one_by_one()


def _in_a_process_of_its_own(work: Callable[[], None]) -> None:
    """So that what it takes is not counted as the memory of matching."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit("The lists could not be stored.")


# --- Filling -------------------------------------------------------------------------------------


def fill(lists: Lists) -> None:
    from bench.pull_customers import prepare_connection

    auth = prepare_connection("http://127.0.0.1:1")
    for start in range(0, len(lists.contacts), ROWS):
        store_contacts(lists.contacts[start : start + ROWS])
    for start in range(0, len(lists.customers), ROWS):
        store_customers(auth, lists.customers[start : start + ROWS])
    _vacuum()


def _vacuum() -> None:
    """As autovacuum has done long since in a database in use."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def store_contacts(records: list[Record]) -> list[Any]:
    from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone

    contacts = [Contact(first_name=one.first, last_name=one.last, company=one.company) for one in records]
    Contact.objects.bulk_create(contacts)
    pairs = list(zip(contacts, records, strict=True))
    phones = [ContactPhone(contact=row, number=number).set_key() for row, one in pairs for number in one.phones]
    emails = [ContactEmail(contact=row, address=box).set_key() for row, one in pairs for box in one.emails]
    ContactPhone.objects.bulk_create(phones)
    ContactEmail.objects.bulk_create(emails)
    ContactAddress.objects.bulk_create(
        ContactAddress(contact=row, street=one.street, zip_code=one.zip_code) for row, one in pairs if one.street
    )
    return contacts


def store_customers(auth: Any, records: list[Record]) -> None:
    from django.db import transaction

    from quickbooks_integration import mapping
    from quickbooks_integration.sync import customers

    with transaction.atomic():
        customers.insert(auth, [mapping.customer_row(document(one), {}) for one in records])


def document(record: Record) -> dict[str, Any]:
    """As QuickBooks would tell it."""
    found: dict[str, Any] = {
        "Id": str(record.id), "SyncToken": "0", "Active": True, "Taxable": True, "Balance": record.id % 500,
        "DisplayName": f"{record.display} ({record.id})" if record.id % 7 == 0 else record.display,
        "GivenName": record.first, "FamilyName": record.last, "CompanyName": record.company,
        "BillAddr": {"Line1": record.street, "City": "Quincy", "CountrySubDivisionCode": "MA", "PostalCode": record.zip_code},
        "PrimaryEmailAddr": {"Address": ", ".join(record.emails)},
        "PrimaryPhone": {"FreeFormNumber": record.phones[0] if record.phones else ""},
        "Mobile": {"FreeFormNumber": record.phones[1] if len(record.phones) > 1 else ""},
    }  # fmt: skip
    if record.parent:
        found |= {"Job": True, "ParentRef": {"value": str(record.parent)}}
    return found


# --- Measuring -----------------------------------------------------------------------------------


def everybody() -> None:
    from contacts.models import Contact
    from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer
    from quickbooks_integration.reconciling import match

    auth = QuickBooksAuth.objects.get()
    ours, theirs = Contact.objects.count(), QuickBooksCustomer.objects.count()
    with ExitStack() as stack:
        steps = [stack.enter_context(_Timed(*step)) for step in STEPS]
        memory = stack.enter_context(_Memory())
        first = _Step("first time")
        with first:
            result = match(auth)
    again = _Step("again")
    with again:
        match(auth)
    sys.stdout.write(
        f"{ours:,} contacts, {theirs:,} customers: {result}\n"
        f"  {first}, {again} (aim: 8 s); peak {memory.most} MB (aim: 700)\n"
        f"  of the first time: {', '.join(map(str, steps))}\n"
        f"  {bare_copy()}\n"
        "  (in brackets: seconds of a processor, Python's and PostgreSQL's; the rest is waiting for a free one; what else"
        f" runs here: load {os.getloadavg()[0]:.1f} on {os.cpu_count()} of them)\n"
    )


STEPS = (
    ("reading", "quickbooks_integration.reconciling.reading", "everybody"),
    ("counting names", "quickbooks_integration.reconciling.reading", "count_family_names"),
    ("deciding", "quickbooks_integration.reconciling.matching", "_decide"),
    ("writing questions", "quickbooks_integration.reconciling.matching", "_ask"),
    ("writing links", "quickbooks_integration.reconciling.matching", "_link_all"),
    ("writing jobs", "quickbooks_integration.reconciling.jobs", "follow"),
)


# What linking writes, but for a few telephone numbers and mailboxes.
WRITTEN = {
    "contacts_contact": "quickbooks_customer_id IS NOT NULL",
    "contacts_contactaddress": "kind <> 'mailing'",
    "contacts_contactevent": "true",
    "quickbooks_integration_quickbookssync": "local_id IS NOT NULL",
    "quickbooks_integration_quickbookssyncevent": "true",
    "quickbooks_integration_matchcandidate": "true",
    "quickbooks_integration_matchdecision": "true",
}


def bare_copy() -> "_Step":
    """The same rows into empty tables with the same indexes: nothing read, compared or locked, no key or trigger."""
    from django.db import connection

    step = _Step("the floor, the same rows by nothing but COPY:")
    with connection.cursor() as cursor:
        for table, which in WRITTEN.items():
            cursor.execute(f"CREATE TABLE bare (LIKE {table} INCLUDING ALL)")
            with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {which}) TO STDOUT") as told:
                rows = list(told)
            with step, cursor.copy("COPY bare FROM STDIN") as copy:
                for row in rows:
                    copy.write(row)
            cursor.execute("DROP TABLE bare")
    return step


class _Memory:
    """The most that this process and those that help it have in memory, in MB; what they share counts once."""

    def __init__(self) -> None:
        self.most = 0
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_Memory":
        self._watching.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._watching.join()

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._over.wait(0.5):
            held = sum(_held(process) for process in [this, *this.children()])
            self.most = max(self.most, held // 2**20)


def _held(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


class _Step:
    """Adds up how long something takes, on the clock and on the processors."""

    def __init__(self, name: str) -> None:
        self.name, self.seconds, self.busy = name, 0.0, 0.0

    def __enter__(self) -> "_Step":
        self._began, self._was_busy = perf_counter(), _busy()
        return self

    def __exit__(self, *error: object) -> None:
        self.seconds += perf_counter() - self._began
        self.busy += _busy() - self._was_busy

    def __str__(self) -> str:
        return f"{self.name} {self.seconds:.1f} s ({self.busy:.1f})"


class _Timed(_Step):
    """Of all calls of a function while it is entered."""

    def __init__(self, name: str, module: str, function: str) -> None:
        super().__init__(name)
        self.module, self.function = sys.modules[module], function

    def __enter__(self) -> "_Timed":
        self.original = getattr(self.module, self.function)
        step = super()

        def timed(*args: Any, **kwargs: Any) -> Any:
            step.__enter__()
            try:
                return self.original(*args, **kwargs)
            finally:
                step.__exit__()

        setattr(self.module, self.function, timed)
        return self

    def __exit__(self, *error: object) -> None:
        setattr(self.module, self.function, self.original)


def _busy() -> float:
    """Seconds of processor time of this process, of those that helped it and of PostgreSQL, which is on this machine:
    backends that are gone and what it writes in the background too."""
    return (
        process_time()
        + _gone(psutil.Process())
        + sum(_times(process) for process in [_server(), *_server().children()])
        + _gone(_server())
    )


def _server() -> psutil.Process:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    parent = psutil.Process(backend).parent()
    assert parent is not None
    return parent


def _times(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # it is counted among those that are gone
    return float(times.user + times.system)


def _gone(server: psutil.Process) -> float:
    times = server.cpu_times()
    return float(times.children_user + times.children_system)


def one_by_one() -> None:
    """New contacts against all that is there, each as it arrives."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from quickbooks_integration.models import QuickBooksAuth
    from quickbooks_integration.reconciling import propose

    auth = QuickBooksAuth.objects.get()
    arrived = store_contacts(lists_of(SEED, NEW_CONTACTS).contacts)
    took, queries = [], []
    for contact in arrived:
        began = perf_counter()
        propose(auth, contact)
        took.append(1_000 * (perf_counter() - began))
        with CaptureQueriesContext(connection) as captured:
            propose(auth, contact)
        queries.append(len(captured))
    took.sort()
    sys.stdout.write(
        f"one new contact: median {statistics.median(took):.1f} ms, 95 of 100 under {took[len(took) * 95 // 100]:.1f} ms"
        f" (aim: 20 ms); {min(queries)} to {max(queries)} queries\n"
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    main(*map(int, sys.argv[1:2]))
