"""Motions are cut into bounded steps at a bounded pace; every fault ends with its own error."""

import itertools
import math
from dataclasses import replace

import pytest

from f2p.robot.errors import (
    MotionCancelledError,
    MotionRefusedError,
    MotionTimeoutError,
    RunstoppedError,
    StaleStateError,
    UnreachableError,
)
from f2p.robot.kinematic import Faults, KinematicRobot
from f2p.robot.limits import ACCELERATIONS, largest_step, lead
from f2p.robot.looks import LOOK_LIFT
from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, LIFT, ROTATE, TRANSLATE, WRIST_ROLL, Ending, Motion
from f2p.robot.stepping import CONTACTS, REJECTED_WITHIN_S, SPEEDS, SteppingConfig, filled, next_step, positions


@pytest.fixture
def robot():
    return KinematicRobot()


@pytest.mark.parametrize(
    ("joint", "target", "limit"),
    [(LIFT, 1.0, 0.05), (ARM, 0.5, 0.05), (WRIST_ROLL, -2.0, 0.15), (TRANSLATE, 0.6, 0.05), (ROTATE, -1.0, 0.15)],
)
def test_steps_are_bounded_and_paced(robot, joint, target, limit):
    before = robot.state()
    seen = []
    send = robot._send

    def watched(step):
        here = positions(Motion((joint,), (target,)), robot.state(), before)[0]
        ahead = step.targets[0] if joint in (TRANSLATE, ROTATE) else step.targets[0] - here
        seen.append((robot.time_s, ahead))
        send(step)

    robot._send = watched
    assert robot.move(Motion((joint,), (target,))) is Ending.REACHED
    assert all(abs(ahead) <= limit + 1e-9 for _, ahead in seen)
    times = [time_s for time_s, _ in seen]
    assert all(later - sooner >= 0.25 - 1e-9 for sooner, later in itertools.pairwise(times))
    assert positions(Motion((joint,), (target,)), robot.state(), before)[0] == pytest.approx(target, abs=0.02)


def test_next_motion_waits_until_the_driver_takes_it(robot):
    robot.move(Motion((LIFT,), (LOOK_LIFT + 0.01,)))
    robot.move(Motion((LIFT,), (LOOK_LIFT + 0.02,)))
    times = [time_s for time_s, _ in robot.steps]
    assert min(later - sooner for sooner, later in itertools.pairwise(times)) >= REJECTED_WITHIN_S - 1e-9


def test_head_and_fingers_go_in_one_step(robot):
    robot.faults.held_finger = -math.inf
    assert robot.move(Motion((HEAD_PAN,), (1.0,))) is Ending.REACHED
    assert robot.steps[0][1].targets == (1.0,)


def test_motion_already_there_sends_nothing(robot):
    assert robot.move(Motion((LIFT,), (LOOK_LIFT,))) is Ending.REACHED
    assert robot.steps == []


