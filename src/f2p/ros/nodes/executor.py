"""The executor's process: runs skills on the guarded robot, one at a time, for as long as it renews its lease."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from f2p.errors import CanceledError
from f2p.loop.errors import DeadlineError
from f2p.robot.errors import MotionCancelledError
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.messages.convert import call_from_msg, duration_to_msg, scene_from_msg
from f2p.ros.remote.guard import GuardClient, GuardClientConfig
from f2p.settings import Settings, number
from f2p.skill.protocol import skills
from f2p.types import Execution
from f2p_msgs.action import ExecuteSkill

STOP_S = 10.0
"""What is left of the deadline when a skill is stopped: time to stand and to say so [s] (ours)."""


@dataclass(frozen=True)
class ExecutorConfig(Settings):
    """How long a skill may take."""

    deadline_s: float = number(240.0, "longest skill", unit="s", low=20.0, high=3600.0, runtime=False)
    guard: GuardClientConfig = field(default_factory=GuardClientConfig)
    skill_settings: Mapping[str, Any] = field(default_factory=skills.configs)


CONFIG = ExecutorConfig
"""What its parameters are made from."""


class ExecutorNode(F2pNode):
    """Hosts `f2p.skill` on its worker thread."""

    def __init__(self) -> None:
        super().__init__("executor", CONFIG())

    def connect(self) -> None:
        """Connect the guard and the action."""
        self._watch = Watch(self, ["guard"])
        self._robot = GuardClient(self, self._watch, self.parameters.config.guard)
        self.act(ExecuteSkill, "execute_skill", self._execute, self.parameters.config.deadline_s)

    def _execute(self, handle: Any) -> ExecuteSkill.Result:
        request = handle.request
        call = call_from_msg(request.call)
        skill = skills.make(call.skill, self.parameters.config.skill_settings.get(call.skill))
        allowed_s = self.parameters.config.deadline_s - STOP_S
        until_s = self.monotonic.monotonic_s() + allowed_s

        def progress(phase: str, fraction: float, detail: str) -> None:
            handle.publish_feedback(ExecuteSkill.Feedback(phase=phase, progress=float(fraction)))
            self.get_logger().info(f"{call.skill}({call.object}): {phase} {detail}")

        def canceled() -> bool:
            return bool(handle.is_cancel_requested) or self.monotonic.monotonic_s() > until_s

        with self._robot.leased(request.plan_id, request.weights_id, cancelled=canceled):
            execution = skill.execute(call, scene_from_msg(request.scene), self._robot, progress, canceled)
        if handle.is_cancel_requested:
            raise CanceledError(execution.error_msg or "the skill was canceled")
        return result_of(execution, allowed_s)


def result_of(execution: Execution, allowed_s: float) -> ExecuteSkill.Result:
    """Return a skill's result that no client cancelled: what stopped it on request, if anything, was its deadline."""
    code, text = int(execution.error_code), execution.error_msg
    if code == MotionCancelledError.code:
        code, text = DeadlineError.code, f"the skill did not end within {allowed_s:.0f} s and was stopped where it was"
    return ExecuteSkill.Result(
        duration=duration_to_msg(execution.duration_s), refused=execution.refused, error_code=code, error_msg=text
    )


def main() -> None:
    """Run the executor until it is asked to end."""
    run(ExecutorNode)


if __name__ == "__main__":
    main()
