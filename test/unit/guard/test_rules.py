"""The guard's pure rules: nothing non-finite, out of limits or further than a step ever leaves (promises.md 5.9)."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.guard.errors import GuardError, NotFiniteMotionError, OutOfLimitsError, StaleJointsError, StepTooLargeError
from f2p.guard.rules import (
    RULES,
    GuardConfig,
    admit,
    arrived,
    check_fresh,
    checked_step,
    next_step,
)
from f2p.robot.limits import largest_step, time_budget
from f2p.robot.protocol import BASE_JOINTS, LIFT, TRANSLATE, Motion

CONFIG = GuardConfig()
any_float = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)


@settings(max_examples=1500, deadline=None)
@given(joint=st.sampled_from(sorted(RULES)), target=any_float, here=any_float, speed=any_float, effort=any_float)
def test_no_float_of_all_gets_past_admission_and_step(
    joint: str, target: float, here: float, speed: float, effort: float
) -> None:
    try:
        motion = admit(Motion((joint,), (target,), (speed,), (effort,)))
        (step,) = next_step(motion, {joint: here}, CONFIG)
    except GuardError as error:
        assert str(error)
        return
    rule = RULES[joint]
    reached = here + step if joint in BASE_JOINTS else step
    assert math.isfinite(step) and math.isfinite(speed) and math.isfinite(effort)
    assert rule.low <= target <= rule.high
    assert rule.low - 1e-9 <= reached <= rule.high + 1e-9
    assert abs(reached - here) <= largest_step(joint, CONFIG) + 1e-9


@settings(max_examples=500, deadline=None)
@given(joint=st.sampled_from(sorted(RULES)), here=any_float, value=any_float)
def test_the_last_gate_alone_holds_too(joint: str, here: float, value: float) -> None:
    try:
        out = checked_step(joint, here, value, CONFIG)
    except GuardError:
        return
    assert RULES[joint].low <= out <= RULES[joint].high
    assert abs(out - here) <= largest_step(joint, CONFIG) + 1e-9


@settings(max_examples=200, deadline=None)
@given(joint=st.sampled_from(sorted(RULES)), fraction=st.floats(0, 1), start=st.floats(0, 1))
def test_steps_lead_to_the_target_and_end_there(joint: str, fraction: float, start: float) -> None:
    rule = RULES[joint]
    target, here = (min(rule.low + share * (rule.high - rule.low), rule.high) for share in (fraction, start))
    motion = admit(Motion((joint,), (target,)))
    for _ in range(math.ceil(abs(target - here) / largest_step(joint, CONFIG)) + 1):
        (step,) = next_step(motion, {joint: here}, CONFIG)
        here = here + step if joint in BASE_JOINTS else step
    assert here == pytest.approx(target, abs=1e-9)
    assert arrived(motion, {joint: here}, CONFIG)


@pytest.mark.parametrize(
    ("motion", "text"),
    [
        (Motion((), ()), "one or more different joints"),
        (Motion((LIFT, LIFT), (0.1, 0.2)), "one or more different joints"),
        (Motion((LIFT,), (0.1, 0.2)), "1 joints but 2 targets"),
        (Motion((LIFT,), (0.1,), (0.1, 0.1)), "1 joints but 2 speeds"),
        (Motion(("joint_tail",), (0.1,)), "a motion may name: "),
        (Motion((LIFT,), (1.2,)), r"joint_lift: 1.2 is not within \[0.0, 1.1\]"),
        (Motion((LIFT,), (0.2,), (0.5,)), "speed 0.5"),
        (Motion((LIFT,), (0.2,), (-0.1,)), "speed -0.1"),
        (Motion((LIFT,), (0.2,), (), (101.0,)), "percent of effort"),
        (Motion((TRANSLATE, LIFT), (0.1, 0.2)), "the base moves alone"),
    ],
)
def test_refusals_name_fact_and_choices(motion: Motion, text: str) -> None:
    with pytest.raises(OutOfLimitsError, match=text):
        admit(motion)


def test_a_state_that_is_not_finite_or_missing_stops_the_step() -> None:
    motion = admit(Motion((LIFT,), (0.5,)))
    for positions in ({LIFT: math.nan}, {}):
        with pytest.raises(NotFiniteMotionError, match="measured position is nan"):
            next_step(motion, positions, CONFIG)


def test_a_step_too_large_is_refused_by_the_last_gate() -> None:
    with pytest.raises(StepTooLargeError, match=r"is more than 0\.05"):
        checked_step(LIFT, 0.2, 0.3, CONFIG)


@pytest.mark.parametrize(("age", "skew"), [(0.2, 0.0), (math.nan, 0.0), (0.0, 0.6), (0.0, -0.6), (0.0, math.nan)])
def test_late_and_future_states_are_stale(age: float, skew: float) -> None:
    with pytest.raises(StaleJointsError):
        check_fresh(age, skew, CONFIG)
    check_fresh(0.1, 0.4, CONFIG)


def test_a_longer_way_has_a_longer_budget() -> None:
    short, long = (
        time_budget(Motion((LIFT,), (goal,)), (0.0,), CONFIG.command_period_s, CONFIG) for goal in (0.1, 1.0)
    )
    assert 4.0 < short < long < 30.0
