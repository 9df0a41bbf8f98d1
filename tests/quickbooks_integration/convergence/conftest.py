import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.quickbooks_integration.convergence import machine, steps, stories
from tests.quickbooks_integration.convergence.steps import Step
from tests.quickbooks_integration.convergence.world import Clock, World
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401

RAISED = re.compile(r"[\w.]+: ")


class Player:
    """Plays stories, each in a world of its own."""

    def __init__(self, new_world: Callable[[], World]) -> None:
        self._new_world = new_world
        self._world: World | None = None

    def play(self, story: Sequence[Step]) -> None:
        """Fails with the shortest story that ends alike."""
        wrong = self._failure(story)
        if not wrong:
            return
        kind = _kind(wrong)
        shortest = steps.shortened(story, lambda shorter: _kind(self._failure(shorter)) == kind)
        wrong = self._failure(shortest) or wrong
        pytest.fail("\n".join([wrong, "", "The story:", *map(str, shortest)]), pytrace=False)

    def _failure(self, story: Sequence[Step]) -> str:
        if self._world is not None:
            self._world.books.emulator.stop()
            call_command("flush", verbosity=0, interactive=False, reset_sequences=True)
        self._world = self._new_world()
        return stories.failure(story, self._world)


def _kind(wrong: str) -> str:
    """What kind of failure it is, so that a shorter story is about the same one."""
    lines = wrong.strip().splitlines() or [""]
    if lines[0].startswith("Traceback"):
        lines = [line for line in lines if RAISED.match(line)][-1:] or lines
    return "".join(letter for letter in lines[0] if letter.isalpha() or letter == " ")[:50]


@pytest.fixture
def player(open_books, settings, monkeypatch, transactional_db) -> Player:  # noqa: F811
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = machine.TOKEN
    settings.QUICKBOOKS_BRAKE_MINIMUM = 10_000
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock.now)

    def new_world() -> World:
        clock.moved = timedelta()
        books: Any = open_books("empty")
        settings.QUICKBOOKS_RETRY_SECONDS = settings.QUICKBOOKS_PAUSE_SECONDS = 0.001
        return World(books, clock)

    return Player(new_world)
