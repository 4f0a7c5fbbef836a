"""A motion cut into bounded steps: never more than one step ahead of what is measured (promises.md 0.4).

On the robot the guard does this between skill and driver, by the same limits (`limits.py`); bodies that are driven
without a guard (the twin in unit tests, the kinematic body) inherit it from here, so that a skill meets the same pace
everywhere.
"""

from __future__ import annotations

import itertools
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
from f2p.robot.limits import ACCELERATIONS, RULES, StepLimits, is_there, lead, problem_of, step_towards, time_budget
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
from f2p.settings import number


@dataclass(frozen=True)
class SteppingConfig(StepLimits):
    """Pace of the steps, and when a motion is over."""

    period_s: float = number(0.25, "time between two steps", unit="s", low=0.21, high=2.0,
                             source="stretch.md 1.3.4: more than 5/s is rejected")  # fmt: skip
    look_s: float = number(0.05, "time between two looks at the state", unit="s", low=0.005, high=0.25)
    stall_s: float = number(0.4, "a gripper that stands this long short of its target holds something", unit="s",
                            low=0.1, high=3.0)  # fmt: skip


STALL_DISTANCE = 0.01
"""How far a finger at standstill may move [rad]. Judged by position: a finger holding something vibrates
(ours: 3 mm of aperture)."""

SPEEDS: dict[str, float] = {
    LIFT: 0.11, ARM: 0.14, WRIST_YAW: 2.0, WRIST_PITCH: 2.0, WRIST_ROLL: 2.0, FINGER: 4.0,
    HEAD_PAN: 3.0, HEAD_TILT: 3.0, TRANSLATE: 0.12, ROTATE: 0.5,
}  # fmt: skip
"""Speed of a joint for which a motion names none [m/s or rad/s] (stretch.md 1.2)."""

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

    stands_in = ""

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
        budget = time_budget(motion, positions(motion, start, start), self.stepping.period_s, self.stepping)
        waited, sent_s = 0.0, -math.inf
        while waited < budget:
            self._checked(cancelled)
            here = positions(motion, self.state(), start)
            left = tuple(target - at for target, at in zip(motion.targets, here, strict=True))
            if all(map(is_there, motion.joints, here, motion.targets, itertools.repeat(self.stepping))):
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


def check_motion(motion: Motion) -> None:
    """Raise MotionRefusedError or UnreachableError unless every number is finite, known and within limits."""
    problem = problem_of(motion)
    if problem is None:
        return
    if problem.joint:
        rule = RULES[problem.joint]
        raise UnreachableError("the motion's target", problem.joint, problem.target, rule.low, rule.high)
    raise MotionRefusedError(problem.text)


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


def next_step(motion: Motion, here: tuple[float, ...], config: SteppingConfig) -> Motion:
    """Return the next bounded step towards the targets; base joints as increments from here."""
    targets = []
    for index, (joint, target, at) in enumerate(zip(motion.joints, motion.targets, here, strict=True)):
        value = step_towards(at, target, lead(motion, index, config.period_s, config))
        targets.append(value - at if joint in BASE_JOINTS else value)
    return Motion(motion.joints, tuple(targets), motion.speeds, motion.contact_thresholds)
