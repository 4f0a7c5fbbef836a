"""`GuardedMove` as the guard's process offers it: a motion begins, tells how it goes, and ends with a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.task import Future

from f2p.clock import SystemClock
from f2p.guard.core import Guard
from f2p.guard.driver import DriverState
from f2p.guard.rules import GuardConfig
from f2p.guard.work import Now
from f2p.ros.base.goals import RESULT_S, TOLD_S, GoalGate
from f2p.ros.errors import wire_code, wire_text
from f2p.ros.messages.bounds import within
from f2p.ros.messages.guarding import feedback_of, motion_from_msg
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import Limits

FEEDBACK_S = 0.2
"""Time between two words on a running motion [s] (ours)."""

MOST_GOALS = 500
"""Motions taken within `RESULT_S` (ours: a skill asks again at 20 Hz for 8 s while the robot comes to rest)."""


class GuardedMoves:
    """The action's server.

    Args:
        node: The guard's.
        guard: Who decides.
        state: What the driver says.
        moment: The time, and the limits as they are set now.
        group: Of the callbacks.
    """

    def __init__(
        self, node: Node, guard: Guard, state: Callable[[], DriverState], moment: Callable[[], tuple[Now, GuardConfig]],
        group: CallbackGroup,
    ) -> None:  # fmt: skip
        self._node, self._guard, self._state, self._moment = node, guard, state, moment
        self._running: Any = None
        self._fed_s = 0.0
        ActionServer(
            node, GuardedMove, "guarded_move", self.move, callback_group=group,
            goal_callback=GoalGate(SystemClock(), MOST_GOALS),
            cancel_callback=lambda _handle: CancelResponse.ACCEPT, result_timeout=int(RESULT_S),
        )  # fmt: skip

    async def move(self, handle: Any) -> GuardedMove.Result:
        """Have one motion done."""
        result, request = GuardedMove.Result(), handle.request
        joints = request.joints[: Limits.MOST_JOINTS]
        positions: dict[str, float] = {}
        done = Future(executor=self._node.executor)

        def ended(error: Exception | None, contact: bool) -> None:
            positions.update(self._state().positions)
            done.set_exception(error) if error is not None else done.set_result(contact)

        try:
            motion = motion_from_msg(within(request))
            self._guard.begin(motion, request.lease, self._state(), *self._moment(), ended,
                              lambda: handle.is_cancel_requested)  # fmt: skip
            self._running = handle
            result.contact = bool(await done)
            here = ", ".join(f"{joint} {positions.get(joint, target):.3f}" for joint, target in
                             zip(motion.joints, motion.targets, strict=True))  # fmt: skip
            self._node.get_logger().info(f"{'contact' if result.contact else 'reached'}: {here}")
            handle.succeed()
        except Exception as error:
            result.error_code, result.error_msg = wire_code(error), wire_text(error)
            handle.canceled() if handle.is_cancel_requested else handle.abort()
            told = f"{[joint[: Limits.MOST_NAME] for joint in joints]}: error {result.error_code}: {result.error_msg}"
            self._node.get_logger().warning(told, throttle_duration_sec=TOLD_S)
        self._running = None if self._running is handle else self._running
        result.positions = [float(positions.get(joint, 0.0)) for joint in joints]
        return result

    def feed(self, now: Now) -> None:
        """Tell now and then how the running motion goes."""
        if self._running is not None and now.monotonic_s - self._fed_s > FEEDBACK_S:
            self._fed_s = now.monotonic_s
            self._running.publish_feedback(feedback_of(self._guard, self._running.request, self._state()))
