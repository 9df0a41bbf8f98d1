"""Numbers for our own documents."""

from django.db import connection, models

FIRST = 1001


class NumberSequence(models.Model):
    """The last number that was given out. A row and not a PostgreSQL sequence: a save that fails leaves no gap."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.name}: {self.last}"


def take(name: str, count: int = 1) -> int:
    """The first of `count` new numbers; never given out twice, not even after a delete.

    Inside a transaction others wait for their number until it ends, and a rollback gives the numbers back.
    """
    table = NumberSequence._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (name, last) VALUES (%s, %s)"
            f" ON CONFLICT (name) DO UPDATE SET last = {table}.last + %s RETURNING last",
            [name, FIRST + count - 1, count],
        )
        return cursor.fetchone()[0] - count + 1
