"""The guarded robot as a skill sees it: `f2p.robot.protocol.Robot` over the guard's action, with a command lease."""

from __future__ import annotations

import contextlib
import math
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from nav_msgs.msg import Odometry
from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import JointState as JointStateMessage
from std_srvs.srv import Trigger

from f2p.clock import Clock, SystemClock
from f2p.errors import CanceledError
from f2p.guard.errors import (
    DependencyLostError,
    GuardBusyError,
    GuardInactiveError,
    GuardTimeoutError,
    LatchedError,
    LeaseError,
    OutrankedError,
    StaleJointsError,
    WrongModeError,
)
from f2p.guard.leases import Rank
from f2p.loop.errors import DeadlineError, NodeDeadError
from f2p.robot.errors import (
    LeaveWithdrawnError,
    MotionCancelledError,
    MotionRefusedError,
    MotionTimeoutError,
    RobotError,
    RunstoppedError,
    StaleStateError,
    TakenOverError,
)
from f2p.robot.frames import base_task_from_odometry
from f2p.robot.kinematics import LIMITS, finger_from_aperture
from f2p.robot.protocol import BODY_JOINTS, FINGER, Cancelled, Ending, JointState, Motion, RobotState, never
from f2p.ros.base import qos
from f2p.ros.base.client import POLL_S, ActionCaller, Patience, ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.timers import steady_timer
from f2p.ros.messages.bounds import only_within
from f2p.settings import Settings, number, setting
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import GuardedTwist, GuardState, Lease

LEASE_PERIOD_S = 0.05
"""The lease is renewed at 20 Hz (promises.md 4)."""

PROGRESS_S = 5.0
"""A skill that neither moves nor asks for the state this long loses its lease [s] (ours: it hangs)."""

STATE_MAX_AGE_S = 0.5
"""Joint states older than this are none [s] (ours: for asking only; the guard keeps the 0.3 s of promises.md 5.10)."""

STATE_WAIT_S = 3.0
"""How long `state` waits for a fresh one [s] (ours)."""

BUSY_WAIT_S = 8.0
"""How long a motion waits for the one before to end and come to rest [s] (ours: longer than any lease)."""

READY_WAIT_S = 20.0
"""How long a new lease waits for the guard, and for all that motions depend on [s] (ours: a restart)."""

NEVER_HEARD_S = 10.0
"""…and for one of which no beat was ever heard: there is none, as in the graph of a recording [s] (ours)."""

MOVE_DEADLINE_S = 90.0
"""Longest single motion [s] (ours: the guard's own budget ends it earlier; this ends waiting for the guard)."""

ENDINGS: dict[int, type[RobotError]] = {
    LeaseError.code: LeaveWithdrawnError, DependencyLostError.code: LeaveWithdrawnError,
    GuardInactiveError.code: LeaveWithdrawnError, OutrankedError.code: TakenOverError,
    GuardTimeoutError.code: MotionTimeoutError, StaleJointsError.code: StaleStateError,
}  # fmt: skip
"""What the guard's codes mean to whoever moves."""


@dataclass(frozen=True)
class GuardClientConfig(Settings):
    """When whoever moves gives the guard up."""

    silent_s: float = number(0.30, "silence of the guard that ends a lease", unit="s", low=0.1, high=5.0,
                             source="promises.md 5.4")  # fmt: skip
    stands_in: str = setting("", "what stands in for friction of the fingers, told with results; empty on a robot")


