"""A trial with more tries than one: each plans anew from where the one before left the scene."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from f2p.evaluate.trial import run_trial
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner
from f2p.scene.goals import parse_goal
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import reconstruct
from f2p.tasks.protocol import TaskInstance
from f2p.types import SkillStep
from f2p.weights.golden import golden_scene


class Watched(MujocoSimulator):
    """Remembers the worlds that were looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.worlds: list[Any] = []

    def observe(self, world: Any, seed: int) -> Any:
        self.worlds.append(world)
        return super().observe(world, seed)


def instance(goal: str) -> TaskInstance:
    return TaskInstance("toy", reconstruct(golden_scene()), parse_goal(goal), (SkillStep("pick_place", "box"),), 1)


@pytest.mark.parametrize("tries", [1, 2])
def test_a_second_try_starts_where_the_first_one_ended(tries: int) -> None:
    """The predictor expects what is in the box to stay, so that it cannot succeed; the box moves all the same."""
    simulator = Watched()
    goal = "above(box, table_b) & above(object_1, table_a)"
    planner = Planner(AnalyticPredictor)
    trial = run_trial(instance(goal), planner, simulator, free=False, seed=3, tries=tries)
    assert not trial.success and len(simulator.worlds) == tries
    if tries == 2:
        first, second = (world.poses[world.index("box"), :2] for world in simulator.worlds)
        assert np.linalg.norm(first - second) > 0.5


def test_a_try_that_succeeds_is_the_last() -> None:
    simulator = Watched()
    trial = run_trial(
        instance("above(box, table_b)"), Planner(AnalyticPredictor), simulator, free=False, seed=3, tries=5
    )
    assert trial.success and len(simulator.worlds) == 1
