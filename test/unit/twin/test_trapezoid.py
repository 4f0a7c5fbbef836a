"""Set-points keep to their speed and acceleration, arrive exactly, and take new targets without a jerk."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.twin.trapezoid import Trapezoid

STEP_S = 0.005


@settings(deadline=None, max_examples=40)
@given(st.floats(-1.0, 1.0), st.floats(0.02, 0.5), st.floats(0.05, 2.0))
def test_bounds_and_arrival(target, speed, acceleration):
    axis = Trapezoid(0.0, speed, acceleration)
    axis.go(target, speed, acceleration)
    limit = int((abs(target) / speed + 2 * speed / acceleration + 1.0) / STEP_S)
    last_velocity, positions = 0.0, [0.0]
    for _ in range(limit):
        positions.append(axis.advance(STEP_S))
        assert abs(axis.velocity) <= speed + 1e-9
        assert abs(axis.velocity - last_velocity) <= 2.0 * acceleration * STEP_S + 1e-3
        last_velocity = axis.velocity
    assert positions[-1] == target and not axis.moving
    steps = [later - sooner for sooner, later in itertools.pairwise(positions)]
    assert all(step * target >= -1e-12 for step in steps), "no overshoot"


def test_new_target_keeps_the_velocity():
    axis = Trapezoid(0.0, 0.1, 0.2)
    axis.go(1.0, 0.1, 0.2)
    for _ in range(200):
        axis.advance(STEP_S)
    before = axis.velocity
    axis.go(2.0, 0.1, 0.2)
    axis.advance(STEP_S)
    assert before == axis.velocity == 0.1


def test_without_a_target_it_stands():
    axis = Trapezoid(0.3, 0.1, 0.2)
    assert not axis.moving
    assert axis.advance(1.0) == 0.3


def test_speed_lowered_underway_slows_down():
    axis = Trapezoid(0.0, 0.2, 0.2, velocity=0.2)
    axis.go(1.0, 0.05, 0.2)
    for _ in range(400):
        axis.advance(STEP_S)
    assert abs(axis.velocity - 0.05) < 1e-9
