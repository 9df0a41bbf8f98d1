"""After a restore the CRM reads everything in QuickBooks before it writes again.

Since the backup was made quotes were sent, invoices paid and numbers given that the restored rows do not know. What
QuickBooks has of ours is known by the reference in its note and joined again; only then is it safe to send what waits.
"""

from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import transaction
from django.db.models import QuerySet
from psycopg import sql

from billing.models.numbers import FIRST, NumberSequence
from quickbooks_integration import pull_only
from quickbooks_integration.models import EmailSending, PullCursor, QuickBooksAuth, QuickBooksSync, SyncRun

# Far more than anybody makes between two backups: no new row gets a key that QuickBooks knows as another's.
KEYS_SKIPPED = 100_000
QUOTE_NUMBERS_SKIPPED = 1_000  # people read these
REFERRED_TO = ("billing_invoice", "billing_payment")
RESTORED = "The CRM was restored from a backup before this was sent. Look in QuickBooks whether the customer has it."


def prepare(restored: psycopg.Connection[Any]) -> None:
    """In the restored database, before anybody uses it; in a transaction of the caller's."""
    auth, emails = QuickBooksAuth._meta.db_table, EmailSending._meta.db_table
    restored.execute(f"UPDATE {auth} SET reads_first_since = now()")  # noqa: S608
    _forget_requests(restored)
    restored.execute(
        f"UPDATE {emails} SET state = %s, message = %s, lease = NULL, started_at = coalesce(started_at, now()) WHERE state = ANY(%s)",  # noqa: S608
        [EmailSending.State.UNKNOWN, RESTORED, list(EmailSending.OPEN)],
    )
    restored.execute(
        f"UPDATE {SyncRun._meta.db_table} SET state = 'failed', \"full\" = false, finished_at = now(),"  # noqa: S608
        " message = 'The CRM was restored from a backup.' WHERE state IN ('waiting', 'running')"
    )
    for table in ("pullcursor", "coveragerange"):
        _forget(restored, f"quickbooks_integration_{table}")
    numbers = NumberSequence._meta.db_table
    restored.execute(
        f"INSERT INTO {numbers} (name, last) VALUES ('quote', %s)"  # noqa: S608
        f" ON CONFLICT (name) DO UPDATE SET last = {numbers}.last + %s",
        [FIRST + QUOTE_NUMBERS_SKIPPED, QUOTE_NUMBERS_SKIPPED],
    )
    for table in REFERRED_TO:
        restored.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({name}, 'id'), coalesce(max(id), 0) + %s) FROM {table}"
            ).format(name=sql.Literal(table), table=sql.Identifier(table)),
            [KEYS_SKIPPED],
        )


def _forget_requests(restored: psycopg.Connection[Any]) -> None:
    """Documents and edits on their way when the backup was made. What became of them is read and known by the reference;
    kept open, a create would hold back all that QuickBooks has got since. A new customer is asked about by name anyway.
    """
    restored.execute(
        f"UPDATE {QuickBooksSync._meta.db_table} SET request_id = '', request_kind = '', request_body = '',"  # noqa: S608
        " request_ours = NULL, request_lines = '[]', sending = NULL, tries = 0, lease = NULL, lease_until = NULL,"
        " next_try_at = NULL, error_message = '', needs_read = (entity_id <> '')"
        " WHERE request_id <> '' AND (entity_type <> 'customer' OR entity_id <> '')"
    )


def _forget(restored: psycopg.Connection[Any], table: str) -> None:
    restored.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@transaction.atomic
def end_if_everything_is_read(auth: QuickBooksAuth, kinds: list[str]) -> bool:
    """Lets the CRM write again, as far as the restore kept it from that, once each of these kinds was read to the last
    row since. Whether it did."""
    if auth.reads_first_since is None:  # nearly always; nobody else's lock is waited for
        return False
    now = QuickBooksAuth.objects.select_for_update(no_key=True).get(pk=auth.pk)
    if now.reads_first_since is None:
        return False
    done = SyncRun.objects.filter(
        company=now, full=True, state=SyncRun.State.DONE, started_at__gte=now.reads_first_since
    )
    # A run is done also when QuickBooks counts more than it showed; its cursor is not complete then.
    whole = PullCursor.objects.filter(company=now, complete=True)
    if set(kinds) - (set(_kinds(done)) & set(_kinds(whole))):
        return False
    QuickBooksAuth.objects.filter(pk=now.pk).update(reads_first_since=None)
    pull_only.let_go(now)
    return True


def _kinds(rows: QuerySet[Any]) -> Iterable[str]:
    return rows.values_list("entity_type", flat=True)
