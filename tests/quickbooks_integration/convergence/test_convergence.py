"""Whatever people do on both sides, and whatever goes wrong between them: when all is quiet both say the same, nothing
exists twice, and nobody's edit is gone without somebody having decided so.

A failure prints its seed and the shortest story that still fails. To play a story again:

    STORY='...' pytest -n 0 tests/quickbooks_integration/convergence -k replayed
"""

import os

import pytest

from tests.quickbooks_integration.convergence import steps, stories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("seed", range(6))
def test_both_sides_converge(seed, player):
    player.play(stories.told(seed, 40))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_both_sides_converge_after_long_stories(seed, player):
    player.play(stories.told(seed, 200))


if "STORY" in os.environ:

    def test_a_story_is_replayed(player):
        player.play(steps.read(os.environ["STORY"]))
