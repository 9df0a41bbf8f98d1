"""Where the embedded servers answer, in the forms that Django, redis-py and Celery want."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

DATABASE_USER = "attackacrack"
DATABASE_NAME = "attackacrack"
POSTGRES_SOCKET = ".s.PGSQL.5432"
REDIS_SOCKET = "redis.sock"

BROKER_NUMBER = 0
CACHE_NUMBER = 1
LIMITER_NUMBER = 2
FIRST_TEST_NUMBER = 8  # tests count upwards from here, so they never flush a running demo
REDIS_DATABASES = 64


@dataclass(frozen=True)
class Urls:
    """The addresses of one data folder's servers. Both listen on Unix sockets only."""

    socket_folder: Path
    database_user: str = DATABASE_USER
    database_name: str = DATABASE_NAME

    @property
    def database(self) -> str:
        """A libpq URL. The folder goes into the query: as a host it could hold neither slash nor space."""
        folder = quote(str(self.socket_folder), safe="")
        return f"postgresql://{self.database_user}@/{self.database_name}?host={folder}"

    @property
    def redis(self) -> str:
        """Django's cache, for redis-py."""
        return self.redis_database(CACHE_NUMBER)

    @property
    def limiter(self) -> str:
        """Rate limits and locks that all processes share, for redis-py."""
        return self.redis_database(LIMITER_NUMBER)

    @property
    def broker(self) -> str:
        """Celery's queue; kombu has its own spelling for a socket."""
        return self.broker_database(BROKER_NUMBER)

    def redis_database(self, number: int) -> str:
        return f"unix://{self._redis_path}?db={number}"

    def broker_database(self, number: int) -> str:
        return f"redis+socket://{self._redis_path}?virtual_host={number}"

    @property
    def _redis_path(self) -> str:
        return quote(str(self.socket_folder / REDIS_SOCKET))
