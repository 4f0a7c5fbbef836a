"""What the guard lets through: pure rules on joint targets, steps and ages, without ROS.

A motion is asked for as final targets; the guard cuts it into steps that never lead further from the measured
position than one bounded step, because the driver's arm and lift have no watchdog (promises.md 0.4) and a NaN
passes the driver's own limits (0.5). Positions of the base are displacements since the start of the motion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from f2p.guard.errors import NotFiniteMotionError, OutOfLimitsError, StaleJointsError, StepTooLargeError
from f2p.robot.kinematics import LIMITS
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
    Motion,
)
from f2p.robot.stepping import FREE_JOINTS, LINEAR_JOINTS
from f2p.settings import Settings, number


@dataclass(frozen=True)
class GuardConfig(Settings):
    """Limits in time and space of what the guard sends."""

    linear_step: float = number(0.05, "largest step of arm, lift and base", unit="m", low=0.001, high=0.05,
                                source="promises.md 0.4")  # fmt: skip
    angular_step: float = number(0.15, "largest step of wrist and base turn", unit="rad", low=0.01, high=0.15,
                                 source="promises.md 0.4")  # fmt: skip
    linear_tolerance: float = number(0.002, "arrived within", unit="m", low=0.0005, high=0.02,
                                     source="as f2p.robot.stepping")  # fmt: skip
    angular_tolerance: float = number(0.02, "arrived within", unit="rad", low=0.002, high=0.2,
                                      source="as f2p.robot.stepping")  # fmt: skip
    command_period_s: float = number(0.25, "time between two steps; the driver refuses more than 5/s", unit="s",
                                     low=0.21, high=1.0, source="stretch.md 1.3.4")  # fmt: skip
    hold_after_s: float = number(0.15, "joint states older than this hold the motion", unit="s", low=0.04, high=2.0,
                                 source="promises.md 4")  # fmt: skip
    lost_after_s: float = number(0.30, "joint states older than this end the motion", unit="s", low=0.1, high=5.0,
                                 source="promises.md 5.10")  # fmt: skip
    stamp_skew_s: float = number(0.5, "largest distance of a stamp from now, either way", unit="s", low=0.05,
                                 high=2.0, source="promises.md 1.2")  # fmt: skip
    lease_hold_s: float = number(0.10, "lease silence that holds the motion", unit="s", low=0.06, high=1.0,
                                 source="promises.md 4")  # fmt: skip
    lease_void_s: float = number(0.30, "lease silence that voids the motion", unit="s", low=0.1, high=5.0,
                                 source="promises.md 4")  # fmt: skip
    patience_s: float = number(4.0, "time over the predicted before a motion is given up", unit="s", low=0.5, high=60.0,
                               source="ours; promises.md 1.3 has 2")  # fmt: skip
    still_speed: float = number(0.01, "speed below which a joint counts as standing", unit="m/s or rad/s", low=0.001,
                                high=0.1, source="promises.md 4")  # fmt: skip
    still_within_s: float = number(0.5, "a hold must stand within this, else the guard latches", unit="s", low=0.3,
                                   high=3.0, source="ours: 0.3 s and one driver tick of slack")  # fmt: skip


TOP_SPEEDS = {
    LIFT: 0.15, ARM: 0.40, TRANSLATE: 0.15, WRIST_YAW: 3.0, WRIST_PITCH: 2.0, WRIST_ROLL: 3.0, ROTATE: 0.5, FINGER: 8.0,
    HEAD_PAN: 3.0, HEAD_TILT: 3.0,
}  # fmt: skip
"""Largest speed a request may ask for [m/s or rad/s] (stretch.md 1.2; base slower, promises.md 6)."""

BASE_RANGE = {TRANSLATE: (-2.5, 2.5), ROTATE: (-math.pi, math.pi)}
"""Largest displacement of the base in one motion [m or rad] (ours: the length of two tables)."""


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
"""Every joint the guard passes on."""


def admit(motion: Motion) -> Motion:
    """Return `motion` if every number is finite, known and inside its limits.

    Raises:
        NotFiniteMotionError, OutOfLimitsError: with the fact and the choices.
    """
    if not motion.joints or len(set(motion.joints)) != len(motion.joints):
        raise OutOfLimitsError(f"a motion needs one or more different joints, not {motion.joints}")
    for name, values in (("targets", motion.targets), ("speeds", motion.speeds),
                         ("contact thresholds", motion.contact_thresholds)):  # fmt: skip
        if len(values) != len(motion.joints) and (name == "targets" or values):
            raise OutOfLimitsError(f"{len(motion.joints)} joints but {len(values)} {name}")
        if not all(math.isfinite(value) for value in values):
            raise NotFiniteMotionError(f"{name} must be finite, not {values}")
    for index, joint in enumerate(motion.joints):
        if joint not in RULES:
            raise OutOfLimitsError(f"no joint {joint!r}; the guard knows: {', '.join(RULES)}")
        _within(joint, motion.targets[index])
        if motion.speeds and not 0.0 <= motion.speeds[index] <= RULES[joint].speed:
            raise OutOfLimitsError(f"{joint}: speed {motion.speeds[index]} is not within [0, {RULES[joint].speed}]")
    if any(not 0.0 <= value <= 100.0 for value in motion.contact_thresholds):
        raise OutOfLimitsError(f"contact thresholds are percent of effort, not {motion.contact_thresholds}")
    if motion.moves_base and len(motion.joints) > 1:
        raise OutOfLimitsError(f"the base moves alone, one joint at a time, not with {motion.joints}")
    return motion


def _within(joint: str, value: float) -> None:
    """Raise OutOfLimitsError unless `value` is inside the joint's limits; NaN is not."""
    rule = RULES[joint]
    if not rule.low <= value <= rule.high:
        raise OutOfLimitsError(f"{joint}: {value} is not within [{rule.low}, {rule.high}]")


