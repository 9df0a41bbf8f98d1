"""After a restore the CRM reads everything in QuickBooks before it writes again.

Since the backup was made quotes were sent, invoices paid and numbers given that the restored rows do not know. What
QuickBooks has of ours is known by the reference in its note and joined again; only then is it safe to send what waits.
"""

from typing import Any

import psycopg
from psycopg import sql

from billing.models.numbers import FIRST, NumberSequence
from quickbooks_integration import pull_only
from quickbooks_integration.models import EmailSending, QuickBooksAuth, SyncRun

# Far more than anybody makes between two backups: no new row gets a key that QuickBooks knows as another's.
KEYS_SKIPPED = 100_000
QUOTE_NUMBERS_SKIPPED = 1_000  # people read these
REFERRED_TO = ("billing_invoice", "billing_payment")
RESTORED = "The CRM was restored from a backup before this was sent. Look in QuickBooks whether the customer has it."


def prepare(restored: psycopg.Connection[Any]) -> None:
    """In the restored database, before anybody uses it; in a transaction of the caller's."""
    auth, emails = QuickBooksAuth._meta.db_table, EmailSending._meta.db_table
    restored.execute(f"UPDATE {auth} SET pull_only_since = now(), pull_only_by_id = NULL, reads_first = true")  # noqa: S608
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


def _forget(restored: psycopg.Connection[Any], table: str) -> None:
    restored.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def end_if_everything_is_read(auth: QuickBooksAuth, kinds: list[str]) -> bool:
    """Lets the CRM write again once each of these kinds was read whole since the restore. Whether it did."""
    if not auth.reads_first:
        return False
    done = SyncRun.objects.filter(
        company=auth, full=True, state=SyncRun.State.DONE, started_at__gte=auth.pull_only_since
    )
    if set(kinds) - set(done.values_list("entity_type", flat=True)):
        return False
    pull_only.switch_off(auth)
    return True
