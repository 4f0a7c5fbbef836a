"""A body without physics for tests and dry runs: joints move at their speeds, and every fault can be switched on.

It ships with the product so that users' tests can have it, and passes the same suite as the twin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from f2p.robot.bodies import bodies
from f2p.robot.errors import MotionRefusedError, StaleStateError
from f2p.robot.frames import BASE_START_TASK, compose_planar
from f2p.robot.kinematics import DOWN_PITCH, LIMITS
from f2p.robot.looks import LOOK_LIFT, LOOKS
from f2p.robot.protocol import (
    BASE_JOINTS,
    BODY_JOINTS,
    FINGER,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    JointState,
    Motion,
    RobotState,
)
from f2p.robot.stepping import SPEEDS, SteppingConfig, SteppingRobot


@dataclass
class Faults:
    """What goes wrong, and when; tests set these while the body moves."""

    refuse: bool = False
    """Steps are refused, as by a driver that rejects goals."""
    runstopped: bool = False
    """The runstop is on: nothing moves."""
    stuck: str = ""
    """A joint that does not move."""
    silent: bool = False
    """There is no state that may be acted on."""
    not_finite: str = ""
    """A joint that measures NaN."""
    contact_below: float = -math.inf
    """Lift position at which a guarded move down meets something [m]."""
    held_finger: float = 0.05
    """Finger angle at which the gripper closes on something; -inf closes on nothing [rad]."""
    loses_at: float = math.inf
    """Lift position at which what is held slips out on the way up [m]."""


@bodies.register("kinematic")
class KinematicRobot(SteppingRobot):
    """Joints that follow their targets in imagined time.

    Attributes:
        faults: Switches for what goes wrong.
        steps: Every step that was accepted, for tests of pace and size.
        time_s: Imagined time [s].
    """

    def __init__(self, config: SteppingConfig | None = None, faults: Faults | None = None) -> None:
        super().__init__(config)
        self.faults = faults or Faults()
        self.steps: list[tuple[float, Motion]] = []
        self.time_s = 0.0
        self._at = dict.fromkeys(BODY_JOINTS, 0.0)
        self._at |= {LIFT: LOOK_LIFT, WRIST_PITCH: DOWN_PITCH, FINGER: 0.1}
        self._at |= {HEAD_PAN: LOOKS[0].pan, HEAD_TILT: LOOKS[0].tilt}
        self._targets, self._speeds = dict(self._at), dict.fromkeys(BODY_JOINTS, 0.0)
        self._base = BASE_START_TASK
        self._base_left = dict.fromkeys(BASE_JOINTS, 0.0)
        self._guarded = self._contact = self._lost = False

    def state(self) -> RobotState:
        """Return what is measured. Raises StaleStateError while silent."""
        if self.faults.silent:
            raise StaleStateError("the kinematic body is silent: no state that may be acted on")
        joints = {name: JointState(math.nan if name == self.faults.not_finite else at) for name, at in self._at.items()}
        return RobotState(joints, self._base, self.faults.runstopped, self.time_s)

    def stop(self) -> None:
        """Stand where it is."""
        self._targets = dict(self._at)
        self._base_left = dict.fromkeys(BASE_JOINTS, 0.0)

    def _send(self, step: Motion) -> None:
        if self.faults.refuse:
            raise MotionRefusedError("the kinematic body refuses steps")
        self.steps.append((self.time_s, step))
        self._contact = False
        self._guarded = LIFT in step.joints and any(step.contact_thresholds)
        for index, joint in enumerate(step.joints):
            if joint in BASE_JOINTS:
                self._base_left[joint] = step.targets[index]
            else:
                self._targets[joint] = step.targets[index]
            self._speeds[joint] = step.speeds[index] if step.speeds else 0.0

    def _wait(self, seconds: float) -> None:
        self.time_s += seconds
        if self.faults.runstopped:
            return
        for joint in BODY_JOINTS:
            if joint != self.faults.stuck:
                self._at[joint] = self._followed(joint, seconds)
        if self.faults.stuck not in BASE_JOINTS:
            self._roll(seconds)

    def _followed(self, joint: str, seconds: float) -> float:
        """Return where a joint is after `seconds` on the way to its target."""
        far = self._speed(joint) * seconds
        at = self._at[joint] + min(max(self._targets[joint] - self._at[joint], -far), far)
        low, high = LIMITS[joint]
        at = min(max(at, low), high)
        if joint == LIFT and at > self.faults.loses_at:
            self._lost = True
        if joint == LIFT and self._guarded and at < self.faults.contact_below < self._at[joint] + far:
            self._contact, self._targets[LIFT] = True, self.faults.contact_below
            return self.faults.contact_below
        if joint == FINGER and not self._lost:
            return max(at, min(self.faults.held_finger, self._at[joint]))
        return at

    def _roll(self, seconds: float) -> None:
        """Translate or turn the base by what is left of its increment."""
        moved = {}
        for joint in BASE_JOINTS:
            far = self._speed(joint) * seconds
            moved[joint] = min(max(self._base_left[joint], -far), far)
            self._base_left[joint] -= moved[joint]
        self._base = compose_planar(self._base, (moved[TRANSLATE], 0.0, moved[ROTATE]))

    def _speed(self, joint: str) -> float:
        return self._speeds.get(joint) or SPEEDS[joint]

    def _in_contact(self) -> bool:
        return self._contact
