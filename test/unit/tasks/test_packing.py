"""Constrained packing can be done by a push of the right length, and by neither none nor one that is too long."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.protocol import Simulator, make_simulator
from f2p.sim.world import World
from f2p.tasks.chance import execute
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.packing import Packing
from f2p.tasks.protocol import TaskInstance
from f2p.types import SkillCall

MARGIN = 0.015
"""How much farther than the gaps the row is pushed [m]."""


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return make_simulator()


def _made(objects: int, simulator: Simulator) -> TaskInstance:
    return Packing().make(np.random.default_rng((1, 9)), objects, simulator)


def _row(world: World) -> tuple[float, float]:
    """Sum of the gaps between the wipes [m], and in which direction along y the row goes on."""
    ends = [
        (pose[1], body.size[1]) for body, pose in zip(world.bodies, world.poses, strict=True) if "wipes" in body.name
    ]
    along = float(np.sign(ends[-1][0] - ends[0][0]))
    between = abs(ends[-1][0] - ends[0][0]) - 0.5 * (ends[0][1] + ends[-1][1])
    return between - sum(width for _, width in ends[1:-1]), along


def _packed(instance: TaskInstance, simulator: Simulator, far: float) -> bool:
    """Push the first wipes `far` along the row, put the cups in the middle of what is free; whether it succeeds."""
    (_, along), world, done = _row(instance.world), instance.world, None
    if far:
        done, world = execute(simulator, world, SkillCall("push", "wipes_1", [0.0, along * far]), 0)
    shelf, wipes, cups = (world.index(name) for name in ("shelf", "wipes_1", "cups"))
    edge = world.poses[shelf, 1] - along * 0.5 * world.bodies[shelf].size[1]
    nearest = world.poses[wipes, 1] - along * 0.5 * world.bodies[wipes].size[1]
    by = np.array([world.poses[shelf, 0], 0.5 * (edge + nearest)]) - world.poses[cups, :2]
    done, world = execute(simulator, world, SkillCall("pick_place", "cups", [*by, 0.0, 0.0]), 1)
    return done is not None and instance.success(done.relations_after)


@pytest.mark.parametrize("objects", [3, 6])
def test_one_push_of_the_row_makes_room_for_the_cups(objects: int, simulator: Simulator) -> None:
    instance = _made(objects, simulator)
    gaps, _ = _row(instance.world)
    assert _packed(instance, simulator, gaps + MARGIN)


def test_without_a_push_the_cups_have_no_room_and_after_one_too_many_wipes_lie_on_the_floor(
    simulator: Simulator,
) -> None:
    instance = _made(3, simulator)
    gaps, _ = _row(instance.world)
    assert not _packed(instance, simulator, 0.0)
    assert not _packed(instance, simulator, gaps + Packing().config.margin + 0.06)


@pytest.mark.parametrize("objects", [2, 9])
def test_too_few_and_too_many_are_refused_with_the_choices(objects: int, simulator: Simulator) -> None:
    with pytest.raises(TaskSizeError, match="choose 3 to 8"):
        _made(objects, simulator)
