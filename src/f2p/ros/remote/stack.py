"""The processes of the graph as the loop sees them: `achieve.Stack` over services and actions, each with a deadline."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

from rclpy.node import Node

from f2p.errors import CanceledError
from f2p.loop.achieve import Report, Stage, Verdict
from f2p.loop.errors import NoBelievedPlanError, RemoteError
from f2p.ros.base.attention import Attention
from f2p.ros.base.client import ActionCaller, ServiceCaller, never
from f2p.ros.base.heartbeat import Watch
from f2p.ros.messages.convert import (
    call_to_msg,
    duration_from_msg,
    duration_to_msg,
    goal_to_msg,
    plan_from_msg,
    scene_from_msg,
    scene_to_msg,
    skeleton_to_msg,
)
from f2p.ros.messages.scenes import SentScenes
from f2p.types import Cause, Execution, Goal, Plan, Scene, SkillCall, SkillStep
from f2p_msgs.action import ExecuteSkill, FineTune, PerceiveScene, PlanGoal
from f2p_msgs.msg import Limits, SegmentedScene
from f2p_msgs.srv import CheckOutcome

PERCEIVE_S, PLAN_S, EXECUTE_S, CHECK_S, LEARN_S = 120.0, 150.0, 300.0, 150.0, 600.0
"""Longest waits, a restart of the node included where the question may be asked again [s] (ours)."""


class RosStack:
    """Clients of perception, planner, executor, monitor and finetune.

    Args:
        node: Whose executor sends; the methods are called from its worker thread.
        watch: Heartbeats of those nodes.
    """

    def __init__(self, node: Node, watch: Watch) -> None:
        self._perceive = ActionCaller(node, PerceiveScene, "perceive", "perception", watch)
        self._plan = ActionCaller(node, PlanGoal, "plan_goal", "planner", watch)
        self._execute = ActionCaller(node, ExecuteSkill, "execute_skill", "executor", watch)
        self._check = ServiceCaller(node, CheckOutcome, "check_outcome", "monitor", watch)
        self._learn = ActionCaller(node, FineTune, "fine_tune", "finetune", watch)
        self._planner_has, self._monitor_has = SentScenes(), SentScenes()
        self._canceled: Callable[[], bool] = never
        self._report: Report = lambda _stage, _detail: None
        self._learner = ""
        self._attention = Attention()

    @property
    def lively(self) -> bool:
        """Whether whoever waits for what moves the robot still looks after it, or nobody waits."""
        return self._attention.kept

    def bound(self, canceled: Callable[[], bool], report: Report, learner: str) -> RosStack:
        """Return the same clients for one goal: its cancellation, its progress, its learner."""
        out = copy.copy(self)
        out._canceled, out._report, out._learner = canceled, report, learner
        return out

    def perceive(self, sought: tuple[str, ...]) -> Scene:
        """See `achieve.Stack.perceive`."""

        def follow(feedback: PerceiveScene.Feedback) -> None:
            if feedback.stage == PerceiveScene.Feedback.TURN:
                self._report(Stage.PERCEIVE, f"view {feedback.look} of {feedback.looks}")

        goal, tell = PerceiveScene.Goal(sought=list(sought)), partial(self._report, Stage.PERCEIVE)
        with self._attention.watched(self._canceled) as canceled:
            result = self._perceive.run(goal, PERCEIVE_S, canceled, follow, tell)
        self._raise_for(result)
        return scene_from_msg(result.scene)

    def plan(
        self, scene: Scene, goal: Goal, proposal: tuple[SkillStep, ...], seed: int, refused: tuple[SkillCall, ...] = ()
    ) -> Plan:
        """See `achieve.Stack.plan`; a best guess comes back unbelieved. The latest refusals are told, if too many."""
        request = PlanGoal.Goal(
            goal=goal_to_msg(goal), skeleton=skeleton_to_msg(proposal), seed=seed,
            refused=[call_to_msg(call) for call in refused[-Limits.MOST_STEPS :]],
        )  # fmt: skip

        def ask(told: SegmentedScene) -> PlanGoal.Result:
            request.scene = told
            result = self._plan.run(
                request, PLAN_S, self._canceled,
                lambda feedback: self._report(
                    Stage.PLAN,
                    f"{feedback.candidates} candidates judged, best P(goal) = {feedback.best_probability:.2f}",
                ),
                partial(self._report, Stage.PLAN),
            )  # fmt: skip
            self._raise_for(result, allowed=NoBelievedPlanError.code)
            return result

        return plan_from_msg(self._planner_has.ask((scene,), ask).plan)

    def execute(self, scene: Scene, plan: Plan, index: int) -> Execution:
        """See `achieve.Stack.execute`; a skill's own error is an answer, not an exception."""
        call = plan.calls[index]
        request = ExecuteSkill.Goal(
            call=call_to_msg(call), scene=scene_to_msg(scene), plan_id=plan.id, weights_id=plan.weights_id
        )  # fmt: skip
        with self._attention.watched(self._canceled) as canceled:
            result = self._execute.run(
                request, EXECUTE_S, canceled,
                lambda feedback: self._report(Stage.EXECUTE, f"{call.object}: {feedback.phase}"),
                partial(self._report, Stage.EXECUTE),
            )  # fmt: skip
        if result.error_code == CanceledError.code:
            raise CanceledError("the skill was canceled")
        return Execution(
            result.error_code == 0, int(result.error_code), result.error_msg, duration_from_msg(result.duration),
            bool(result.refused),
        )  # fmt: skip

    def check(self, before: Scene, after: Scene, plan: Plan, index: int, execution: Execution) -> Verdict:
        """See `achieve.Stack.check`."""
        request = CheckOutcome.Request(
            plan_id=plan.id, step=index, duration=duration_to_msg(execution.duration_s),
            execution_error_code=execution.error_code, execution_error_msg=execution.error_msg[: Limits.MOST_TEXT],
        )  # fmt: skip

        def ask(seen_before: SegmentedScene, seen_after: SegmentedScene) -> CheckOutcome.Response:
            request.before, request.after = seen_before, seen_after
            return self._check.call(request, CHECK_S, self._canceled, tell=partial(self._report, Stage.CHECK))

        answer = self._monitor_has.ask((before, after), ask)
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
            partial(self._report, Stage.LEARN),
        )  # fmt: skip
        self._raise_for(result)
        return str(result.weights_id)

    @staticmethod
    def _raise_for(result: PerceiveScene.Result | PlanGoal.Result | FineTune.Result, allowed: int = 0) -> None:
        if result.error_code == CanceledError.code:
            raise CanceledError(result.error_msg or "canceled")
        if result.error_code not in (0, allowed):
            raise RemoteError(result.error_msg, int(result.error_code))