def test_joints_move_together_base_alone(robot):
    assert robot.move(Motion((LIFT, ARM, WRIST_ROLL), (0.8, 0.2, 1.0))) is Ending.REACHED
    with pytest.raises(MotionRefusedError, match="the base moves alone"):
        robot.move(Motion((TRANSLATE, LIFT), (0.1, 0.8)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_not_finite_targets_are_refused(robot, value):
    with pytest.raises(MotionRefusedError, match="finite"):
        robot.move(Motion((LIFT,), (value,)))
    with pytest.raises(MotionRefusedError, match="finite"):
        robot.move(Motion((LIFT,), (0.7,), (value,)))
    assert robot.steps == []


def test_unknown_joint_names_the_choices(robot):
    with pytest.raises(MotionRefusedError, match=r"'joint_tail'.*joint_lift"):
        robot.move(Motion(("joint_tail",), (0.0,)))


def test_target_beyond_a_limit_is_refused(robot):
    with pytest.raises(UnreachableError, match=r"joint_lift = 1\.200"):
        robot.move(Motion((LIFT,), (1.2,)))


def test_cancel_stops_within_a_period(robot):
    calls = iter([False, False, True])
    with pytest.raises(MotionCancelledError):
        robot.move(Motion((ARM,), (0.5,)), lambda: next(calls))
    at = robot.state().position(ARM)
    robot._wait(2.0)
    assert robot.state().position(ARM) == at < 0.1


@pytest.mark.parametrize(
    ("faults", "error", "code"),
    [
        (Faults(refuse=True), MotionRefusedError, 402),
        (Faults(stuck=LIFT), MotionTimeoutError, 403),
        (Faults(runstopped=True), RunstoppedError, 404),
        (Faults(silent=True), StaleStateError, 406),
        (Faults(not_finite=LIFT), StaleStateError, 406),
    ],
)
def test_each_fault_has_its_error(faults, error, code):
    robot = KinematicRobot(faults=faults)
    with pytest.raises(error) as caught:
        robot.move(Motion((LIFT,), (0.9,)))
    assert caught.value.code == code
    assert str(caught.value)


def test_runstop_during_a_motion_ends_it(robot):
    def cancelled():
        robot.faults.runstopped = robot.time_s > 0.5
        return False

    with pytest.raises(RunstoppedError):
        robot.move(Motion((ARM,), (0.5,)), cancelled)


def test_guarded_motion_ends_in_contact(robot):
    robot.faults.contact_below = 0.55
    assert robot.move(Motion((LIFT,), (0.5,), (), (15.0,))) is Ending.CONTACT
    assert robot.state().position(LIFT) == pytest.approx(0.55)


def test_gripper_stalls_on_what_it_holds_and_reaches_otherwise(robot):
    assert robot.gripper(-0.06) is Ending.STALLED
    assert robot.state().position(FINGER) == pytest.approx(0.05)
    robot.faults.held_finger = -math.inf
    assert robot.gripper(-0.06) is Ending.REACHED
    robot.faults.stuck = FINGER
    assert robot.gripper(0.05) is Ending.STALLED


def test_a_finger_that_trembles_on_what_it_holds_stands(robot):
    state = robot.state

    def trembling():
        seen = state()
        finger = seen.joints[FINGER]
        moved = replace(finger, position=finger.position + 0.003 * math.cos(20 * math.pi * robot.time_s))
        return replace(seen, joints={**seen.joints, FINGER: moved})

    robot.state = trembling
    assert robot.gripper(-0.06) is Ending.STALLED


def test_last_step_is_the_target_itself():
    motion = Motion((LIFT, TRANSLATE), (0.7, 0.3))
    step = next_step(motion, (0.68, 0.0), SteppingConfig())
    assert step.targets == (0.7, 0.048)


def test_the_driver_is_never_sent_a_zero_for_a_default():
    assert filled((LIFT, WRIST_ROLL), (0.0, 0.0), SPEEDS) == () == filled((LIFT,), (), SPEEDS)
    assert filled((LIFT, WRIST_ROLL), (0.05, 0.0), SPEEDS) == (0.05, SPEEDS[WRIST_ROLL])
    assert filled((ARM, WRIST_ROLL, LIFT), (0.0, 0.0, 20.0), CONTACTS) == (CONTACTS[ARM], 100.0, 20.0)


@pytest.mark.parametrize(("joint", "speed"), [(TRANSLATE, 0.03), (LIFT, 0.05), (ARM, 0.08), (ROTATE, 0.1)])
def test_a_slow_joint_is_led_no_further_than_it_needs_to_keep_its_speed(joint: str, speed: float) -> None:
    """What was sent is driven to its end when whoever sent it dies; a step as long as a fast joint's took a second."""
    config = SteppingConfig()
    ahead = lead(Motion((joint,), (0.5,), (speed,)), 0, config.period_s, config)
    braking = speed**2 / (2.0 * ACCELERATIONS[joint])
    assert speed * config.period_s + braking < ahead < largest_step(joint, config)
    assert ahead < speed * 2.0 * config.period_s + braking, "not two steps ahead"


def test_no_speed_makes_a_step_longer_or_vanish() -> None:
    config, motion = SteppingConfig(), Motion((HEAD_PAN, ARM), (0.5, 0.4), (0.1, 0.0))
    assert [lead(motion, index, 0.25, config) for index in (0, 1)] == [
        largest_step(HEAD_PAN, config), config.linear_step
    ]  # fmt: skip
    assert lead(Motion((ARM,), (0.4,), (0.4,)), 0, 0.25, config) == config.linear_step
    assert lead(Motion((ARM,), (0.4,), (1e-9,)), 0, 0.25, config) == config.linear_tolerance
