"""Migrates once into a template database; every test run and xdist worker copies that in a tenth of a second.

The template also knows how to become itself again: what a test committed is removed in some hundredths of a second,
where Django's flush takes more than one to empty a hundred tables and make permissions and groups anew.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from pathlib import Path

from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

CHECKOUT = Path(__file__).resolve().parents[1]
PREFIX = "migrated_"
RESTORED = """
CREATE SCHEMA pristine;
DO $$ DECLARE name text; is_filled boolean; BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_filled;
        IF is_filled THEN EXECUTE format('CREATE TABLE pristine.%1$I AS TABLE public.%1$I', name); END IF;
    END LOOP;
END $$;
CREATE FUNCTION pristine.restore() RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text; is_kept boolean; is_changed boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- without foreign keys and the triggers that forbid deletes
    FOR name, is_kept IN
        SELECT tablename, to_regclass(format('pristine.%I', tablename)) IS NOT NULL
        FROM pg_tables WHERE schemaname = 'public'
    LOOP
        IF is_kept THEN
            EXECUTE format(
                'SELECT EXISTS ((SELECT a::text FROM public.%1$I a EXCEPT SELECT b::text FROM pristine.%1$I b)'
                ' UNION ALL (SELECT b::text FROM pristine.%1$I b EXCEPT SELECT a::text FROM public.%1$I a))', name
            ) INTO is_changed;
        ELSE
            EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO is_changed;
        END IF;
        CONTINUE WHEN NOT is_changed;
        EXECUTE format('DELETE FROM public.%I', name);
        IF is_kept THEN EXECUTE format('INSERT INTO public.%1$I SELECT * FROM pristine.%1$I', name); END IF;
    END LOOP;
END $$;
"""
LOCK_NUMBER = 7_311_465  # any number that nothing else in the project locks


def commit_without_waiting(connection: DatabaseWrapper) -> None:
    """Tests don't need to survive a power cut; on a slow disk this is most of their commits' time."""
    connection.settings_dict["OPTIONS"]["options"] += " -c synchronous_commit=off"


def build_beside(blocker: DjangoDbBlocker) -> None:
    """Builds the template, if a migration changed, while xdist's workers still start and collect the tests."""
    threading.Thread(target=_build, args=(blocker,), daemon=True).start()


def _build(blocker: DjangoDbBlocker) -> None:
    """A worker that needs the template meets the same error, and tells it as its first test's."""
    connection = connections[DEFAULT_DB_ALIAS]
    with blocker.unblock(), suppress(Exception):
        try:
            prepare(connection)
        finally:
            connection.close()


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
    for source in [Path(__file__), CHECKOUT / "requirements.txt", *sorted(CHECKOUT.glob("*/migrations/*.py"))]:
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
        with connection.cursor() as cursor:
            cursor.execute(RESTORED)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def restore(test_case: TransactionTestCase) -> None:
    """Instead of Django's flush: as right after the migrations, whatever the test committed."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pristine.restore()")


def restore_instead_of_flush() -> None:
    TransactionTestCase._fixture_teardown = restore
