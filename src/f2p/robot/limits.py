"""What a motion may ask for, stated once: limits, speeds, sizes of steps and tolerances, for the guard and every body.

A motion is asked for as final targets and cut into steps that never lead further from the measured position than one
bounded step, because the driver's arm and lift have no watchdog (promises.md 0.4) and a NaN passes the driver's own
limits (0.5). Positions of the base are displacements since the start of the motion. Nothing here raises, whatever the
floats are: who asks turns a `Problem` into an error of its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from f2p.robot.kinematics import LIMITS
from f2p.robot.protocol import (
    ARM,
    FINGER,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Motion,
)
from f2p.settings import Settings, number

LINEAR_JOINTS = (LIFT, ARM, TRANSLATE)

FREE_JOINTS = (FINGER, HEAD_PAN, HEAD_TILT)
"""Joints that carry no weight and go in one step."""

TOP_SPEEDS = {
    LIFT: 0.15, ARM: 0.40, TRANSLATE: 0.15, WRIST_YAW: 3.0, WRIST_PITCH: 2.0, WRIST_ROLL: 3.0, ROTATE: 0.5, FINGER: 8.0,
    HEAD_PAN: 3.0, HEAD_TILT: 3.0,
}  # fmt: skip
"""Largest speed a request may ask for [m/s or rad/s] (stretch.md 1.2; base slower, promises.md 6)."""

ACCELERATIONS: dict[str, float] = {
    LIFT: 0.3, ARM: 0.3, WRIST_YAW: 4.0, WRIST_PITCH: 4.0, WRIST_ROLL: 4.0, FINGER: 8.0, HEAD_PAN: 8.0, HEAD_TILT: 8.0,
    TRANSLATE: 0.3, ROTATE: 0.5,
}  # fmt: skip
"""What a step asks of the motors [m/s^2 or rad/s^2]: brisk, so that the end of a 5 cm step does not slow a stream of
them (ours, below the tops of stretch.md 1.2)."""

LATE_S = 0.1
"""How late the next step may take effect before a joint slows down for it [s] (ours: two periods of the driver's 30 Hz,
of what is measured and of what is pushed, the guard's tick, and the wire)."""

BASE_RANGE = {TRANSLATE: (-2.5, 2.5), ROTATE: (-math.pi, math.pi)}
"""Largest displacement of the base in one motion [m or rad] (ours: the length of two tables)."""


@dataclass(frozen=True)
class StepLimits(Settings):
    """Sizes of steps, and when a joint is there; shared by the guard and the bodies that are driven without one."""

    linear_step: float = number(0.05, "largest step of arm and lift", unit="m", low=0.001, high=0.05,
                                source="promises.md 0.4")  # fmt: skip
    base_step: float = number(0.048, "largest step of the base", unit="m", low=0.001, high=0.05,
                              source="promises.md 6: after the guard's death it is driven to its end")  # fmt: skip
    angular_step: float = number(0.15, "largest step of wrist and base turn", unit="rad", low=0.01, high=0.15,
                                 source="promises.md 0.4")  # fmt: skip
    linear_tolerance: float = number(0.002, "arrived within", unit="m", low=0.0005, high=0.02)
    angular_tolerance: float = number(0.02, "arrived within", unit="rad", low=0.002, high=0.2)
    patience_s: float = number(4.0, "time over the predicted before a motion is given up", unit="s", low=0.5, high=60.0,
                               source="ours; promises.md 1.3 has 2")  # fmt: skip


@dataclass(frozen=True)
class JointRule:
    """Limits of one joint as the driver names it."""

    low: float
    high: float
    kind: str
    """"linear", "angular" or "free": head and gripper move in one step, because they carry no weight."""
    speed: float
    """Largest speed a request may ask for [m/s or rad/s]."""


RULES: dict[str, JointRule] = {
    joint: JointRule(
        *(BASE_RANGE[joint] if joint in BASE_RANGE else LIMITS[joint]),
        "linear" if joint in LINEAR_JOINTS else "free" if joint in FREE_JOINTS else "angular",
        speed,
    )
    for joint, speed in TOP_SPEEDS.items()
}
"""Every joint that may be moved."""


@dataclass(frozen=True)
class Problem:
    """Why a motion may not be done."""

    text: str
    finite: bool = True
    """False where a number is NaN or infinite."""
    joint: str = ""
    """Whose target lies outside its limits, where that is the problem."""
    target: float = 0.0


def problem_of(motion: Motion) -> Problem | None:
    """Return what is wrong with a motion; None where every number is finite, known and inside its limits."""
    joints = motion.joints
    if not joints or len(set(joints)) != len(joints):
        return Problem(f"a motion needs one or more different joints, not {joints}")
    for name, values in (("targets", motion.targets), ("speeds", motion.speeds),
                         ("contact thresholds", motion.contact_thresholds)):  # fmt: skip
        if len(values) != len(joints) and (name == "targets" or values):
            return Problem(f"{len(joints)} joints but {len(values)} {name}")
        if not all(math.isfinite(value) for value in values):
            return Problem(f"{name} must be finite, not {values}", finite=False)
    unknown = next((joint for joint in joints if joint not in RULES), None)
    if unknown is not None:
        return Problem(f"no joint {unknown!r}; a motion may name: {', '.join(RULES)}")
    if motion.moves_base and len(joints) > 1:
        return Problem(f"the base moves alone, one joint at a time, not with {joints}")
    return _out_of_range(motion)


def _out_of_range(motion: Motion) -> Problem | None:
    """Return the first target, speed or threshold outside its limits."""
    if any(not 0.0 <= value <= 100.0 for value in motion.contact_thresholds):
        return Problem(f"contact thresholds are percent of effort, not {motion.contact_thresholds}")
    for index, joint in enumerate(motion.joints):
        rule, target = RULES[joint], motion.targets[index]
        if not is_within(joint, target):
            return Problem(f"{joint}: {target} is not within [{rule.low}, {rule.high}]", True, joint, target)
        if motion.speeds and not 0.0 <= motion.speeds[index] <= rule.speed:
            return Problem(f"{joint}: speed {motion.speeds[index]} is not within [0, {rule.speed}]")
    return None


def is_within(joint: str, value: float) -> bool:
    """Tell whether `value` is inside the joint's limits; NaN is not."""
    return RULES[joint].low <= value <= RULES[joint].high


def largest_step(joint: str, limits: StepLimits) -> float:
    """Return how far one step of `joint` may lead from where it is [m or rad]."""
    rule = RULES[joint]
    if joint == TRANSLATE:
        return min(limits.base_step, limits.linear_step)
    return {"linear": limits.linear_step, "angular": limits.angular_step, "free": rule.high - rule.low}[rule.kind]


def lead(motion: Motion, index: int, period_s: float, limits: StepLimits) -> float:
    """Return how far one step of a motion's joint leads at the most [m or rad]: until the next one, and to a halt.

    What was sent is driven to its end when whoever sent it dies, so what is asked to move slowly goes no further ahead
    than it needs to keep its speed.

    Args:
        motion: What is asked for.
        index: Of the joint.
        period_s: Time between two steps.
        limits: Sizes of steps.
    """
    joint, speed = motion.joints[index], motion.speeds[index] if motion.speeds else 0.0
    most = largest_step(joint, limits)
    if not speed or RULES[joint].kind == "free":
        return most
    least = limits.linear_tolerance if RULES[joint].kind == "linear" else limits.angular_tolerance
    return min(most, max(least, speed * (period_s + LATE_S) + speed * speed / (2.0 * ACCELERATIONS[joint])))


def step_towards(here: float, target: float, most: float) -> float:
    """Return the position of the next bounded step; the target itself where it is no further than `most`."""
    step = min(max(target - here, -most), most)
    return target if step == target - here else here + step


def is_there(joint: str, here: float, target: float, limits: StepLimits) -> bool:
    """Tell whether a joint is measured within its tolerance of its target; NaN is nowhere."""
    tolerance = limits.linear_tolerance if RULES[joint].kind == "linear" else limits.angular_tolerance
    return abs(target - here) <= tolerance


def time_budget(motion: Motion, here: tuple[float, ...], period_s: float, limits: StepLimits) -> float:
    """Return the longest time a motion may take [s]: 1.5 times the predicted, plus patience.

    Args:
        motion: What is asked for.
        here: Where its joints are.
        period_s: Time between two steps.
        limits: Sizes of steps and patience.
    """
    predicted = 0.0
    for index, (joint, target, at) in enumerate(zip(motion.joints, motion.targets, here, strict=True)):
        distance = abs(target - at)
        predicted = max(predicted, 2.0 * (distance / largest_step(joint, limits) + 1.0) * period_s)
        if motion.speeds and motion.speeds[index] > 0.0:
            predicted = max(predicted, distance / motion.speeds[index])
    return 1.5 * predicted + limits.patience_s
