"""What the steps of a proposal are for, where no plan is believed."""

from __future__ import annotations

import numpy as np

from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.purpose import purposes, wanted
from f2p.plan.shooting import shoot
from f2p.scene.goals import parse_goal
from f2p.types import Goal, Scene, SkillStep


def steps(*names: str) -> tuple[SkillStep, ...]:
    """Pick each of `names`, one after the other."""
    return tuple(SkillStep("pick_place", name) for name in names)


def test_contents_go_into_what_holds_them_and_that_goes_where_they_shall_be() -> None:
    goal = parse_goal("inside(capsule, cup) & above(capsule, table_b) & left(capsule, other)")
    assert wanted(goal, "capsule") == parse_goal("inside(capsule, cup)").literals, "first in, whatever else is wanted"
    assert wanted(goal, "cup") == parse_goal("above(cup, table_b)").literals
    assert wanted(goal, "landmark") == wanted(goal, "other") == ()


def test_only_the_last_step_of_an_object_is_asked_for_what_is_wanted_of_it() -> None:
    goal = parse_goal("inside(object_1, drawer) & not drawer_open(drawer)")
    opening = SkillStep("slide_drawer", "drawer")
    asked = purposes(goal, (opening, *steps("object_1"), opening))
    assert asked == ((2, parse_goal("inside(object_1, drawer)")), (3, parse_goal("not drawer_open(drawer)")))


class Forgets(AnalyticPredictor):
    """Knows where what is moved goes, and nothing of what is wanted in the end."""

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        return super().score(scene, skeleton, parameters, goal) * (0.001 if len(goal.literals) > 1 else 1.0)


def test_a_plan_that_nobody_believes_in_is_sensible_step_by_step(workspace: Scene) -> None:
    goal = parse_goal("above(object_1, table_b) & above(landmark, table_b)")
    skeleton, forgetful = steps("object_1", "landmark"), Forgets()
    found = shoot(forgetful, workspace, skeleton, goal, np.random.default_rng(0))
    assert found.probability < 0.01, "its probability is that of the goal"
    for index, step in enumerate(skeleton):
        alone = Goal((goal.literals[index],))
        done = AnalyticPredictor().score(workspace, skeleton[: index + 1], found.parameters[None, : index + 1], alone)
        assert done[0] > 0.5, f"{step.object} stands on the other table"
