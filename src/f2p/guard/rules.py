"""What the guard lets through: the rules of `f2p.robot.limits` as refusals with codes, the last gate, and ages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from f2p.guard.errors import (
    BatteryLowError,
    NotFiniteMotionError,
    OutOfLimitsError,
    StaleJointsError,
    StepTooLargeError,
)
from f2p.robot.limits import RULES, StepLimits, is_there, is_within, largest_step, lead, problem_of, step_towards
from f2p.robot.protocol import BASE_JOINTS, ROTATE, TRANSLATE, Motion
from f2p.settings import number


@dataclass(frozen=True)
class GuardConfig(StepLimits):
    """Limits in time and space of what the guard sends."""

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
    lease_void_s: float = number(0.30, "lease silence that voids the lease, and silence of the guard itself", unit="s",
                                 low=0.1, high=5.0, source="promises.md 4")  # fmt: skip
    beat_hold_s: float = number(0.15, "silence of a process that motions depend on, that holds them", unit="s",
                                low=0.06, high=1.0, source="ours: two beats of 0.05 s and a little")  # fmt: skip
    beat_void_s: float = number(0.28, "…and that ends them", unit="s", low=0.1, high=5.0,
                                source="promises.md 5.1: 0.3 s, less a tick")  # fmt: skip
    twist_after_s: float = number(0.20, "age of a velocity that ends in a zero velocity", unit="s", low=0.05, high=0.5,
                                  source="ours: the driver's own watchdog has 0.5 s")  # fmt: skip
    contact_echo_s: float = number(0.12, "a contact told this soon after a step from rest is the one before it",
                                   unit="s", low=0.0, high=0.5, source="stretch.md 1.3.1; ours")  # fmt: skip
    clear_within_s: float = number(2.0, "longest wait for the driver to end a goal for other joints", unit="s", low=0.2,
                                   high=15.0)  # fmt: skip
    still_speed: float = number(0.01, "speed up to which lift, arm and base count as standing", unit="m/s", low=0.001,
                                high=0.1, source="promises.md 4")  # fmt: skip
    still_turn: float = number(0.05, "speed up to which what turns counts as standing", unit="rad/s", low=0.001,
                               high=0.5, source="ours: the wrist's motors tell steps of 0.024")  # fmt: skip
    still_within_s: float = number(0.5, "a hold must stand within this, else the guard latches", unit="s", low=0.3,
                                   high=3.0, source="ours: 0.3 s and one driver tick of slack")  # fmt: skip
    battery_low_v: float = number(10.5, "autonomy begins nothing below this voltage of the battery", unit="V", low=0.0,
                                  high=14.0, source="stretch_body: its alarm")  # fmt: skip


def admit(motion: Motion) -> Motion:
    """Return `motion` if every number is finite, known and inside its limits.

    Raises:
        NotFiniteMotionError, OutOfLimitsError: with the fact and the choices.
    """
    problem = problem_of(motion)
    if problem is not None:
        raise (OutOfLimitsError if problem.finite else NotFiniteMotionError)(problem.text)
    return motion


def admit_twist(linear: float, turning: float) -> tuple[float, float]:
    """Return a velocity of the base [m/s, rad/s] if it is finite and slow enough.

    Raises:
        NotFiniteMotionError, OutOfLimitsError: with the fact and the choices.
    """
    for joint, speed, unit in ((TRANSLATE, linear, "m/s"), (ROTATE, turning, "rad/s")):
        if not math.isfinite(speed):
            raise NotFiniteMotionError(f"a velocity must be finite, not {speed} {unit}")
        if abs(speed) > RULES[joint].speed:
            top = RULES[joint].speed
            raise OutOfLimitsError(f"a velocity of {speed} {unit} is not within [{-top}, {top}]")
    return linear, turning


def measured(motion: Motion, positions: Mapping[str, float]) -> tuple[float, ...]:
    """Return where the joints of a motion are. Raises NotFiniteMotionError where one is missing or not finite."""
    here = tuple(positions.get(joint, math.nan) for joint in motion.joints)
    for joint, at in zip(motion.joints, here, strict=True):
        if not math.isfinite(at):
            raise NotFiniteMotionError(f"{joint}: measured position is {at}")
    return here


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
    here_all = measured(motion, positions)
    for index, (joint, target, here) in enumerate(zip(motion.joints, motion.targets, here_all, strict=True)):
        most = lead(motion, index, config.command_period_s, config)
        value = checked_step(joint, here, step_towards(here, target, most), config)
        out.append(value - here if joint in BASE_JOINTS else value)
    return tuple(out)


def checked_step(joint: str, here: float, value: float, config: GuardConfig) -> float:
    """Return `value` if it is a step that may go to the driver; the last gate, also for a NaN."""
    if joint not in RULES:
        raise OutOfLimitsError(f"no joint {joint!r}; the guard knows: {', '.join(RULES)}")
    if not (math.isfinite(value) and math.isfinite(here)):
        raise NotFiniteMotionError(f"{joint}: step from {here} to {value}")
    if not is_within(joint, value):
        raise OutOfLimitsError(f"{joint}: {value} is not within [{RULES[joint].low}, {RULES[joint].high}]")
    limit = largest_step(joint, config)
    if not abs(value - here) <= limit + 1e-9:
        raise StepTooLargeError(f"{joint}: a step of {value - here} is more than {limit}")
    return value


def arrived(motion: Motion, positions: Mapping[str, float], config: GuardConfig) -> bool:
    """Tell whether every joint is measured within its tolerance of its target."""
    return all(
        is_there(joint, positions.get(joint, math.nan), target, config)
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


def check_heard(age_s: float, config: GuardConfig) -> None:
    """Raise StaleJointsError when there are no joint states: nothing begins, and no latch is cleared, unseen.

    Args:
        age_s: Time since the last one was received, on the monotonic clock [s].
        config: Bounds.
    """
    if not age_s <= config.lost_after_s:
        raise StaleJointsError(f"joint states are lost: none for {age_s:.2f} s; see that the driver runs")


def check_battery(volts: float, config: GuardConfig) -> None:
    """Raise BatteryLowError below the least voltage [V]; one that is not told (NaN, 0) is no reason to stand."""
    if 0.0 < volts < config.battery_low_v:
        raise BatteryLowError(
            f"the battery has {volts:.1f} V, less than {config.battery_low_v:.1f} V: an operator may still move the "
            "robot; charge it"
        )
