"""The motors and their firmware, between driver and physics: set-points, contact guards, the run stop's circuit.

Lift, arm and base take what they are told at the driver's next push, wrist, head and gripper at once (stretch_body).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from f2p.robot.kinematics import SERVO_JOINTS, SERVO_SPEED_STEP
from f2p.robot.protocol import ARM, BASE_JOINTS, BODY_JOINTS, FINGER, LIFT, ROTATE, TRANSLATE, JointState
from f2p.twin import model as parts
from f2p.twin.base import BaseDrive, Pose
from f2p.twin.driver_config import DriverConfig
from f2p.twin.goals import DRIVES, Command
from f2p.twin.trapezoid import Trapezoid
from f2p.twin.twin import Twin

BASE_SERVOS = (parts.BASE_X, parts.BASE_Y, parts.BASE_THETA)

BASE = "base"
"""Name under which both wheels' contact guards go."""

BRAKING = 0.6
"""Deceleration of /stop_the_robot at least [m/s^2 or rad/s^2] (ours: stands in 0.3 s; unknown of the hardware)."""

FAST_LIFT = 1.1
"""A lift that rises at this many times its default speed trips its own contact guard (ours; stretch.md 1.3.12)."""

CALM_THRESHOLD = 75.0
"""…unless it was given this threshold or more [%] (stretch_dex_teleop#11)."""


