"""The box tasks: at rest, not yet solved, solvable, and hard enough by chance."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.labelled import SimulationConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import World
from f2p.tasks.chance import chance, execute
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import SkillCall

BOX_TASKS = ("bring", "clear", "transport")
SIMULATOR = MujocoSimulator(SimulationConfig(threads=1))


def to(world: World, name: str, x: float, y: float) -> SkillCall:
    pose = world.poses[world.index(name)]
    return SkillCall("pick_place", name, [x - pose[0], y - pose[1], 0.0, 0.0])


def good_place(instance: TaskInstance) -> float:
    """A y in the middle of the room that the landmark leaves on the goal's side of table_b."""
    side = instance.goal.literals[1].relation
    landmark = instance.world.poses[instance.world.index("landmark"), 1]
    edge = -0.10 if side == "left" else -1.0
    return 0.5 * (landmark + np.sign(edge - landmark) * 0.19 + edge)


@pytest.mark.parametrize("name", BOX_TASKS)
@pytest.mark.parametrize("objects", [1, 3, 7])
def test_every_box_task_starts_packed_at_rest_and_unsolved(name: str, objects: int) -> None:
    instance = tasks.make(name).make(np.random.default_rng(objects), objects, SIMULATOR)
    truth = SIMULATOR.relations(instance.world)
    for index in range(objects):
        assert truth.value("inside", f"object_{index + 1}", "box") == 1
        assert truth.value("above", f"object_{index + 1}", "table_a") == 1
    assert not instance.success(truth)
    _, stable = SIMULATOR.settle(instance.world.bodies, instance.world.poses[None])
    assert stable[0]


def test_transport_is_solved_by_bringing_the_box_to_the_right_side_only() -> None:
    task = tasks.make("transport")
    for seed in range(4):
        instance = task.make(np.random.default_rng(seed), 3, SIMULATOR)
        right, _ = execute(SIMULATOR, instance.world, to(instance.world, "box", 0.68, good_place(instance)), seed)
        assert right is not None
        assert instance.success(right.relations_after)
        wrong, _ = execute(SIMULATOR, instance.world, to(instance.world, "box", 0.68, 0.3), seed)
        assert wrong is not None
        assert not instance.success(wrong.relations_after)


def test_transport_asks_for_both_sides() -> None:
    task = tasks.make("transport")
    sides = {task.make(np.random.default_rng(seed), 1, SIMULATOR).goal.literals[1].relation for seed in range(8)}
    assert sides == {"left", "right"}


def test_clear_needs_unpacking_first() -> None:
    instance = tasks.make("clear").make(np.random.default_rng(2), 2, SIMULATOR)
    naive, _ = execute(SIMULATOR, instance.world, to(instance.world, "box", 0.7, -0.55), 0)
    assert naive is not None
    assert not instance.success(naive.relations_after)
    world, truth = instance.world, None
    x, y = world.poses[world.index("box"), :2]
    corner = [0.55 if x > 0.7 else 0.85, 0.25 if y > 0.55 else 0.85]
    calls = [("object_1", *corner), ("object_2", corner[0], corner[1] + 0.08), ("box", 0.7, -0.55)]
    for name, *place in calls:
        transition, world = execute(SIMULATOR, world, to(world, name, *place), 0)
        assert transition is not None
        truth = transition.relations_after
    assert len(calls) <= instance.budget
    assert truth is not None
    assert instance.success(truth)


def test_bring_needs_one_skill() -> None:
    instance = tasks.make("bring").make(np.random.default_rng(2), 3, SIMULATOR)
    moved, _ = execute(SIMULATOR, instance.world, to(instance.world, "box", 0.7, -0.55), 0)
    assert moved is not None
    assert instance.success(moved.relations_after)


def test_chance_is_between_never_and_half_and_repeats() -> None:
    task = tasks.make("transport")
    first = chance(task, SIMULATOR, objects=3, trials=14, seed=1)
    assert 0 < first.rate < 0.5
    assert chance(task, SIMULATOR, objects=3, trials=14, seed=1) == first


def test_too_many_objects_are_refused_with_the_limit() -> None:
    with pytest.raises(TaskSizeError, match="1 to 8"):
        tasks.make("transport").make(np.random.default_rng(0), 9, SIMULATOR)
