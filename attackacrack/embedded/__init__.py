"""PostgreSQL and Redis for a checkout without servers of its own.

The programs come with the requirements (PostgreSQL 18 and Valkey, which speaks Redis). Every process that
calls `ensure` holds a shared lock on `.data/users.lock` until it ends, however it ends. The first one starts a
supervisor (supervisor.py), which runs both servers and leaves when nobody has held that lock for
EMBEDDED_GRACE_SECONDS. Nothing listens on a network; the sockets are in `.data/run`.
"""

from .addresses import FIRST_TEST_NUMBER, Urls
from .death_signal import death_signal
from .errors import EmbeddedServerError
from .folders import data_folder
from .locks import FileLock, holder
from .using import ensure, share_with_children, status, stop

__all__ = [
    "FIRST_TEST_NUMBER",
    "EmbeddedServerError",
    "FileLock",
    "Urls",
    "data_folder",
    "death_signal",
    "ensure",
    "holder",
    "share_with_children",
    "status",
    "stop",
]
