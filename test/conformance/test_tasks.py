"""What every registered task must do, whatever its scenes are made of."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.registry import UnknownNameError
from f2p.sim.labelled import SimulationConfig
from f2p.sim.protocol import Simulator, make_simulator
from f2p.sim.world import World
from f2p.tasks.protocol import tasks
from f2p.types import Relations


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return make_simulator(config=SimulationConfig(threads=1))


@pytest.mark.parametrize("name", list(tasks))
@pytest.mark.parametrize("objects", [0, 3])
def test_it_starts_at_rest_and_unsolved_with_a_goal_about_what_is_there(
    name: str, objects: int, simulator: Simulator
) -> None:
    objects = objects or tasks.make(name).fewest
    instance = tasks.make(name).make(np.random.default_rng(objects), objects, simulator)
    assert instance.task == name == tasks.make(name).name
    assert not instance.success(simulator.relations(instance.world))
    _, stable = simulator.settle(instance.world.bodies, instance.world.poses[None], instance.world.openings)
    assert stable[0]
    assert {one.subject for one in instance.goal.literals} <= set(instance.world.names)
    assert {one.object for one in instance.proposal} <= set(instance.world.names)
    assert instance.budget >= len(instance.proposal) > 0


@pytest.mark.parametrize("name", list(tasks))
def test_instances_depend_on_the_generator_and_come_to_rest_in_the_given_simulator(
    name: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Watched:
        """The same simulator, counted."""

        def settle(self, *args: object, **kwargs: object) -> tuple[np.ndarray, np.ndarray]:
            asked.append(1)
            return simulator.settle(*args, **kwargs)  # type: ignore[arg-type]

        def relations(self, world: World) -> Relations:
            return simulator.relations(world)

    monkeypatch.setattr("f2p.sim.protocol.make_simulator", lambda *_: pytest.fail("made one of its own"))
    task = tasks.make(name)
    first = task.make(np.random.default_rng(4), 3, simulator)
    second = task.make(np.random.default_rng(4), 3, Watched())  # type: ignore[arg-type]
    assert asked
    assert np.array_equal(first.world.poses, second.world.poses)
    assert str(first.goal) == str(second.goal)


def test_an_unknown_task_is_refused_with_the_choices() -> None:
    with pytest.raises(UnknownNameError, match=f"no task is called 'juggle'; choose one of: {', '.join(tasks.names)}"):
        tasks.make("juggle")