def largest_step(joint: str, config: GuardConfig) -> float:
    """Return how far one step of `joint` may lead from where it is [m or rad]."""
    rule = RULES[joint]
    steps = {"linear": config.linear_step, "angular": config.angular_step, "free": rule.high - rule.low}
    return steps[rule.kind]


def next_step(motion: Motion, positions: Mapping[str, float], config: GuardConfig) -> tuple[float, ...]:
    """Return the next bounded step towards the targets, checked once more before it leaves.

    Args:
        motion: An admitted motion.
        positions: Measured position of each joint; base joints as displacement since the motion began.
        config: Step sizes.

    Returns:
        One position per joint; for base joints the increment from here.

    Raises:
        NotFiniteMotionError, OutOfLimitsError, StepTooLargeError: a state or step that must not go out.
    """
    out = []
    for joint, target in zip(motion.joints, motion.targets, strict=True):
        here = positions.get(joint, math.nan)
        if not math.isfinite(here):
            raise NotFiniteMotionError(f"{joint}: measured position is {here}")
        limit = largest_step(joint, config)
        step = min(max(target - here, -limit), limit)
        value = target if step == target - here else here + step
        out.append(checked_step(joint, here, value, config) - (here if joint in BASE_JOINTS else 0.0))
    return tuple(out)


def checked_step(joint: str, here: float, value: float, config: GuardConfig) -> float:
    """Return `value` if it is a step that may go to the driver; the last gate, also for a NaN."""
    if joint not in RULES:
        raise OutOfLimitsError(f"no joint {joint!r}; the guard knows: {', '.join(RULES)}")
    if not (math.isfinite(value) and math.isfinite(here)):
        raise NotFiniteMotionError(f"{joint}: step from {here} to {value}")
    _within(joint, value)
    limit = largest_step(joint, config)
    if not abs(value - here) <= limit + 1e-9:
        raise StepTooLargeError(f"{joint}: a step of {value - here} is more than {limit}")
    return value


def arrived(motion: Motion, positions: Mapping[str, float], config: GuardConfig) -> bool:
    """Tell whether every joint is measured within its tolerance of its target."""
    return all(
        abs(target - positions.get(joint, math.nan))
        <= (config.linear_tolerance if RULES[joint].kind == "linear" else config.angular_tolerance)
        for joint, target in zip(motion.joints, motion.targets, strict=True)
    )


def check_fresh(age_s: float, skew_s: float, config: GuardConfig) -> None:
    """Raise StaleJointsError when joint states are late by the monotonic clock, or stamped away from now.

    Args:
        age_s: Time since the last one was received, on the monotonic clock [s].
        skew_s: Distance of its stamp from now [s]; the future counts as well.
        config: Bounds.
    """
    if not age_s <= config.hold_after_s:
        raise StaleJointsError(f"joint states are {age_s:.3f} s old, more than {config.hold_after_s} s")
    if not abs(skew_s) <= config.stamp_skew_s:
        raise StaleJointsError(f"joint states are stamped {skew_s:+.3f} s from now, more than {config.stamp_skew_s} s")


def time_budget(motion: Motion, positions: Mapping[str, float], config: GuardConfig) -> float:
    """Return the longest time the motion may take [s]: 1.5 times the predicted, plus patience."""
    predicted = 0.0
    for index, (joint, target) in enumerate(zip(motion.joints, motion.targets, strict=True)):
        distance = abs(target - positions.get(joint, 0.0))
        steps = math.ceil(distance / largest_step(joint, config))
        predicted = max(predicted, 2.0 * steps * config.command_period_s)
        if motion.speeds and motion.speeds[index] > 0.0:
            predicted = max(predicted, distance / motion.speeds[index])
    return 1.5 * predicted + config.patience_s
