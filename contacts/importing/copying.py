"""Copies of tables for a rehearsal: whatever is done until the transaction ends is done to them, and nobody waits."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model


def copy_tables(models: Iterable[type[Model]]) -> None:
    """Call inside a transaction that is rolled back. PostgreSQL looks for a table among the temporary ones first. Without
    triggers and foreign keys; new rows get keys that no real row gets."""
    with connection.cursor() as cursor:
        for model in models:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute("SELECT current_schema(), pg_get_serial_sequence(%s, 'id')", [table])
            schema, sequence = cursor.fetchone()
            real = f"{connection.ops.quote_name(schema)}.{table}"
            cursor.execute(
                f"CREATE TEMPORARY TABLE {table} (LIKE {real} INCLUDING DEFAULTS INCLUDING INDEXES) ON COMMIT DROP"
            )
            cursor.execute(f"ALTER TABLE pg_temp.{table} ALTER id SET DEFAULT nextval('{sequence}')")
            cursor.execute(f"INSERT INTO pg_temp.{table} SELECT * FROM {real}")  # noqa: S608
            cursor.execute(f"ANALYZE pg_temp.{table}")
