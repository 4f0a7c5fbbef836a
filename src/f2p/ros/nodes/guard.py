"""The guard's process: the only one that commands the driver; 50 Hz, no torch, and it never waits."""

from __future__ import annotations

from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.task import Future
from std_srvs.srv import Trigger

from f2p.guard.core import Guard, Rank
from f2p.guard.errors import LatchedError
from f2p.guard.rules import GuardConfig
from f2p.robot.protocol import Motion
from f2p.ros.base import qos
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import NotReadyError, wire_code, wire_text
from f2p.ros.remote.driver import Driver
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import GuardState, Lease

TICK_S = 0.02
"""Period of the guard's tick [s] (promises.md 4)."""


CONFIG = GuardConfig
"""What its parameters are made from."""


class GuardNode(F2pNode):
    """Admits motions, cuts them into steps, holds, stops and latches."""

    def __init__(self) -> None:
        super().__init__("guard", CONFIG())
        self._told: tuple[object, ...] = ()

    def connect(self) -> None:
        """Driver, leases, the action, stop and the operator's resume, and the tick."""
        self._driver = Driver(self, self.monotonic)
        self._guard = Guard(self._driver, self.get_logger().warning)
        self._states = self.create_publisher(GuardState, "guard_state", qos.LATCHED)
        self.create_subscription(Lease, "lease", self._on_lease, qos.STATE, callback_group=self.together)
        self.create_service(Trigger, "guard/resume", self._on_resume, callback_group=self.together)
        self.create_service(Trigger, "guard/stop", self._on_stop, callback_group=self.together)
        ActionServer(self, GuardedMove, "guarded_move", self._move, callback_group=self.together,
                     cancel_callback=lambda _handle: CancelResponse.ACCEPT)  # fmt: skip
        self.create_timer(TICK_S, self._watch, callback_group=MutuallyExclusiveCallbackGroup())

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Ask the driver for position mode once active."""
        activated = super().on_activate(state)
        if activated is TransitionCallbackReturn.SUCCESS:
            self._driver.to_position_mode()
        return activated

    def waiting_for(self) -> str:
        """Return what the driver does not give yet."""
        return self._driver.missing()

    def _on_lease(self, lease: Lease) -> None:
        try:
            rank = Rank(lease.rank)
        except ValueError:
            self.get_logger().warning(f"a lease of {lease.holder!r} has rank {lease.rank}, which there is not; ignored")
            return
        self._guard.renew(lease.lease, self.monotonic.monotonic_s(), rank)

    def _on_resume(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message, response.success = self._guard.resume(self._driver.state()), True
        except LatchedError as error:
            response.message = wire_text(error)
        return response

    def _on_stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._guard.stop(self.monotonic.monotonic_s(), self.parameters.config)
        response.success, response.message = True, "cancel and /stop_the_robot were sent"
        return response

    async def _move(self, handle: Any) -> GuardedMove.Result:
        result, request = GuardedMove.Result(), handle.request
        positions: dict[str, float] = {}
        done = Future(executor=self.executor)

        def ended(error: Exception | None, contact: bool) -> None:
            positions.update(self._driver.state().positions)
            done.set_exception(error) if error is not None else done.set_result(contact)

        try:
            if self.state_label != "active":
                raise NotReadyError(f"guard is {self.state_label}, not active")
            motion = Motion(tuple(request.joints), tuple(request.targets), tuple(request.speeds),
                            tuple(request.contact_thresholds))  # fmt: skip
            self._guard.begin(
                motion, request.lease, self._driver.state(), self.monotonic.monotonic_s(),
                self.get_clock().now().nanoseconds, self.parameters.config, ended, lambda: handle.is_cancel_requested,
            )  # fmt: skip
            result.contact = bool(await done)
            here = ", ".join(f"{joint} {positions.get(joint, target):.3f}" for joint, target in
                             zip(motion.joints, motion.targets, strict=True))  # fmt: skip
            self.get_logger().info(f"{'contact' if result.contact else 'reached'}: {here}")
            handle.succeed()
        except Exception as error:
            result.error_code, result.error_msg = wire_code(error), wire_text(error)
            handle.canceled() if handle.is_cancel_requested else handle.abort()
            self.get_logger().warning(f"{list(request.joints)}: error {result.error_code}: {result.error_msg}")
        result.positions = [float(positions.get(joint, 0.0)) for joint in request.joints]
        return result

    def _watch(self) -> None:
        guard, now_s, config = self._guard, self.monotonic.monotonic_s(), self.parameters.config
        guard.tick(self._driver.state(), now_s, self.get_clock().now().nanoseconds, config)
        mode = "runstop" if guard.latched else guard.rank(now_s, config).name.lower()
        mode = mode if self.state_label == "active" else "none"
        reason = guard.latched or str(guard.holding or "")
        told = (mode, bool(reason), bool(guard.latched), reason)
        if told != self._told:
            self._told = told
            state = GuardState(mode=mode, holding=told[1], latched=told[2], reason=reason)
            held = LatchedError(reason) if guard.latched else guard.holding
            state.error_code = 0 if held is None else wire_code(held)
            state.header.stamp = self.get_clock().now().to_msg()
            self._states.publish(state)


def main() -> None:
    """Run the guard until it is asked to end."""
    run(GuardNode)


if __name__ == "__main__":
    main()
