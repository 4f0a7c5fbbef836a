"""The processes of the graph as the loop sees them: `achieve.Stack` over services and actions, each with a deadline."""

from __future__ import annotations

import copy
from collections.abc import Callable

from rclpy.node import Node

from f2p.errors import CanceledError
from f2p.loop.achieve import Report, Verdict
from f2p.loop.errors import NoBelievedPlanError, RemoteError
from f2p.ros.base.client import ActionCaller, ServiceCaller, never
from f2p.ros.base.heartbeat import Watch
from f2p.ros.messages.convert import (
    floats,
    goal_to_msg,
    plan_from_msg,
    plan_to_msg,
    scene_from_msg,
    scene_to_msg,
    skeleton_to_msg,
)
from f2p.types import Cause, Execution, Goal, Plan, Scene, SkillStep
from f2p_msgs.action import ExecuteSkill, FineTune, PlanGoal
from f2p_msgs.srv import CheckOutcome, PerceiveScene

PERCEIVE_S, PLAN_S, EXECUTE_S, CHECK_S, LEARN_S = 120.0, 150.0, 300.0, 150.0, 600.0
"""Longest waits, a restart of the node included where the question may be asked again [s] (ours)."""


class RosStack:
    """Clients of perception, planner, executor, monitor and finetune.

    Args:
        node: Whose executor sends; the methods are called from its worker thread.
        watch: Heartbeats of those nodes.
    """

    def __init__(self, node: Node, watch: Watch) -> None:
        self._node = node
        self._perceive = ServiceCaller(node, PerceiveScene, "perceive", "perception", watch)
        self._plan = ActionCaller(node, PlanGoal, "plan_goal", "planner", watch)
        self._execute = ActionCaller(node, ExecuteSkill, "execute_skill", "executor", watch)
        self._check = ServiceCaller(node, CheckOutcome, "check_outcome", "monitor", watch)
        self._learn = ActionCaller(node, FineTune, "fine_tune", "finetune", watch)
        self._canceled: Callable[[], bool] = never
        self._report: Report = lambda _stage, _detail: None
        self._learner = ""

    def bound(self, canceled: Callable[[], bool], report: Report, learner: str) -> RosStack:
        """Return the same clients for one goal: its cancellation, its progress, its learner."""
        out = copy.copy(self)
        out._canceled, out._report, out._learner = canceled, report, learner
        return out

    def perceive(self, sought: tuple[str, ...]) -> Scene:
        """See `achieve.Stack.perceive`."""
        request = PerceiveScene.Request(sought=list(sought))
        return scene_from_msg(self._perceive.call(request, PERCEIVE_S, self._canceled).scene)

    def plan(self, scene: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int) -> Plan:
        """See `achieve.Stack.plan`; a best guess comes back unbelieved."""
        request = PlanGoal.Goal(
            scene=scene_to_msg(scene), goal=goal_to_msg(goal), skeleton=skeleton_to_msg(proposal), seed=seed
        )
        result = self._plan.run(
            request, PLAN_S, self._canceled,
            lambda feedback: self._report(
                "plan", f"{feedback.candidates} candidates judged, best P(goal) = {feedback.best_probability:.2f}"
            ),
        )  # fmt: skip
        self._raise_for(result, allowed=NoBelievedPlanError.code)
        return plan_from_msg(result.plan)

    def execute(self, scene: Scene, plan: Plan, index: int) -> Execution:
        """See `achieve.Stack.execute`; a skill's own error is an answer, not an exception."""
        call = plan.calls[index]
        request = ExecuteSkill.Goal(
            skill=call.skill, object=call.object, parameter=floats(call.parameter, "d"), scene=scene_to_msg(scene),
            plan_id=plan.id, weights_id=plan.weights_id,
        )  # fmt: skip
        result = self._execute.run(
            request, EXECUTE_S, self._canceled,
            lambda feedback: self._report("execute", f"{call.object}: {feedback.phase}"),
        )  # fmt: skip
        if result.error_code == CanceledError.code:
            raise CanceledError("the skill was canceled")
        return Execution(result.error_code == 0, int(result.error_code), result.error_msg, float(result.duration))

    def check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        """See `achieve.Stack.check`."""
        request = CheckOutcome.Request(
            before=scene_to_msg(before), after=scene_to_msg(after), step=index, duration=execution.duration_s,
            plan=plan_to_msg(plan, self._node.get_clock().now().nanoseconds),
            execution_error_code=execution.error_code, execution_error_msg=execution.error_msg,
        )  # fmt: skip
        answer = self._check.call(request, CHECK_S, self._canceled)
        if not answer.contradicted:
            return Verdict(False)
        failure = answer.failure
        return Verdict(True, failure.id, Cause(failure.cause), failure.folder, failure.message)

    def learn(self, verdict: Verdict, seed: int) -> str:
        """See `achieve.Stack.learn`."""
        request = FineTune.Goal(folder=verdict.folder, learner=self._learner, seed=seed, publish=True)
        result = self._learn.run(
            request, LEARN_S, self._canceled,
            lambda feedback: self._report(feedback.stage, f"{feedback.progress:.0%} {feedback.detail}"),
        )  # fmt: skip
        self._raise_for(result)
        return str(result.weights_id)

    @staticmethod
    def _raise_for(result: PlanGoal.Result | FineTune.Result, allowed: int = 0) -> None:
        if result.error_code == CanceledError.code:
            raise CanceledError(result.error_msg or "canceled")
        if result.error_code not in (0, allowed):
            raise RemoteError(result.error_msg, int(result.error_code))
