"""What the loop asks of planner and executor, over their messages: nothing is lost on the way there and back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.serialization import deserialize_message, serialize_message

from f2p.clock import SystemClock
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.planner import Planner
from f2p.ros.base.attention import Attention
from f2p.ros.base.client import never
from f2p.ros.messages.bounds import within
from f2p.ros.messages.scenes import KeptScenes, SentScenes
from f2p.ros.nodes import planner as planner_node
from f2p.ros.nodes.executor import result_of
from f2p.ros.nodes.planner import PlannerNode, PlannerNodeConfig
from f2p.ros.remote.stack import RosStack
from f2p.scene.goals import parse_goal
from f2p.types import Execution, SkillCall, SkillStep
from f2p.weights.golden import golden_scene
from f2p_msgs.action import PlanGoal
from f2p_msgs.msg import Limits

GOAL, PROPOSAL = parse_goal("above(box, table_b)"), (SkillStep("pick_place", "box"),)


def stack(**callers: Any) -> Any:
    """What the methods of a `RosStack` need of it."""
    return SimpleNamespace(
        _canceled=never, _report=lambda *_: None, _planner_has=SentScenes(), _attention=Attention(),
        _raise_for=RosStack._raise_for,
        **{name: SimpleNamespace(run=answer) for name, answer in callers.items()},
    )  # fmt: skip


def test_the_planner_is_told_which_calls_were_refused_the_latest_if_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[SkillCall, ...]] = []

    class Listening(Planner):
        def plan(self, *asked: Any) -> Any:
            told.append(asked[-1])
            return super().plan(*asked)

    monkeypatch.setattr(planner_node, "RosPredictor", lambda weights_id, *_: AnalyticPredictor(weights_id))
    monkeypatch.setattr(planner_node, "Planner", Listening)
    node = SimpleNamespace(
        parameters=SimpleNamespace(config=PlannerNodeConfig()), monotonic=SystemClock(), _serving="w",
        _kept=KeptScenes(), get_clock=lambda: SimpleNamespace(now=lambda: SimpleNamespace(nanoseconds=0)),
        _predict=None, _detect=None, _plans=SimpleNamespace(publish=lambda _: None),
    )  # fmt: skip

    def planned(request: PlanGoal.Goal, *_: Any) -> PlanGoal.Result:
        heard = within(deserialize_message(serialize_message(request), PlanGoal.Goal))
        handle = SimpleNamespace(request=heard, is_cancel_requested=False, publish_feedback=lambda _: None)
        return PlannerNode._plan(node, handle)

    calls = tuple(SkillCall("push", "box", np.array([0.001 * row, -0.1])) for row in range(Limits.MOST_STEPS + 2))
    RosStack.plan(stack(_plan=planned), golden_scene(), GOAL, PROPOSAL, 0)
    plan = RosStack.plan(stack(_plan=planned), golden_scene(), GOAL, PROPOSAL, 0, calls)
    assert plan.calls and told[0] == ()
    assert [call.parameter.tolist() for call in told[1]] == [call.parameter.tolist() for call in calls[2:]]
    assert {call.step for call in told[1]} == {SkillStep("push", "box")}


@pytest.mark.parametrize(
    "execution",
    [Execution(False, 441, "over the edge", 0.0, refused=True), Execution(False, 422, "closed on nothing", 0.0),
     Execution(True, 0, "", 2.5)],
    ids=["refused", "failed in no time", "done"],
)  # fmt: skip
def test_whether_a_call_was_refused_is_said_and_not_guessed_from_its_duration(execution: Execution) -> None:
    scene = golden_scene()
    plan = Planner(AnalyticPredictor).plan(scene, GOAL, 0, PROPOSAL)
    asked = stack(_execute=lambda *_: result_of(execution, 230.0))
    assert RosStack.execute(asked, scene, plan, 0) == execution
