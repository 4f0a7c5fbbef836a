"""The drawer's task can be done by its skills in the data simulation, and not without what its proposal says."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.geometry import rotate_z
from f2p.shape.sliding import slide_travel
from f2p.sim.protocol import Simulator, make_simulator
from f2p.sim.world import World
from f2p.tasks.chance import execute
from f2p.tasks.drawer import DrawerTask, DrawerTaskConfig
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance
from f2p.types import Relations, SkillCall


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return make_simulator()


def _made(taken: float, objects: int, simulator: Simulator) -> TaskInstance:
    return DrawerTask(DrawerTaskConfig(taken=taken)).make(np.random.default_rng(9), objects, simulator)


def _targets(world: World, names: list[str], *, taken: bool) -> dict[str, np.ndarray]:
    """Where to put each object (2,): side by side on the table, or near the front of the drawer as it is now."""
    apart = 0.12 * (np.arange(len(names)) - 0.5 * (len(names) - 1))
    table, drawer = world.index("table_a"), world.index("drawer")
    if taken:
        return {name: world.poses[table, :2] + [0.0, by] for name, by in zip(names, apart, strict=True)}
    body = world.bodies[drawer]
    floor = next(top for top in body.shape.tops(body.size, body.board) if top.walled)
    along = floor.center[0] - 0.25 * floor.half[0] - world.openings[drawer]
    return {
        name: world.poses[drawer, :2] + rotate_z(np.array([along, by]), world.poses[drawer, 3])
        for name, by in zip(names, apart, strict=True)
    }


def _done(instance: TaskInstance, simulator: Simulator, *, shutting: bool, opened: float = 0.85) -> Relations:
    """Follow the proposal with parameters of somebody who knows; the truth afterwards."""
    world, taken = instance.world, "drawer_open" not in str(instance.goal)
    body = world.bodies[world.index("drawer")]
    pull = SkillCall("slide_drawer", "drawer", [opened * slide_travel(body.shape.slabs(body.size, body.board))])
    done, world = execute(simulator, world, pull, 0)
    names = [one.object for one in instance.proposal if one.object != "drawer"]
    for name, target in _targets(world, names, taken=taken).items():
        by = target - world.poses[world.index(name), :2]
        done, world = execute(simulator, world, SkillCall("pick_place", name, [*by, 0.0, 0.0]), 1)
    if shutting and not taken:
        done, world = execute(simulator, world, SkillCall("slide_drawer", "drawer", [-0.5]), 2)
    assert done is not None
    return done.relations_after


@pytest.mark.parametrize("taken", [0.0, 1.0])
def test_who_opens_moves_and_shuts_reaches_the_goal(taken: float, simulator: Simulator) -> None:
    instance = _made(taken, 2, simulator)
    assert len(instance.proposal) == instance.budget == (3 if taken else 4)
    assert instance.success(_done(instance, simulator, shutting=True))


def test_a_drawer_that_is_left_open_does_not_meet_the_goal(simulator: Simulator) -> None:
    instance = _made(0.0, 1, simulator)
    truth = _done(instance, simulator, shutting=False)
    assert truth.value("inside", "object_1", "drawer") > 0.5, "in an open drawer it is inside already"
    assert not instance.success(truth)


@pytest.mark.parametrize("objects", [0, 8])
def test_too_few_and_too_many_are_refused_with_the_choices(objects: int, simulator: Simulator) -> None:
    with pytest.raises(TaskSizeError, match="choose 1 to 7"):
        _made(0.0, objects, simulator)
