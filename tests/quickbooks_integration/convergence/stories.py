"""Random stories, and how one is played."""

import random
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from billing.refusals import Refused
from quickbooks_integration.reconciling import Settled
from tests.quickbooks_integration.convergence import judging, machine, people_here, people_there, quiet
from tests.quickbooks_integration.convergence.steps import KILLED, Chance, Step
from tests.quickbooks_integration.convergence.world import World

PEOPLE = people_here.ACTS | people_there.ACTS
ACTS: dict[str, tuple[int, Callable[[World, Chance], None]]] = PEOPLE | machine.WORK | machine.AROUND
# Pulls hold locks of their session; two workers have two sessions, which one test does not.
ALONE = {"beat pulls", "kind pulled", "nightly pull", "check made"}
BETWEEN = PEOPLE | {name: act for name, act in machine.WORK.items() if name not in ALONE} | machine.AROUND


def told(seed: int, length: int) -> list[Step]:
    chance = random.Random(seed)
    story = []
    for number in range(1, length + 1):
        name = _drawn(ACTS, chance)
        cut, during = 0, ""
        if name in machine.WORK and chance.random() < 0.35:
            cut = 1 + int(chance.expovariate(1 / 25))
            during = KILLED if chance.random() < 0.5 else _drawn(BETWEEN, chance)
        story.append(Step(1000 * (seed % 1000) + number, name, cut, during))
    return story


def _drawn(acts: dict[str, tuple[int, Any]], chance: random.Random) -> str:
    return chance.choices(list(acts), [weight for weight, _ in acts.values()])[0]


def play(story: Sequence[Step], world: World) -> None:
    """AssertionError with what is wrong at the end; whatever else is raised is wrong too."""
    for step in story:
        _take(step, world)
    quiet.settle(world, nightly=False)
    _judge(judging.differences(world), "before the night")
    quiet.settle(world, nightly=True)
    _judge(judging.broken_rules(world), "after the night")


def _judge(wrong: list[str], when: str) -> None:
    assert not wrong, "\n".join([*wrong, f"({when})"])


def _take(step: Step, world: World) -> None:
    if not step.cut:
        _act(step.name, step.number, world)
        return
    meanwhile = None if step.during == KILLED else lambda: _act(step.during, step.number, world)
    with machine.cut_at(step.cut, meanwhile):
        _act(step.name, step.number, world)


def _act(name: str, number: int, world: World) -> None:
    world.number = number
    try:
        ACTS[name][1](world, Chance(number, name))
    except (Refused, Settled) as reason:
        world.refusals.append(f"{number} {name}: {reason}")
    if name in people_here.ACTS:
        world.christen(number)


def failure(story: Sequence[Step], world: World) -> str:
    """What is wrong after this story; "" if nothing is."""
    try:
        play(story, world)
    except AssertionError as error:
        return str(error)
    except Exception:
        return traceback.format_exc(limit=-12)
    return ""
