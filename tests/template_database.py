"""Migrates once into a template database; every test run and xdist worker copies that in a tenth of a second."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.core.management import call_command
from django.db.backends.postgresql.base import DatabaseWrapper

CHECKOUT = Path(__file__).resolve().parents[1]
PREFIX = "migrated_"
LOCK_NUMBER = 7_311_465  # any number that nothing else in the project locks


def commit_without_waiting(connection: DatabaseWrapper) -> None:
    """Tests don't need to survive a power cut; on a slow disk this is most of their commits' time."""
    connection.settings_dict["OPTIONS"]["options"] = "-c synchronous_commit=off"


def prepare(connection: DatabaseWrapper) -> None:
    """Makes test databases copies of the template, which is built first if a migration changed."""
    commit_without_waiting(connection)
    name = PREFIX + fingerprint()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_NUMBER])  # other workers wait; the session's end frees it
        if name not in templates(cursor):
            drop(cursor, templates(cursor))
            cursor.execute(f"CREATE DATABASE {name}_unfinished")
            migrate(connection, f"{name}_unfinished")
            cursor.execute(f"ALTER DATABASE {name}_unfinished RENAME TO {name}")
    connection.settings_dict["TEST"]["TEMPLATE"] = name


def fingerprint() -> str:
    """Of all that decides what the tables look like: our migrations, and the libraries' versions."""
    digest = hashlib.sha256()
    for source in [CHECKOUT / "requirements.txt", *sorted(CHECKOUT.glob("*/migrations/*.py"))]:
        digest.update(str(source.relative_to(CHECKOUT)).encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def templates(cursor) -> list[str]:
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    return [name for (name,) in cursor.fetchall()]


def drop(cursor, names: list[str]) -> None:
    for name in names:
        cursor.execute(f'DROP DATABASE "{name}"')


def migrate(connection: DatabaseWrapper, name: str) -> None:
    """Leaves no connection open: PostgreSQL copies only a database that nobody uses."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
