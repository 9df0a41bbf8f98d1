"""Children that do not outlive their parent, not even its SIGKILL."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable

SET_PARENT_DEATH_SIGNAL = 1  # <linux/prctl.h>


def death_signal(kind: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` for subprocess: Linux sends the child this signal when the thread that started it is gone.

    None on other systems, which have nothing like it; there `leftovers` tidies up at the next start.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(SET_PARENT_DEATH_SIGNAL, kind)
