"""Pull and store of 20,000 customers, against a floor that only fetches, decodes and COPYs the same columns into copies
of the same tables, with their indexes, foreign keys and triggers. Both ask the same server for the same pages."""

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import simplejson

from bench import timing
from bench.database import scratch_database

CUSTOMERS, ROUNDS, REALM = 20_000, 5, "9341000000000001"
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)


def customer(number: int) -> dict[str, Any]:
    changed = (BEGAN + timedelta(minutes=number)).isoformat()
    return {
        "Taxable": True, "Job": False, "BillWithParent": False, "Balance": number % 500, "BalanceWithJobs": number % 500,
        "BillAddr": {"Id": str(number), "Line1": f"{number} Main St", "City": "Quincy", "CountrySubDivisionCode": "MA",
                     "PostalCode": f"{number % 100000:05}"},
        "Notes": f"Rings {number} times", "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print", "IsProject": False, "domain": "QBO", "sparse": False, "Id": str(number),
        "SyncToken": "0", "MetaData": {"CreateTime": changed, "LastUpdatedTime": changed},
        "GivenName": f"Given{number}", "FamilyName": f"Family{number}", "FullyQualifiedName": f"Given Family {number}",
        "DisplayName": f"Given Family {number}", "PrintOnCheckName": f"Given Family {number}", "Active": True,
        "PrimaryPhone": {"FreeFormNumber": f"({200 + number // 10000}) {200 + number % 800}-{number % 10000:04}"},
        "PrimaryEmailAddr": {"Address": f"Person{number}@Example.com"},
    }  # fmt: skip


class Recorder:
    """Answers from memory and keeps each answer's bytes: so the server can be made for exactly these questions."""

    def __init__(self, customers: list[dict[str, Any]]) -> None:
        self.customers, self.answers = customers, {}

    def query(self, statement: str) -> dict[str, Any]:
        answer = {"QueryResponse": self._rows(statement), "time": "2026-01-01T00:00:00.000-08:00"}
        self.answers[statement] = json.dumps(answer)
        return answer

    def _rows(self, statement: str) -> dict[str, Any]:
        if "COUNT" in statement:
            return {"totalCount": len(self.customers)}
        since = statement.split(">= '")[1].split("'")[0].replace("Z", "+00:00")
        start = int(statement.split("STARTPOSITION ")[1].split()[0])
        after = [row for row in self.customers if row["MetaData"]["LastUpdatedTime"] >= since]
        return {"Customer": after[start - 1 : start + 999], "startPosition": start, "maxResults": 1000}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, scratch_database():
        from quickbooks_integration.sync import reading

        recorder = Recorder([customer(number) for number in range(1, CUSTOMERS + 1)])
        reading.count(recorder, "Customer")
        for _ in reading.changes(recorder, "Customer", None):
            pass
        path = Path(folder) / "answers.json"
        path.write_text(json.dumps(recorder.answers))
        command = [sys.executable, "-m", "bench.static_pages", str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                compare(f"http://127.0.0.1:{server.stdout.readline().strip()}", list(recorder.answers))
            finally:
                server.kill()


def compare(url: str, statements: list[str]) -> None:
    auth = prepare(url)
    floors, pulls = [], []
    for round_number in range(ROUNDS + 1):
        floor = timing.seconds(lambda: run_floor(url, statements))
        pull = timing.seconds(lambda: run_pull(auth))
        if round_number:  # the first round warms both
            floors.append(floor)
            pulls.append(pull)
        clear()
    ratio = statistics.median(pull / floor for pull, floor in zip(pulls, floors, strict=True))
    sys.stdout.write(
        f"pull of {CUSTOMERS:,} customers: {timing.spread(pulls)}; floor {timing.spread(floors)}; "
        f"ratio {ratio:.2f} (aim: at most 2.0)\n"
    )


def prepare(url: str) -> Any:
    auth = prepare_connection(url)
    tables_like(
        {
            "quickbooks_integration_quickbookssync": "floor_sync",
            "quickbooks_integration_quickbookscustomer": "floor_customer",
        }
    )
    return auth


def prepare_connection(url: str) -> Any:
    from django.conf import settings
    from django.utils import timezone

    from quickbooks_integration.models import QuickBooksAuth

    settings.QUICKBOOKS_EMULATOR_URL = url
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 1_000_000
    now = timezone.now()
    return QuickBooksAuth.objects.create(
        company_id=REALM, environment="emulator", access_token="a", refresh_token="r",
        expires_at=now + timedelta(hours=1), refresh_expires_at=now + timedelta(days=100), refreshed_at=now,
        connected_at=now,
    )  # fmt: skip


def tables_like(pairs: dict[str, str]) -> None:
    """Copies of tables, {original: copy}: the same columns, indexes, checks, foreign keys and triggers."""
    from django.db import connection

    with connection.cursor() as cursor:
        for original, copy in pairs.items():
            cursor.execute(f"CREATE TABLE {copy} (LIKE {original} INCLUDING ALL)")
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
                [original],
            )
            for name, definition in cursor.fetchall():
                for table, other in pairs.items():
                    definition = definition.replace(f" {table}(", f" {other}(")
                cursor.execute(f'ALTER TABLE {copy} ADD CONSTRAINT "floor_{name}" {definition}'.replace("%", "%%"))
            cursor.execute(
                "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = %s::regclass",
                [original],
            )
            for (definition,) in cursor.fetchall():
                cursor.execute(definition.replace(f"public.{original}", copy).replace("%", "%%"))