class GuardClient:
    """A `Robot` on the other side of the guard; used from one worker thread.

    During a motion it is that thread which renews the lease, at every look for a cancellation: one that hangs falls
    silent at once. Between motions a timer does, for a while.

    Args:
        node: Whose executor listens and sends.
        watch: Heartbeats; must watch the guard.
        config: Patience with the guard.
        clock: Ages.
        poll_s: How often it is looked whether a motion is wanted still [s].
        group: Of the callbacks; one of its own unless given.
    """

    def __init__(
        self, node: Node, watch: Watch, config: GuardClientConfig | None = None, clock: Clock | None = None,
        poll_s: float = POLL_S, group: CallbackGroup | None = None,
    ) -> None:  # fmt: skip
        self._poll_s = poll_s
        self._node, self._watch, self._clock = node, watch, clock or SystemClock()
        self._config = config or GuardClientConfig()
        self.stands_in = self._config.stands_in
        self._joints: JointStateMessage | None = None
        self._joints_s = self._odometry_s = self._progress_s = float("-inf")
        self._odometry: tuple[float, float, float] | None = None
        self._lease: Lease | None = None
        self._guard_pid, self._moving, self._lost = 0, False, ""
        self._guard_state: GuardState | None = None
        self._mover = ActionCaller(node, GuardedMove, "guarded_move", "guard", watch, poll_s)
        self._stopper = ServiceCaller(node, Trigger, "guard/stop", "guard", watch)
        group = group or MutuallyExclusiveCallbackGroup()
        self._leases = node.create_publisher(Lease, "lease", qos.STATE)
        self._twists = node.create_publisher(GuardedTwist, "guarded_twist", qos.STATE)
        node.create_subscription(GuardState, "guard_state", only_within(self._on_guard_state), qos.LATCHED,
                                 callback_group=group)  # fmt: skip
        node.create_subscription(
            JointStateMessage, "/stretch/joint_states", self._on_joints, qos.STATE, callback_group=group
        )
        node.create_subscription(Odometry, "/odom", self._on_odometry, qos.STATE, callback_group=group)
        steady_timer(node, LEASE_PERIOD_S, self._renew, group)

    @contextlib.contextmanager
    def leased(
        self, plan_id: str = "", weights_id: str = "", rank: Rank = Rank.AUTONOMY, cancelled: Cancelled = never
    ) -> Iterator[None]:
        """Hold the command lease for the length of the block; see `Lease.msg` for what a rank means.

        It hangs on the guard that is active now: with that one's end it is over, and nothing moves under it any more.

        Raises:
            MotionRefusedError: The guard, or what motions depend on, is not there.
            MotionCancelledError: The wait for it was ended.
        """
        self._await_guard(rank, cancelled)
        name = f"{self._node.get_name()}-{uuid.uuid4().hex[:8]}"
        self._progress_s, self._lost = self._clock.monotonic_s(), ""
        self._guard_pid = self._watch.life("guard").pid
        assert self._guard_state is not None
        self._lease = Lease(
            holder=self._node.get_name(), lease=name, rank=int(rank), plan_id=plan_id, weights_id=weights_id,
            epoch=self._guard_state.epoch,
        )  # fmt: skip
        try:
            self._renew()
            yield
        finally:
            self._lease = None

    def _await_guard(self, rank: Rank, cancelled: Cancelled) -> None:
        """Wait until the guard takes motions of a rank, or says that it is latched."""
        began_s = self._clock.monotonic_s()

        def ready() -> bool:
            state = self._guard_state
            if self._watch.life("guard").pid == 0 and self._clock.monotonic_s() - began_s > NEVER_HEARD_S:
                raise MotionRefusedError(
                    f"no guard was heard in {NEVER_HEARD_S:.0f} s, so nothing can be moved, and no look be taken; the "
                    "graph of a recording has none, the others do"
                )
            if state is None or not self._watch.active("guard") or state.mode == GuardState.NOBODY:
                return False
            return bool(state.latched or rank is Rank.OPERATOR or not state.holding)

        try:
            Patience("a command lease", "guard", READY_WAIT_S, None, cancelled).until(ready)
        except CanceledError:
            raise MotionCancelledError from None
        except DeadlineError:
            state = self._guard_state
            why = f"it holds: {state.reason}" if state is not None and state.holding else "it is not active"
            raise MotionRefusedError(f"the guard takes no motions, for {READY_WAIT_S:.0f} s: {why}") from None

    @property
    def guard_state(self) -> GuardState | None:
        """What the guard said last; None before it said anything."""
        return self._guard_state

    @property
    def positions(self) -> dict[str, float]:
        """Joint positions as they were heard last, however long ago, without waiting; for showing only."""
        joints = self._joints
        return {} if joints is None else dict(zip(joints.name, joints.position, strict=False))

    @property
    def base(self) -> tuple[float, float, float] | None:
        """Where the base was heard to stand last, in the task frame: x, y [m], heading [rad]; for showing only."""
        return None if self._odometry is None else base_task_from_odometry(self._odometry)

    def keep(self) -> None:
        """Note that whoever holds the lease is well, though it neither moves nor asks."""
        self._progress_s = self._clock.monotonic_s()

    def state(self) -> RobotState:
        """Return the latest measured state; waits a moment for a fresh one.

        Raises:
            StaleStateError: it is late, incomplete or not finite.
        """
        self._progress_s = self._clock.monotonic_s()
        with contextlib.suppress(DeadlineError):
            Patience("/stretch/joint_states", "the driver", STATE_WAIT_S, None).until(
                lambda: self._age_s() <= STATE_MAX_AGE_S
            )
        joints, odometry, received_s, age_s = self._joints, self._odometry, self._joints_s, self._age_s()
        if joints is None or odometry is None or age_s > STATE_MAX_AGE_S:
            raise StaleStateError(f"no joint states or odometry for {age_s:.2f} s; is the driver running?")
        empty = [0.0] * len(joints.name)
        found = {
            name: JointState(position, velocity, effort)
            for name, position, velocity, effort in zip(
                joints.name, joints.position, joints.velocity or empty, joints.effort or empty, strict=False
            )
        }
        missing = [name for name in BODY_JOINTS if name not in found or not math.isfinite(found[name].position)]
        if missing:
            raise StaleStateError(f"the joint states lack a finite position of: {', '.join(missing)}")
        own = {name: found[name] for name in BODY_JOINTS}
        return RobotState(own, base_task_from_odometry(odometry), False, received_s)

    def move(self, motion: Motion, cancelled: Cancelled = never) -> Ending:
        """Move through the guard and wait; see `Robot.move`.

        Raises:
            LeaveWithdrawnError, TakenOverError: It was ended from outside, and so is the lease.
        """
        lease = self._lease
        if lease is None:
            raise MotionRefusedError("no lease is held; move inside `with client.leased():`")
        goal = GuardedMove.Goal(
            joints=list(motion.joints), targets=[float(value) for value in motion.targets],
            speeds=[float(value) for value in motion.speeds],
            contact_thresholds=[float(value) for value in motion.contact_thresholds], lease=lease.lease,
        )  # fmt: skip

        def canceled() -> bool:
            self._progress_s = self._clock.monotonic_s()
            self._check_guard()
            self._renew(by_worker=True)
            return cancelled()

        until_s = self._clock.monotonic_s() + BUSY_WAIT_S
        self._moving = True
        try:
            canceled()
            result = self._mover.run(goal, MOVE_DEADLINE_S, canceled)
            while result.error_code in (GuardBusyError.code, WrongModeError.code):
                if self._clock.monotonic_s() > until_s:
                    break
                threading.Event().wait(timeout=self._poll_s)
                canceled()
                result = self._mover.run(goal, MOVE_DEADLINE_S, canceled)
        except CanceledError:
            raise MotionCancelledError from None
        except (NodeDeadError, DeadlineError) as error:
            raise LeaveWithdrawnError(str(error)) from error
        finally:
            self._moving = False
        self._raise_for(result.error_code, result.error_msg)
        return Ending.CONTACT if result.contact else Ending.REACHED

    def drive(self, linear: float, turning: float) -> None:
        """Ask for a velocity of the base [m/s, rad/s], ten times a second or more; silence ends it within 0.2 s.

        Raises:
            MotionRefusedError: No lease is held.
            LeaveWithdrawnError: The guard has fallen silent.
        """
        lease = self._lease
        if lease is None:
            raise MotionRefusedError("no lease is held; drive inside `with client.leased():`")
        self._progress_s = self._clock.monotonic_s()
        self._check_guard()
        message = GuardedTwist(lease=lease.lease, linear_speed=float(linear), turning_speed=float(turning))
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._twists.publish(message)

    def gripper(self, aperture: float, cancelled: Cancelled = never) -> Ending:
        """Open or close; contact on the way means that something is between the fingers."""
        low, high = LIMITS[FINGER]
        angle = min(max(finger_from_aperture(aperture), low), high)
        ending = self.move(Motion((FINGER,), (angle,)), cancelled)
        return Ending.STALLED if ending is Ending.CONTACT else ending

    def stop(self) -> None:
        """Tell the guard to stop the robot; the guard does so by itself when a motion fails or its lease ends."""
        self._stopper.call(Trigger.Request(), deadline_s=2.0)

    @staticmethod
    def _raise_for(code: int, text: str) -> None:
        if code == CanceledError.code:
            raise MotionCancelledError
        if code == LatchedError.code:
            raise RunstoppedError(text)
        if code:
            raise ENDINGS.get(code, MotionRefusedError)(f"the guard says (code {code}): {text}")

    def _check_guard(self) -> None:
        """Raise LeaveWithdrawnError once the guard that the lease was taken from is gone or silent; for ever."""
        life = self._watch.life("guard")
        silent_s = self._clock.monotonic_s() - life.received_s
        if life.pid != self._guard_pid:
            self._lost = self._lost or "another guard is in place of the one that the lease was taken from"
        elif silent_s > self._config.silent_s:
            self._lost = self._lost or f"the guard has been silent for {silent_s:.2f} s"
        if self._lost:
            raise LeaveWithdrawnError(self._lost)

    def _age_s(self) -> float:
        """Return age of what is older, joint states or odometry [s]."""
        return self._clock.monotonic_s() - min(self._joints_s, self._odometry_s)

    def _renew(self, by_worker: bool = False) -> None:
        """Renew the lease: from the worker's thread during a motion, else by a timer while it makes progress."""
        lease = self._lease
        idle = not self._moving and self._clock.monotonic_s() - self._progress_s < PROGRESS_S
        if lease is not None and not self._lost and (by_worker or idle):
            lease.header.stamp = self._node.get_clock().now().to_msg()
            self._leases.publish(lease)

    def _on_guard_state(self, state: GuardState) -> None:
        self._guard_state = state

    def _on_joints(self, message: JointStateMessage) -> None:
        self._joints, self._joints_s = message, self._clock.monotonic_s()

    def _on_odometry(self, message: Odometry) -> None:
        pose = message.pose.pose
        heading = 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)
        self._odometry = (pose.position.x, pose.position.y, heading)
        self._odometry_s = self._clock.monotonic_s()