class Motors:
    """All motors of one robot.

    Args:
        twin: The physics, stepped here.
        config: Times and pitfalls.

    Attributes:
        guarded: Which of lift, arm and `BASE` stand in a contact, until their next command.
        seen: The same at the driver's last look.
        runstopped: Whether the run stop's circuit is open: nothing moves, no command is taken.
        homed: Whether the joints know where they are; else they take no command. The base needs no homing.
    """

    def __init__(self, twin: Twin, config: DriverConfig, homed: bool) -> None:
        self.twin, self._config, self.homed = twin, config, homed
        self._axes = {
            name: Trapezoid(twin.position(name), DRIVES[name].speed, DRIVES[name].acceleration) for name in BODY_JOINTS
        }
        self._base = BaseDrive(self.odometry)
        self._contacts = {name: drive.contact for name, drive in DRIVES.items()}
        self._queue: dict[str, Command | None] = {}
        self.guarded: set[str] = set()
        self.seen: frozenset[str] = frozenset()
        self.runstopped = False
        self._runstop_wanted: bool | None = None
        self._rolling_since_s = math.inf

    @property
    def odometry(self) -> Pose:
        """Pose of base_link in `odom`, where the base stood when the driver started (x, y [m], heading [rad])."""
        x, y, heading = (self.twin.position(name) for name in BASE_SERVOS)
        return x, y, heading

    @property
    def base_speed(self) -> tuple[float, float]:
        """How fast the base moves [m/s] and turns [rad/s]."""
        twin = self.twin
        return math.hypot(twin.velocity(parts.BASE_X), twin.velocity(parts.BASE_Y)), twin.velocity(parts.BASE_THETA)

    @property
    def moving(self) -> bool:
        """Whether a joint has not arrived."""
        return any(axis.moving for axis in self._axes.values())

    def joints(self) -> dict[str, JointState]:
        """Return what every joint reports; the servos' speeds come in steps."""
        return {name: self._reported(name) for name in BODY_JOINTS}

    def _reported(self, name: str) -> JointState:
        velocity = self.twin.velocity(name)
        if name in SERVO_JOINTS and math.isfinite(velocity):
            velocity = SERVO_SPEED_STEP * round(velocity / SERVO_SPEED_STEP)
        return JointState(self.twin.position(name), velocity, self.twin.effort(name))

    def take(self, command: Command) -> None:
        """Note a command for lift, arm and base; the others begin at once."""
        if command.joint in BASE_JOINTS:
            self._queue[BASE] = command
        elif command.joint in (LIFT, ARM):
            self._queue[command.joint] = command
        else:
            self._apply(command)

    def stop(self) -> None:
        """Stop as /stop_the_robot does: lift, arm and base at the next push, the gripper now, the rest perhaps."""
        self._queue |= {LIFT: None, ARM: None, BASE: None}
        spared = self._config.pitfalls.stop_spares_wrist_and_head
        self._brake([FINGER] if spared else [name for name in self._axes if name not in (LIFT, ARM)])

    def runstop(self, wanted: bool, at_once: bool) -> None:
        """Open or close the run stop's circuit: by its button at once, by software at the next push."""
        if at_once:
            self._set_runstop(wanted)
        else:
            self._runstop_wanted = wanted

    def _set_runstop(self, on: bool) -> None:
        if on and not self.runstopped:
            self._queue = {}
            self.hold(BODY_JOINTS)
            self.hold_base()
        self.runstopped = on

    def pull(self) -> None:
        """Look at the contact guards."""
        self.seen = frozenset(self.guarded)

    def in_contact(self) -> frozenset[str]:
        """Return what the driver takes for contacts now."""
        if self._config.pitfalls.stale_contact_flag:
            return self.seen
        return frozenset(self.guarded - set(self._queue))

    def push(self) -> None:
        """Begin what was noted; also the run stop."""
        queue, self._queue = self._queue, {}
        for name, command in queue.items():
            self.guarded.discard(name)
            if command is not None:
                self._apply(command)
            elif name == BASE:
                self._slow(self._base.axes.values())
            else:
                self._brake([name])
        if self._runstop_wanted is not None:
            self._set_runstop(self._runstop_wanted)
            self._runstop_wanted = None

    def _apply(self, command: Command) -> None:
        """Give one joint its target."""
        joint = command.joint
        if self.runstopped or not (self.homed or joint in BASE_JOINTS):
            return
        self._contacts[joint] = command.contact
        if joint in BASE_JOINTS:
            self._rolling_since_s = math.inf
            self._base.command(joint, command.position, command.speed, command.acceleration, self.odometry)
        else:
            self._axes[joint].go(command.position, command.speed, command.acceleration)

    def roll(self, linear: float, angular: float, now_s: float) -> None:
        """Set the wheels' velocity [m/s, rad/s]; they stop by themselves when it is not set again."""
        if not self.runstopped:
            self._base.twist(linear, angular)
            self._rolling_since_s = now_s

    def hold(self, names: Iterable[str]) -> None:
        """Stand still at once, with these joints."""
        for name in names:
            self._axes[name].hold(self.twin.position(name))

    def hold_base(self) -> None:
        """Stand still at once, with the base."""
        self._base.hold(self.odometry)
        self._rolling_since_s = math.inf

    def place(self, positions: Mapping[str, float]) -> None:
        """Put set-points somewhere, as a spline does at every moment."""
        if not self.runstopped and self.homed:
            for name, position in positions.items():
                self._axes[name].hold(position)

    def go(self, targets: Mapping[str, float]) -> None:
        """Send joints somewhere at their default speeds, past the driver: how the body stows."""
        for name, value in targets.items():
            drive = DRIVES[name]
            self._apply(Command(name, value, drive.speed, drive.acceleration, drive.contact))

    def advance(self, step_s: float, now_s: float) -> None:
        """Move set-points and physics one step on."""
        if now_s - self._rolling_since_s > self._config.wheel_watchdog_s:
            self._base.twist(0.0, 0.0)
        for name, axis in self._axes.items():
            self.twin.set_point(name, axis.advance(step_s))
        for name, value in zip(BASE_SERVOS, self._base.advance(step_s), strict=True):
            self.twin.set_point(name, value)
        self.twin.step()
        for name in (LIFT, ARM, *BASE_JOINTS):
            self._watch_contact(name)

    def _watch_contact(self, name: str) -> None:
        """Stop a joint past its threshold; it stands until its next command."""
        threshold = self._contacts[name]
        axis = self._base.axes[name] if name in BASE_JOINTS else self._axes[name]
        if not axis.moving or not (self._effort(name) > threshold or self._jerks(name, axis, threshold)):
            return
        if name in BASE_JOINTS:
            self.hold_base()
            self.guarded.add(BASE)
        else:
            axis.hold(self.twin.position(name))
            self.guarded.add(name)

    def _jerks(self, name: str, axis: Trapezoid, threshold: float) -> bool:
        """Tell whether the lift rises so fast that its guard trips over nothing."""
        fast = name == LIFT and axis.velocity > FAST_LIFT * DRIVES[LIFT].speed
        return fast and threshold < CALM_THRESHOLD and self._config.pitfalls.fast_lift_contacts

    def _effort(self, name: str) -> float:
        """Return the size of a joint's effort [%]; the base pushes in a plane."""
        if name == TRANSLATE:
            return math.hypot(self.twin.effort(parts.BASE_X), self.twin.effort(parts.BASE_Y))
        return abs(self.twin.effort(parts.BASE_THETA if name == ROTATE else name))

    def _brake(self, names: Iterable[str]) -> None:
        """Bring joints to rest."""
        self._slow([self._axes[name] for name in names])

    @staticmethod
    def _slow(axes: Iterable[Trapezoid]) -> None:
        for axis in axes:
            if axis.moving:
                braking = max(axis.acceleration, BRAKING)
                axis.go(axis.position + axis.velocity * abs(axis.velocity) / (2.0 * braking), axis.speed, braking)
