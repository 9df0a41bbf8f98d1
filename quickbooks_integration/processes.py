"""Work for several processors: one process of Python reckons on one at a time, whatever its threads."""

import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar

from django.db import connection, connections

Portion = TypeVar("Portion")
Answer = TypeVar("Answer")
# One more than the processors of a small server: one of them always waits for PostgreSQL.
PROCESSES = 3
ENDED_EARLY = "A process that helped ended early. What it has not written is written the next time."


class _Helper(NamedTuple):
    """A process that does its part. answers: where it tells them, or what went wrong."""

    pid: int
    answers: int


def shared(work: Callable[[Portion], Answer], portions: Sequence[Portion]) -> list[Answer]:
    """What `work` returns for each portion, in no order; two of three are done by copies of this process, which end with
    it. Where one process fails the others do their part all the same, then the first error is raised.

    A copy has all that is in memory here, and a connection to the database of its own, which would not see what an open
    transaction has done: inside one this process does all. Threads stay behind; not for the web server, which has some.
    """
    if len(portions) < 2 or connection.in_atomic_block:
        return list(map(work, portions))
    helpers = [_start(work, portions[first::PROCESSES]) for first in range(1, min(PROCESSES, len(portions)))]
    try:
        answers = list(map(work, portions[::PROCESSES]))
    finally:
        told = [_wait(helper) for helper in helpers]
    for part in told:
        if isinstance(part, BaseException):
            raise part
        answers += part
    return answers


def _start(work: Callable[[Portion], Answer], portions: Sequence[Portion]) -> _Helper:
    answers, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        _help(work, portions, said)
    os.close(said)
    return _Helper(pid, answers)


def _help(work: Callable[[Portion], Answer], portions: Sequence[Portion], said: int) -> NoReturn:
    """In the copy. Leaves past all that the first process does at its own end."""
    try:
        _leave_connections_to_the_first()
        told: Any = list(map(work, portions))
        connections.close_all()
    except BaseException as error:
        told = error
    try:
        with os.fdopen(said, "wb") as pipe:
            pipe.write(_pickled(told))
    finally:
        os._exit(0)


def _leave_connections_to_the_first() -> None:
    """Not closed: that would end them for both."""
    for one in connections.all(initialized_only=True):
        one.connection = None


def _pickled(told: Any) -> bytes:
    try:
        return pickle.dumps(told)
    except Exception:  # an error may hold what cannot be told
        return pickle.dumps(RuntimeError(repr(told)))


def _wait(helper: _Helper) -> Any:
    with os.fdopen(helper.answers, "rb") as pipe:
        told = pipe.read()
    os.waitpid(helper.pid, 0)
    return pickle.loads(told) if told else RuntimeError(ENDED_EARLY)  # noqa: S301 (told by ourselves)
