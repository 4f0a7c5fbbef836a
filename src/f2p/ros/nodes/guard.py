"""The guard's process: the only one that moves the robot; 50 Hz, no torch, and it never waits."""

from __future__ import annotations

import secrets

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from std_srvs.srv import Trigger

from f2p.graph.graph import VITAL
from f2p.graph.neighbours import Neighbours
from f2p.graph.places import bring_up, runtime_file
from f2p.guard.core import Guard
from f2p.guard.errors import BatteryLowError, GuardError, LeaseError
from f2p.guard.latch import Latch
from f2p.guard.rules import GuardConfig, check_battery
from f2p.guard.work import Now
from f2p.ros.base import qos
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.base.timers import steady_timer
from f2p.ros.errors import BoundError, wire_code, wire_text
from f2p.ros.messages.bounds import within
from f2p.ros.messages.guarding import beats_of, differs, renewal_from_msg, state_to_msg
from f2p.ros.remote.driver import Driver
from f2p.ros.remote.guard_action import GuardedMoves
from f2p_msgs.msg import GuardedTwist, GuardState, Heartbeat, Lease

TICK_S = 0.02
"""Period of the guard's tick [s] (promises.md 4)."""

MOST_SHOWN = 100
"""Characters of a name that came over the wire that a line shows (ours: any of our own fits)."""

CONFIG = GuardConfig
"""What its parameters are made from."""


class GuardNode(F2pNode):
    """Admits motions, cuts them into steps, holds, stops and latches."""

    def __init__(self) -> None:
        super().__init__("guard", CONFIG())
        self._told: GuardState | None = None
        self._guard: Guard | None = None

    def connect(self) -> None:
        """Driver, leases, signs of life, the action, stop and the operator's resume, and the tick."""
        self._driver = Driver(self, self.monotonic)
        self._vital, self._neighbours = Watch(self, VITAL), Neighbours()
        log = self.get_logger().warning
        latch = Latch(runtime_file("latch", self.get_namespace()), bring_up(), log)
        if latch.why:
            log(f"latched, as the guard before this one was: {latch.why}")
        self._guard = Guard(self._driver, log, VITAL, self.monotonic.monotonic_s(), latch)
        self._states = self.create_publisher(GuardState, "guard_state", qos.LATCHED)
        self.create_subscription(Lease, "lease", self._on_lease, qos.STATE, callback_group=self.together)
        self.create_subscription(GuardedTwist, "guarded_twist", self._on_twist, qos.STATE, callback_group=self.together)
        self.create_service(Trigger, "guard/resume", self._on_resume, callback_group=self.together)
        self.create_service(Trigger, "guard/stop", self._on_stop, callback_group=self.together)
        self._moves = GuardedMoves(self, self._guard, self._driver.state, self._moment, self.together)
        steady_timer(self, TICK_S, self._watch, MutuallyExclusiveCallbackGroup())

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take motions under new leases from now on; what an earlier guard left moving is stopped."""
        activated = super().on_activate(state)
        if activated is TransitionCallbackReturn.SUCCESS:
            self._core.activate(secrets.randbits(63), self._moment()[0])
            self._watch()
        return activated

    def halt(self, why: str) -> None:
        """End what moves; the tick goes on, and proves that the robot stands."""
        if self._guard is not None:
            self._guard.halt(why, *self._moment())
            self._watch()

    @property
    def resting(self) -> bool:
        """Whether the last stop was seen to end in rest, or in the latch."""
        return self._guard is None or self._guard.standing

    @property
    def _core(self) -> Guard:
        assert self._guard is not None, "made when it is configured"
        return self._guard

    def _moment(self) -> tuple[Now, GuardConfig]:
        return Now(self.monotonic.monotonic_s(), self.get_clock().now().nanoseconds), self.parameters.config

    def waiting_for(self) -> str:
        """Return what the driver does not give yet."""
        return self._driver.missing()

    def tick(self) -> None:
        """Say once that the battery is near its end; whoever asks for a motion is told each time."""
        try:
            check_battery(self._driver.state().volts, self.parameters.config)
        except BatteryLowError as error:
            self.get_logger().warning(f"error {wire_code(error)}: {wire_text(error)}", once=True)

    def _on_lease(self, lease: Lease) -> None:
        try:
            self._core.renew(renewal_from_msg(within(lease)), *self._moment())
        except (ValueError, BoundError, LeaseError) as error:
            text = f"a renewal of {lease.holder[:MOST_SHOWN]!r} does not count: {error}"
            self.get_logger().warning(text, throttle_duration_sec=1.0)

    def _on_twist(self, twist: GuardedTwist) -> None:
        try:
            within(twist)
            self._core.drive(twist.linear_speed, twist.turning_speed, twist.lease, self._driver.state(),
                             *self._moment())  # fmt: skip
        except (BoundError, GuardError) as error:
            text = f"a velocity is refused: error {wire_code(error)}: {wire_text(error)}"
            self.get_logger().warning(text, throttle_duration_sec=1.0)

    def _on_resume(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        try:
            response.message, response.success = self._core.resume(self._driver.state(), *self._moment()), True
        except GuardError as error:
            response.message = wire_text(error)
        return response

    def _on_stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._core.stop(*self._moment())
        response.success, response.message = True, "cancel and /stop_the_robot were sent"
        return response

    def _watch(self) -> None:
        """Tick; tell the state when it changed, and now and then how the running motion goes."""
        guard, (now, config) = self._core, self._moment()
        beats = beats_of({name: self._vital.life(name) for name in VITAL}, self._neighbours.gone)
        guard.tick(self._driver.state(), now, config, beats)
        self._moves.feed(now)
        state = state_to_msg(guard, now, config, self.state_label == Heartbeat.ACTIVE)
        if differs(state, self._told):
            self._told = state
            state.header.stamp = self.get_clock().now().to_msg()
            self._states.publish(state)


def main() -> None:
    """Run the guard until it is asked to end."""
    run(GuardNode)


if __name__ == "__main__":
    main()