def run_floor(url: str, statements: list[str]) -> None:
    """Fetch, decode, COPY: what no program that stores these rows can do without."""
    from django.db import connection, transaction
    from django.utils import timezone

    from quickbooks_integration.sync.customers import CUSTOMER_COLUMNS, SYNC_COLUMNS, _copy

    session, now, seen, number = requests.Session(), timezone.now(), set(), 0
    for statement in statements:
        answer = simplejson.loads(
            session.post(f"{url}/v3/company/{REALM}/query", data=statement.encode()).content, use_decimal=True
        )
        rows = [row for row in answer["QueryResponse"].get("Customer", []) if row["Id"] not in seen]
        seen.update(row["Id"] for row in rows)
        if not rows:
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            with cursor.copy(_copy("floor_sync", SYNC_COLUMNS)) as copy:
                for id, row in enumerate(rows, number):
                    copy.write_row((id, REALM, "customer", row["Id"], None, row["SyncToken"], now, "pending", "", None,
                                    "{}", "", "", None, None, now))  # fmt: skip
            with cursor.copy(_copy("floor_customer", CUSTOMER_COLUMNS)) as copy:
                for id, row in enumerate(rows, number):
                    copy.write_row((
                        id, row["DisplayName"], row["GivenName"], row["FamilyName"], "", "", "", row["Active"],
                        row["Balance"], row["BalanceWithJobs"], [row["PrimaryPhone"]["FreeFormNumber"]],
                        [row["PrimaryEmailAddr"]["Address"]], [row["BillAddr"]["Line1"]], row["MetaData"]["CreateTime"],
                        row["MetaData"]["LastUpdatedTime"], None, f"{id:040}", simplejson.dumps(row, use_decimal=True),
                    ))  # fmt: skip
        number += len(rows)
    assert number == CUSTOMERS, number


def run_pull(auth: Any) -> None:
    """The pull as the worker does it, with its lock, record, counts and log of calls; matching comes after it."""
    from quickbooks_integration.service import QuickBooksService
    from quickbooks_integration.sync import pulling, reading, runs

    run, _ = runs.request(auth, "customer", full=True)
    with runs.alone(run):
        runs.begin(run)
        pull = pulling.CustomerPull(auth, run, reading.Counted(QuickBooksService(auth)))
        runs.finish(run, run.State.DONE, pull.execute())
    assert run.created == CUSTOMERS, run.created


def clear() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE quickbooks_integration_quickbookssync, quickbooks_integration_pullcursor, floor_sync,"
            " quickbooks_integration_apicall, quickbooks_integration_syncrun CASCADE"
        )


if __name__ == "__main__":
    main()
