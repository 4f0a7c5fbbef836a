"""A motion cut into bounded steps: never more than one step ahead of what is measured (promises.md 0.4).

On the robot the guard does this between skill and driver; bodies that are driven without a guard (the twin in unit
tests, the kinematic body) inherit it from here, so that a skill meets the same pace everywhere.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from f2p.robot.errors import (
    MotionCancelledError,
    MotionRefusedError,
    MotionTimeoutError,
    RunstoppedError,
    StaleStateError,
    UnreachableError,
)
from f2p.robot.frames import compose_planar, invert_planar
from f2p.robot.kinematics import LIMITS, aperture_from_finger, finger_from_aperture
from f2p.robot.protocol import (
    ARM,
    BASE_JOINTS,
    FINGER,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Cancelled,
    Ending,
    Motion,
    RobotState,
    never,
)
from f2p.settings import Settings, number


@dataclass(frozen=True)
class SteppingConfig(Settings):
    """Size and pace of the steps, and when a motion is over."""

    linear_step: float = number(0.05, "largest step of arm, lift, base", unit="m", low=0.001, high=0.05,
                                source="promises.md 0.4")  # fmt: skip
    angular_step: float = number(0.15, "largest step of wrist and base turn", unit="rad", low=0.01, high=0.15,
                                 source="promises.md 0.4")  # fmt: skip
    period_s: float = number(0.25, "time between two steps", unit="s", low=0.21, high=2.0,
                             source="stretch.md 1.3.4: more than 5/s is rejected")  # fmt: skip
    look_s: float = number(0.05, "time between two looks at the state", unit="s", low=0.005, high=0.25)
    linear_tolerance: float = number(0.002, "arrived within", unit="m", low=0.0005, high=0.02)
    angular_tolerance: float = number(0.02, "arrived within", unit="rad", low=0.002, high=0.2)
    stall_s: float = number(0.4, "a gripper that stands this long short of its target holds something", unit="s",
                            low=0.1, high=3.0)  # fmt: skip
    patience_s: float = number(4.0, "time over the predicted before giving up", unit="s", low=0.5, high=60.0)


STALL_DISTANCE = 0.01
"""How far a finger at standstill may move [rad]. Judged by position: a finger holding something vibrates
(ours: 3 mm of aperture)."""

FREE_JOINTS = (FINGER, HEAD_PAN, HEAD_TILT)
"""Joints that carry no weight and go in one step."""

LINEAR_JOINTS = (LIFT, ARM, TRANSLATE)


SPEEDS: dict[str, float] = {
    LIFT: 0.11, ARM: 0.14, WRIST_YAW: 2.0, WRIST_PITCH: 2.0, WRIST_ROLL: 2.0, FINGER: 4.0,
    HEAD_PAN: 3.0, HEAD_TILT: 3.0, TRANSLATE: 0.12, ROTATE: 0.5,
}  # fmt: skip
"""Speed of a joint for which a motion names none [m/s or rad/s] (stretch.md 1.2)."""

ACCELERATIONS: dict[str, float] = {
    LIFT: 0.3, ARM: 0.3, WRIST_YAW: 4.0, WRIST_PITCH: 4.0, WRIST_ROLL: 4.0, FINGER: 8.0, HEAD_PAN: 8.0, HEAD_TILT: 8.0,
    TRANSLATE: 0.3, ROTATE: 0.5,
}  # fmt: skip
"""What a step asks of the motors [m/s^2 or rad/s^2]: brisk, so that the end of a 5 cm step does not slow a stream of
them (ours, below the tops of stretch.md 1.2)."""

CONTACTS: dict[str, float] = {LIFT: 69.0, ARM: 55.0, TRANSLATE: 60.0, ROTATE: 60.0}
"""Effort that counts as contact where a motion names none beside one that it names [%] (stretch.md 1.2)."""


def driver_arrays(step: Motion) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
    """Speeds, accelerations and contact thresholds of a step as the driver takes them; empty means its defaults."""
    return (
        filled(step.joints, step.speeds, SPEEDS),
        tuple(ACCELERATIONS[joint] for joint in step.joints),
        filled(step.joints, step.contact_thresholds, CONTACTS),
    )


def filled(joints: tuple[str, ...], values: tuple[float, ...], defaults: dict[str, float]) -> tuple[float, ...]:
    """Return `values` with no zero left, or none at all: the driver takes a 0 at its word (stretch.md 1.3.15).

    What has no default stays above any measure: 100 is all of a motor's effort.
    """
    if not any(values):
        return ()
    return tuple(value or defaults.get(joint, 100.0) for joint, value in zip(joints, values, strict=True))


REJECTED_WITHIN_S = 0.21
"""The driver rejects a goal that comes sooner after an active one (stretch.md 1.3.4: 0.2 s, and a margin)."""


class SteppingRobot(ABC):
    """A body that takes bounded steps; subclasses send one, wait, and say what is measured."""

    def __init__(self, config: SteppingConfig | None = None) -> None:
        self.stepping = config or SteppingConfig()
        self._quiet_s = math.inf

    @abstractmethod
    def state(self) -> RobotState:
        """Return the latest measured state."""

    @abstractmethod
    def stop(self) -> None:
        """Stand still now."""

    @abstractmethod
    def _send(self, step: Motion) -> None:
        """Send one bounded step; base joints as increments. Raises MotionRefusedError."""

    @abstractmethod
    def _wait(self, seconds: float) -> None:
        """Let time pass."""

    @abstractmethod
    def _in_contact(self) -> bool:
        """Tell whether a guarded contact ended the last step."""

    def move(self, motion: Motion, cancelled: Cancelled = never) -> Ending:
        """Stream bounded steps until the targets are reached or a contact is met (see `protocol.Robot`)."""
        check_motion(motion)
        start = self.state()
        budget = self.stepping.patience_s + 1.5 * self._predicted_s(motion, start)
        waited, sent_s = 0.0, -math.inf
        while waited < budget:
            self._checked(cancelled)
            here = positions(motion, self.state(), start)
            left = tuple(target - at for target, at in zip(motion.targets, here, strict=True))
            if all(abs(gap) <= self._tolerance(joint) for joint, gap in zip(motion.joints, left, strict=True)):
                return Ending.REACHED
            if waited - sent_s >= self.stepping.period_s - 1e-9:
                self._post(next_step(motion, here, self.stepping))
                sent_s = waited
            self._pause()
            waited += self.stepping.look_s
            if self._in_contact():
                return Ending.CONTACT
        self.stop()
        late = {joint: round(gap, 4) for joint, gap in zip(motion.joints, left, strict=True)}
        raise MotionTimeoutError(f"motion did not arrive within {budget:.1f} s; still to go: {late}")

    def gripper(self, aperture: float, cancelled: Cancelled = never) -> Ending:
        """Open or close and wait until there or stalled (see `protocol.Robot`)."""
        low, high = LIMITS[FINGER]
        angle = min(max(finger_from_aperture(aperture), low), high)
        self._post(Motion((FINGER,), (angle,)))
        stands_at, still, waited = math.inf, 0.0, 0.0
        while waited < self.stepping.patience_s:
            self._checked(cancelled)
            self._pause()
            waited += self.stepping.look_s
            at = self.state().position(FINGER)
            if abs(at - angle) <= self.stepping.angular_tolerance / 2.0:
                return Ending.REACHED
            if abs(at - stands_at) > STALL_DISTANCE:
                stands_at, still = at, 0.0
            else:
                still += self.stepping.look_s
            if still >= self.stepping.stall_s:
                return Ending.STALLED
        now = aperture_from_finger(at)
        raise MotionTimeoutError(f"the gripper did not come to {aperture:.3f} m; it is at {now:.3f} m")

    def _post(self, step: Motion) -> None:
        """Send a step, not sooner after the last one than the driver takes it."""
        while self._quiet_s < REJECTED_WITHIN_S:
            self._pause()
        self._send(step)
        self._quiet_s = 0.0

    def _pause(self) -> None:
        """Let the time between two looks pass."""
        self._wait(self.stepping.look_s)
        self._quiet_s += self.stepping.look_s

    def _checked(self, cancelled: Cancelled) -> None:
        """Stop and raise when asked to, or when the runstop is on."""
        if cancelled():
            self.stop()
            raise MotionCancelledError
        if self.state().runstopped:
            raise RunstoppedError

    def _tolerance(self, joint: str) -> float:
        """Return the distance at which `joint` has arrived [m or rad]."""
        return self.stepping.linear_tolerance if joint in LINEAR_JOINTS else self.stepping.angular_tolerance

    def _predicted_s(self, motion: Motion, start: RobotState) -> float:
        """Time the motion should take at two thirds of the pace of its steps [s]."""
        here = positions(motion, start, start)
        steps = [
            abs(target - at) / largest_step(joint, self.stepping)
            for joint, target, at in zip(motion.joints, motion.targets, here, strict=True)
        ]
        return 2.0 * self.stepping.period_s * max(steps)


def check_motion(motion: Motion) -> None:
    """Raise MotionRefusedError or UnreachableError unless every number is finite, known and within limits."""
    known = (*LIMITS, *BASE_JOINTS)
    unknown = [joint for joint in motion.joints if joint not in known]
    if unknown or not motion.joints:
        raise MotionRefusedError(f"no joint {unknown[:1] or motion.joints}; a motion may name: {', '.join(known)}")
    if motion.moves_base and len(motion.joints) > 1:
        raise MotionRefusedError(f"the base moves alone, not with {motion.joints}")
    numbers = (*motion.targets, *motion.speeds, *motion.contact_thresholds)
    if len(motion.targets) != len(motion.joints) or not all(math.isfinite(value) for value in numbers):
        raise MotionRefusedError(f"a motion needs one finite target for each joint, not {motion.targets}")
    for joint, target in zip(motion.joints, motion.targets, strict=True):
        low, high = LIMITS.get(joint, (-math.inf, math.inf))
        if not low <= target <= high:
            raise UnreachableError("the motion's target", joint, target, low, high)


def positions(motion: Motion, state: RobotState, start: RobotState) -> tuple[float, ...]:
    """Return where each joint of a motion is: absolute, or for the base the displacement since `start`.

    Raises:
        StaleStateError: a measured position is not finite.
    """
    moved = compose_planar(invert_planar(start.base_task), state.base_task)
    base = {TRANSLATE: moved[0], ROTATE: moved[2]}
    out = tuple(base[joint] if joint in base else state.position(joint) for joint in motion.joints)
    if not all(math.isfinite(value) for value in out):
        raise StaleStateError(f"measured positions of {motion.joints} are not finite: {out}")
    return out


def largest_step(joint: str, config: SteppingConfig) -> float:
    """Return how far one step of `joint` may lead [m or rad]."""
    if joint in FREE_JOINTS:
        return math.inf
    return config.linear_step if joint in LINEAR_JOINTS else config.angular_step


def next_step(motion: Motion, here: tuple[float, ...], config: SteppingConfig) -> Motion:
    """Return the next bounded step towards the targets; base joints as increments from here."""
    targets = []
    for joint, target, at in zip(motion.joints, motion.targets, here, strict=True):
        limit = largest_step(joint, config)
        step = min(max(target - at, -limit), limit)
        targets.append(step if joint in BASE_JOINTS else target if step == target - at else at + step)
    return Motion(motion.joints, tuple(targets), motion.speeds, motion.contact_thresholds)
