"""Hierarchical Tabletop Organization: who knows that capsules travel with their cups solves it, who does not cannot."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.evaluate.trial import run_trial
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner
from f2p.sim.protocol import Simulator, make_simulator
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance
from f2p.tasks.tabletop import Tabletop
from f2p.types import Scene


class Travelling(AnalyticPredictor):
    """Knows that what is in a cup travels with it."""

    def moving(self, scene: Scene, centers: np.ndarray, index: int) -> np.ndarray:
        alone, size = super().moving(scene, centers, index), scene.segments[index].box.size
        if not scene.segments[index].shape.contains:
            return alone
        return alone | np.all(np.abs(centers - centers[:, [index]]) < size / 2, axis=-1)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return make_simulator()


def _made(objects: int, seed: int, simulator: Simulator) -> TaskInstance:
    return Tabletop().make(np.random.default_rng((seed, 5)), objects, simulator)


@pytest.mark.parametrize(("objects", "cups", "capsules"), [(2, 1, 1), (3, 2, 1), (5, 2, 3), (7, 3, 4)])
def test_the_movables_are_the_papers_cups_and_capsules_and_every_cup_is_moved_after_its_capsules(
    objects: int, cups: int, capsules: int, simulator: Simulator
) -> None:
    instance = _made(objects, 0, simulator)
    names = [body.name for body in instance.world.bodies if body.free]
    assert sum(name.startswith("cup_") for name in names) == cups
    assert sum(name.startswith("capsule_") for name in names) == capsules
    order = [step.object for step in instance.proposal]
    assert sorted(order) == sorted(names)
    for one in instance.goal.literals:
        if one.relation == "inside":
            assert order.index(one.subject) < order.index(one.object)


def test_every_capsule_shall_be_in_a_cup_on_the_other_table_and_the_cups_stand_in_a_row(simulator: Simulator) -> None:
    text = str(_made(7, 1, simulator).goal)
    assert text.count("inside(") == 4
    assert text.count("above(") == 4
    assert text.count(" left(") == 2
    assert text.count("not front(") == text.count("not behind(") == 2


@pytest.mark.parametrize("objects", [3, 5])
def test_a_model_that_knows_that_capsules_travel_with_their_cups_reaches_it_by_ground_truth(
    objects: int, simulator: Simulator
) -> None:
    """A capsule that comes down on its cup's wall slides, so that a trial in some is missed by a side of the row."""
    planner, seeds = Planner(Travelling), range(3)
    trials = [run_trial(_made(objects, seed, simulator), planner, simulator, free=False, seed=seed) for seed in seeds]
    assert all(trial.believed for trial in trials)
    assert sum(trial.success for trial in trials) >= 2


def test_a_model_that_does_not_know_it_has_no_plan_that_it_believes(simulator: Simulator) -> None:
    trial = run_trial(_made(3, 1, simulator), Planner(AnalyticPredictor), simulator, free=False, seed=1)
    assert not trial.believed
    assert not trial.success


@pytest.mark.parametrize("objects", [1, 10])
def test_too_few_and_too_many_are_refused_with_the_choices(objects: int, simulator: Simulator) -> None:
    with pytest.raises(TaskSizeError, match=r"'tabletop' cannot be made with .* choose 2 to 9"):
        _made(objects, 0, simulator)
