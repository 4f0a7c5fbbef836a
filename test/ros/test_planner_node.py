"""Feedback of the planner: how many candidates were judged, and the best chance of the goal itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.clock import SystemClock
from f2p.plan.analytic import AnalyticPredictor
from f2p.ros.messages.convert import goal_to_msg, scene_to_msg, skeleton_to_msg
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.nodes import planner as planner_node
from f2p.ros.nodes.planner import FEEDBACK_S, Judged, PlannerNode, PlannerNodeConfig
from f2p.scene.goals import parse_goal
from f2p.settings import SettingError, overridden
from f2p.types import Goal, Scene, SkillStep
from f2p.weights.golden import golden_scene
from f2p_msgs.action import PlanGoal

pytestmark = pytest.mark.together

GOAL, OTHER = parse_goal("above(box, table_b)"), parse_goal("above(box, table_a)")


def test_feedback_counts_all_candidates_and_keeps_the_best_chance_of_the_goal() -> None:
    now, told = [0.0], []
    judged = Judged(
        GOAL,
        lambda one: told.append((one.candidates, one.best_probability)),
        SimpleNamespace(monotonic_s=lambda: now[0]),
    )
    judged(GOAL, np.array([0.25, 0.5]))
    judged(OTHER, np.array([0.9]))
    assert told == [(2, 0.5)], "no more than one a second"
    now[0] += FEEDBACK_S
    judged(GOAL, np.array([0.125, 0.25, 0.0]))
    assert told == [(2, 0.5), (6, 0.5)]
    now[0] += FEEDBACK_S
    judged(GOAL, np.array([]))
    assert told[-1] == (6, 0.5) and judged.candidates == 6


def test_the_result_says_how_many_candidates_were_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The field was there and always 0."""
    batches: list[int] = []

    class Answering(AnalyticPredictor):
        def __init__(self, weights_id: str, *others: Any) -> None:
            super().__init__(weights_id)
            self._judged = others[-1]

        def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> Any:
            batches.append(len(parameters))
            out = super().score(scene, skeleton, parameters, goal)
            self._judged(goal, out)
            return out

    monkeypatch.setattr(planner_node, "RosPredictor", Answering)
    node = SimpleNamespace(
        parameters=SimpleNamespace(config=overridden(PlannerNodeConfig(), {"planner.shooting.candidates": 64})),
        monotonic=SystemClock(), _serving="w", _kept=KeptScenes(),
        get_clock=lambda: SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=0)), _predict=None, _detect=None,
        _plans=SimpleNamespace(publish=lambda _: None),
    )  # fmt: skip
    request = PlanGoal.Goal(scene=scene_to_msg(golden_scene()), goal=goal_to_msg(GOAL),
                            skeleton=skeleton_to_msg((SkillStep("pick_place", "box"),)))  # fmt: skip
    handle = SimpleNamespace(request=request, is_cancel_requested=False, publish_feedback=lambda _: None)
    assert PlannerNode._plan(node, handle).candidates == sum(batches) >= 64
    batches.clear()
    request.candidates = 4_000_000_000
    with pytest.raises(SettingError, match=r"ShootingConfig.candidates = 4000000000: must be a whole number"):
        PlannerNode._plan(node, handle)
    assert not batches, "a search that no memory holds was begun"
