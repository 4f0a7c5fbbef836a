"""The planner's process: goals in, plans out, scored by the model server in batches; no torch in here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from f2p.clock import Clock
from f2p.errors import CanceledError
from f2p.loop.errors import DeadlineError, NoBelievedPlanError
from f2p.plan.planner import Planner, PlannerConfig
from f2p.plan.protocol import Predictor
from f2p.ros.base import qos
from f2p.ros.base.client import Patience, ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.messages.bounds import only_within
from f2p.ros.messages.convert import call_from_msg, goal_from_msg, plan_to_msg, skeleton_from_msg
from f2p.ros.messages.scenes import KeptScenes
from f2p.ros.remote.predictor import RosPredictor
from f2p.settings import Settings, group, number, overridden
from f2p.types import Goal
from f2p_msgs.action import PlanGoal
from f2p_msgs.msg import Plan as PlanMessage
from f2p_msgs.msg import WeightsState
from f2p_msgs.srv import DetectRelations, Predict

FEEDBACK_S = 1.0
"""Shortest time between two feedbacks [s] (ours: a search asks the model dozens of times a second)."""


@dataclass(frozen=True)
class PlannerNodeConfig(Settings):
    """Planning over ROS."""

    deadline_s: float = number(120.0, "longest planning", unit="s", low=1.0, high=3600.0, runtime=False)
    planner: PlannerConfig = group(PlannerConfig)


class Judged:
    """Tells how far the planning for one goal has come, at most once a second.

    Args:
        goal: Only its own probability counts as the best; a search asks for those of other goals too.
        tell: Takes the feedback.
        clock: Time between two of them.
    """

    def __init__(self, goal: Goal, tell: Callable[[PlanGoal.Feedback], None], clock: Clock) -> None:
        self._goal, self._tell, self._clock = goal, tell, clock
        self._told_s = float("-inf")
        self._feedback = PlanGoal.Feedback()

    @property
    def candidates(self) -> int:
        """How many were judged so far."""
        return int(self._feedback.candidates)

    def __call__(self, goal: Goal, probabilities: np.ndarray) -> None:
        """Note that a batch was scored."""
        self._feedback.candidates += len(probabilities)
        if goal == self._goal:
            best = max(self._feedback.best_probability, float(np.max(probabilities, initial=0.0)))
            self._feedback.best_probability = best
        now = self._clock.monotonic_s()
        if now - self._told_s >= FEEDBACK_S:
            self._told_s = now
            self._tell(self._feedback)


CONFIG = PlannerNodeConfig
"""What its parameters are made from."""


class PlannerNode(F2pNode):
    """Runs `f2p.plan` on its worker thread."""

    def __init__(self) -> None:
        super().__init__("planner", CONFIG())
        self._serving, self._kept = "", KeptScenes()

    def connect(self) -> None:
        """Connect the model server's services and state, and the action."""
        self._watch = Watch(self, ["model_server"])
        self._predict = ServiceCaller(self, Predict, "predict", "model_server", self._watch)
        self._detect = ServiceCaller(self, DetectRelations, "detect_relations", "model_server", self._watch)
        self._plans = self.create_publisher(PlanMessage, "plan", qos.LATCHED)
        self.create_subscription(WeightsState, "weights", only_within(self._on_weights), qos.LATCHED,
                                 callback_group=self.together)  # fmt: skip
        self.act(PlanGoal, "plan_goal", self._plan, self.parameters.config.deadline_s)

    def _on_weights(self, state: WeightsState) -> None:
        self._serving = state.serving

    def _plan(self, handle: Any) -> PlanGoal.Result:
        request, config = handle.request, self.parameters.config
        scene, goal = self._kept.scene(request.scene), goal_from_msg(request.goal)
        skeleton = skeleton_from_msg(request.skeleton) or None
        refused = tuple(call_from_msg(call) for call in request.refused)

        until_s = self.monotonic.monotonic_s() + config.deadline_s

        def canceled() -> bool:
            if self.monotonic.monotonic_s() > until_s:  # whoever asked was told so already
                raise DeadlineError(f"planning was not done within {config.deadline_s:.0f} s")
            return bool(handle.is_cancel_requested)

        judged = Judged(goal, handle.publish_feedback, self.monotonic)

        def pin() -> Predictor:
            if canceled():
                raise CanceledError("planning was canceled")
            Patience("weights", "model_server", config.deadline_s, None, canceled).until(lambda: bool(self._serving))
            return RosPredictor(request.weights_id or self._serving, self._predict, self._detect, canceled, judged)

        asked = {"shooting.candidates": request.candidates} if request.candidates else {}
        planner = Planner(pin, overridden(config.planner, asked))
        plan = planner.plan(scene, goal, int(request.seed), skeleton, request.horizon or None, refused)
        told = plan_to_msg(plan, self.get_clock().now().nanoseconds)
        result = PlanGoal.Result(plan=told, candidates=judged.candidates)
        if not plan.believed and skeleton is None:
            result.error_code = NoBelievedPlanError.code
            best = f"the best guess has P(goal) = {plan.probability:.3f}"
            result.error_msg = f"no plan reaches {config.planner.belief}; {best}"
        self._plans.publish(result.plan)
        return result


def main() -> None:
    """Run the planner until it is asked to end."""
    run(PlannerNode)


if __name__ == "__main__":
    main()
