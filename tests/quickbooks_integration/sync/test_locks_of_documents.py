"""Whoever waits for a document sees it as the one before it left it, with the contact that it has by now."""

# ruff: noqa: F811  (fixtures that are imported)

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction

from billing import payments
from contacts.models import Contact
from quickbooks_integration.sync import merging
from tests.factories import make_contact
from tests.other_connection import in_other_connection, wait_until_somebody_waits_for
from tests.quickbooks_integration.sync.test_outbox import ann, billed, books, push, row, write  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
MOST_SECONDS = 20


def locked(sync_id: int) -> Any:
    try:
        with transaction.atomic():
            return merging.lock(sync_id, None)[1]
    finally:
        connections.close_all()


def paid(books, contact: Contact, amount: str) -> Any:
    return payments.record(contact, Decimal(amount), by=None, payment_date=date(2026, 5, 9))


def quoted(books, contact: Contact, amount: str) -> Any:
    return write(contact, amount)


@pytest.mark.parametrize("make", [quoted, billed, paid])
def test_a_document_that_went_to_another_contact_meanwhile_is_not_taken_for_deleted(books, ann, make):
    document = make(books, ann, "100.00")
    other = make_contact("Bo", "Ray")
    with ThreadPoolExecutor(1) as pool, in_other_connection() as merge:
        merge.execute("BEGIN")
        merge.execute(
            f"UPDATE {document._meta.db_table} SET contact_id = %s WHERE id = %s",  # noqa: S608
            [other.pk, document.pk],
        )
        waiting = pool.submit(locked, row(document).pk)
        wait_until_somebody_waits_for(merge)
        merge.execute("COMMIT")
        found = waiting.result(timeout=MOST_SECONDS)
    assert found is not None
    assert found.contact == other
