"""AchieveGoal's process: drives the other nodes through the loop of `achieve.py`, and computes nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from std_msgs.msg import String

from f2p.errors import CanceledError, F2pError
from f2p.events import EVENTS, EVENTS_TEXT, Noted, read_events
from f2p.loop.achieve import Achiever
from f2p.loop.recorded import RecordedStack
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import wire_code, wire_text
from f2p.ros.messages.convert import duration_to_msg, goal_from_msg, learn_from_text, skeleton_from_msg
from f2p.ros.remote.asking import AskedOperator
from f2p.ros.remote.stack import RosStack
from f2p.scene.goals import check_relations
from f2p.settings import Settings, group, number, setting
from f2p.weights.canary import CanaryConfig, watched
from f2p_msgs.action import AchieveGoal
from f2p_msgs.msg import Heartbeat
from f2p_msgs.srv import RollbackWeights

ROLLBACK_S = 60.0
"""Longest wait for the weights before to serve again [s] (ours: they are resident, and 0.1 s does)."""


@dataclass(frozen=True)
class OrchestratorConfig(Settings):
    """How long a goal is pursued."""

    attempts: int = number(2, "plans tried for one goal", low=1, high=20)
    deadline_s: float = number(1800.0, "longest pursuit of one goal", unit="s", low=10.0, high=36000.0, runtime=False)
    operator_s: float = number(600.0, "longest wait for an operator, where there is one", unit="s", low=1.0,
                               high=3600.0)  # fmt: skip
    learner: str = setting("fail2progress", "learner that a failure is given to, by name")
    events: str = setting(EVENTS, EVENTS_TEXT, runtime=False)
    canary: CanaryConfig = group(CanaryConfig)


CONFIG = OrchestratorConfig
"""What its parameters are made from."""


class OrchestratorNode(F2pNode):
    """Runs one goal at a time on its worker thread."""

    def __init__(self) -> None:
        super().__init__("orchestrator", CONFIG())

    def connect(self) -> None:
        """Clients of every node it needs, and the action."""
        self._watch = Watch(self, (*self.spec.needs, "model_server"))
        self._note = self.event_log(self.parameters.config.events)
        self._rollback = ServiceCaller(self, RollbackWeights, "rollback_weights", "model_server", self._watch)
        self._stack = RosStack(self, self._watch)
        self._operator = AskedOperator(self)
        self._plan_status = self.create_publisher(String, "plan_status", qos.LATCHED)
        self.act(AchieveGoal, "achieve_goal", self._achieve, self.parameters.config.deadline_s)

    def lively(self) -> bool:
        """Tell whether the thread that waits for motion still looks after it: motions end with their asker."""
        return self._stack.lively if self.state_label == Heartbeat.ACTIVE else True

    def _tell_plan(self, tree: str, over: bool) -> None:
        self._plan_status.publish(String(data=tree))
        if over:
            self.get_logger().info(f"how the plan went\n{tree}")

    def _achieve(self, handle: Any) -> AchieveGoal.Result:
        request, config = handle.request, self.parameters.config
        began_s = self.monotonic.monotonic_s()

        def report(stage: str, detail: str) -> None:
            elapsed = duration_to_msg(self.monotonic.monotonic_s() - began_s)
            handle.publish_feedback(
                AchieveGoal.Feedback(stage=str(stage), elapsed=elapsed, attempt=achiever.record.attempts, detail=detail)
            )
            self.get_logger().info(f"{stage}: {detail}")

        def canceled() -> bool:
            return bool(handle.is_cancel_requested)

        result = AchieveGoal.Result()
        task = bytes(handle.goal_id.uuid).hex()[:12]
        recorded = RecordedStack(self._stack.bound(canceled, report, config.learner), self._note, task)
        operator = self._operator.bound(canceled, config.operator_s)
        achiever = Achiever(recorded, report, canceled, self._tell_plan, operator)
        try:
            goal = check_relations(goal_from_msg(request.goal))
            self._note(Noted("task", f"asked for: {goal}", task=task))
            attempts = int(request.attempts) or config.attempts
            achiever.achieve(
                goal,
                skeleton_from_msg(request.proposal),
                attempts,
                learn_from_text(request.learn_from),
                int(request.seed),
            )
            result.success = True
        except CanceledError:
            raise
        except F2pError as error:
            result.error_code, result.error_msg = wire_code(error), wire_text(error)
            self.get_logger().warning(f"goal given up: {result.error_code}: {result.error_msg}")
        finally:
            recorded.ended(bool(result.success), int(result.error_code), result.error_msg or "canceled")
            self._watch_new_weights()
        record = achiever.record
        result.plan_id, result.failure_ids = record.plan_id, record.failure_ids
        result.attempts, result.weights_id = record.attempts, record.weights_id
        return result

    def _watch_new_weights(self) -> None:
        """Have weights rolled back that reach fewer goals than those before them; what fails here fails no task."""
        path, canary = self.parameters.config.events, self.parameters.config.canary
        try:
            rows = read_events(path, kinds=("swap", "rollback", "attempt")) if path and canary.attempts else []
            weights_id, why = watched(rows, canary)
            if weights_id:
                self._rollback.call(RollbackWeights.Request(reason=why), ROLLBACK_S, again=False)
        except F2pError as error:
            self.get_logger().warning(f"new weights are not watched: {wire_text(error)}")


def main() -> None:
    """Run the orchestrator until it is asked to end."""
    run(OrchestratorNode)


if __name__ == "__main__":
    main()
