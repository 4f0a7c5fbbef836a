"""Every pitfall of the robot's driver is met here first, and can be switched off (stretch.md 1.3)."""

import dataclasses
import math
from pathlib import Path

import pytest

from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, LIFT, TRANSLATE, WRIST_ROLL
from f2p.twin.driver import StretchDriver
from f2p.twin.driver_config import DriverConfig
from f2p.twin.goals import CONTACT, INVALID_GOAL, PATH_TOLERANCE_VIOLATED, GoalStatus, Point, TrajectoryGoal
from f2p.twin.pitfalls import Pitfalls

ON, OFF = True, False
both = pytest.mark.parametrize("on", [ON, OFF])


@pytest.fixture
def made(twin):
    """A driver with one pitfall on or off, the others as they are."""
    return lambda name, on, **more: StretchDriver(
        twin, DriverConfig(pitfalls=dataclasses.replace(Pitfalls(), **{name: on}), **more)
    )


def goal(**targets):
    return TrajectoryGoal(tuple(targets), (Point(tuple(targets.values())),))


def sent(driver, new):
    assert driver.send_goal(new)
    return new


def touch(driver):
    """Lower the gripper onto a table, guarded: it stands in a contact."""
    for targets, seconds in (({LIFT: 0.85}, 3.0), ({TRANSLATE: 0.45}, 5.0), ({ARM: 0.25}, 3.0)):
        sent(driver, goal(**targets))
        driver.advance(seconds)
    touching = sent(driver, TrajectoryGoal((LIFT,), (Point((0.4,), (0.1,), (), (15.0,)),)))
    driver.advance(4.0)
    assert touching.error_code == CONTACT
    return touching


def test_all_are_on_by_default_and_say_what_they_are():
    fields = dataclasses.fields(Pitfalls())
    assert all(getattr(Pitfalls(), item.name) for item in fields)
    assert all(item.metadata["text"] and item.metadata["source"] for item in fields)


def test_every_one_has_its_test_here():
    tested = "".join(Path(__file__).read_text().split("def test_")[3:])
    assert not [item.name for item in dataclasses.fields(Pitfalls) if f'"{item.name}"' not in tested]


@both
def test_a_contact_says_only_100(made, on):
    touching = touch(made("contact_without_words", on))
    assert touching.error_string == ("--" if on else "contact: joint_lift")


@both
def test_the_goal_after_a_contact_aborts_at_once_and_moves_all_the_same(made, on):
    """The retreat after a touch: found 2 of the driver's truth; 5 cm instead of 10 in three of three lifts."""
    driver = made("stale_contact_flag", on)
    touch(driver)
    at = driver.joints()[LIFT].position
    retreat = sent(driver, goal(joint_lift=at + 0.05))
    driver.advance(0.02)
    assert (retreat.error_code, retreat.status is GoalStatus.ACTIVE) == ((CONTACT, False) if on else (0, True))
    driver.advance(1.5)
    assert driver.joints()[LIFT].position == pytest.approx(at + 0.05, abs=3e-3)
    second = sent(driver, goal(joint_lift=at + 0.1))
    driver.advance(1.5)
    assert second.status is GoalStatus.SUCCEEDED, "by then the flag is gone"


def test_a_stop_and_a_fresh_look_clear_the_flag(made):
    driver = made("stale_contact_flag", ON)
    touch(driver)
    driver.stop_the_robot()
    driver.advance(0.1)
    retreat = sent(driver, goal(joint_lift=driver.joints()[LIFT].position + 0.05))
    driver.advance(1.5)
    assert retreat.status is GoalStatus.SUCCEEDED


def test_a_contact_of_the_lift_does_not_end_a_goal_for_the_arm(made):
    driver = made("stale_contact_flag", ON)
    touch(driver)
    assert sent(driver, goal(wrist_extension=0.25)).status is GoalStatus.ACTIVE
    driver.advance(0.5)
    assert driver.active_goal is None and driver.mode == "position"


@both
def test_a_goal_out_of_time_leaves_its_motion_running(made, on):
    driver = made("timeout_moves_on", on)
    late = sent(driver, TrajectoryGoal((LIFT,), (Point((1.1,), (0.03,)),)))
    driver.advance(10.5)
    assert late.error_code == PATH_TOLERANCE_VIOLATED
    assert driver.joints()[LIFT].velocity == pytest.approx(0.03 if on else 0.0, abs=0.005)


@both
def test_a_goal_within_200_ms_of_an_active_one_is_rejected(made, on):
    driver = made("busy_rejects", on)
    sent(driver, goal(joint_lift=0.8))
    driver.advance(0.1)
    assert driver.send_goal(goal(joint_lift=0.9)) is not on


@both
def test_preempting_by_another_joint_breaks_the_lock_of_the_mode(made, on):
    driver = made("preempting_breaks", on)
    first = sent(driver, goal(joint_lift=0.8))
    driver.advance(0.3)
    second = sent(driver, goal(joint_head_pan=0.5))
    assert (first.status, first.error_code, first.error_string) == (GoalStatus.ABORTED, 0, "")
    driver.advance(1.0)
    assert second.status is GoalStatus.SUCCEEDED and driver.publishing, "nothing shows yet"
    asked = driver.change_mode("position")
    driver.advance(20.0)
    assert asked.done is not on and driver.publishing is not on
    stuck = goal(joint_lift=0.7)
    driver.send_goal(stuck)
    driver.advance(12.0)
    assert (stuck.status is GoalStatus.ACTIVE) is on, "a goal behind it never begins, and never ends"
    driver.reset(None)
    assert driver.publishing and stuck.status is not GoalStatus.ACTIVE and asked.done


def test_preempting_by_the_same_joints_breaks_nothing(made):
    driver = made("preempting_breaks", ON)
    sent(driver, goal(joint_lift=0.8))
    driver.advance(0.3)
    sent(driver, goal(joint_lift=0.8, wrist_extension=0.1))
    driver.advance(3.0)
    assert driver.change_mode("position").done


@both
def test_a_cancelled_motion_runs_on(made, on):
    driver = made("cancel_moves_on", on)
    running = sent(driver, goal(wrist_extension=0.5))
    driver.advance(1.0)
    driver.cancel(running)
    driver.advance(0.5)
    assert (driver.joints()[ARM].velocity > 0.1) is on


@both
def test_stop_leaves_wrist_and_head_to_finish(made, on):
    driver = made("stop_spares_wrist_and_head", on)
    sent(driver, goal(joint_wrist_roll=2.0, joint_head_pan=1.0, wrist_extension=0.4, joint_gripper_finger_left=-0.3))
    driver.advance(0.3)
    driver.stop_the_robot()
    driver.advance(2.0)
    joints = driver.joints()
    assert (joints[WRIST_ROLL].position == pytest.approx(2.0, abs=0.02)) is on
    assert (joints[HEAD_PAN].position == pytest.approx(1.0, abs=0.02)) is on
    assert joints[ARM].position < 0.2 and joints[FINGER].position > -0.25, "arm and gripper stop"


@both
def test_a_null_base_increment_breaks_the_goal_and_the_lock(made, on):
    driver = made("null_base_breaks", on)
    null = sent(driver, goal(translate_mobile_base=0.0))
    driver.advance(0.1)
    assert (null.status, null.error_code) == (GoalStatus.ABORTED if on else GoalStatus.SUCCEEDED, 0)
    assert driver.change_mode("navigation").done is not on


@both
def test_head_goals_end_early(made, on):
    driver = made("early_head", on)
    look = sent(driver, goal(joint_head_tilt=0.2))
    while look.status is GoalStatus.ACTIVE:
        driver.advance(0.01)
    assert (abs(driver.joints()["joint_head_tilt"].position - 0.2) > 0.1) is on


@both
def test_a_loaded_wrist_times_out_where_it_should_be(made, on):
    driver = made("loaded_wrist_times_out", on)
    driver.twin._grasp.held = 3
    turned = sent(driver, goal(joint_wrist_roll=0.5))
    driver.advance(10.5)
    assert driver.joints()[WRIST_ROLL].position == pytest.approx(0.5, abs=0.02)
    assert turned.error_code == (PATH_TOLERANCE_VIOLATED if on else 0)


@both
def test_stop_leaves_the_goal_active(made, on):
    driver = made("stop_keeps_goal", on)
    running = sent(driver, goal(wrist_extension=0.5))
    driver.advance(0.5)
    driver.stop_the_robot()
    driver.advance(5.0)
    assert (running.status is GoalStatus.ACTIVE) is on
    driver.advance(5.0)
    assert running.error_code == (PATH_TOLERANCE_VIOLATED if on else 0)


@both
@pytest.mark.parametrize(
    "refused",
    [
        TrajectoryGoal((LIFT,), (Point((0.6,)),)),
        TrajectoryGoal((LIFT,), (Point((0.6,)), Point((0.7,), time_s=1.0)), stamped=True),
        TrajectoryGoal(("position",), (Point((0.6,)), Point((0.7,), time_s=1.0))),
        TrajectoryGoal((LIFT,), (Point((0.9,)), Point((0.7,), time_s=1.0))),
    ],
)
def test_what_trajectory_mode_refuses_keeps_the_lock(made, on, refused):
    driver = made("trajectory_keeps_lock", on)
    driver.change_mode("trajectory")
    new = dataclasses.replace(refused)
    driver.send_goal(new)
    assert new.status is GoalStatus.ABORTED and new.error_code in (0, -1, -2, -100)
    asked = driver.change_mode("position")
    driver.advance(1.0)
    assert asked.done is not on


@both
def test_nothing_looks_at_a_cancel_in_trajectory_mode(made, on):
    driver = made("trajectory_ignores_cancel", on)
    driver.change_mode("trajectory")
    running = sent(driver, TrajectoryGoal((LIFT,), (Point((0.6,)), Point((0.7,), time_s=2.0))))
    driver.advance(1.0)
    driver.cancel(running)
    driver.stop_the_robot()
    driver.advance(1.2)
    assert running.status is (GoalStatus.SUCCEEDED if on else GoalStatus.CANCELED)
    assert driver.joints()[LIFT].position == pytest.approx(0.7 if on else 0.65, abs=0.01)


@both
def test_the_runstop_waits_for_the_running_goal_and_the_driver_is_silent(made, on):
    driver = made("mode_waits_for_goal", on)
    running = sent(driver, TrajectoryGoal((ARM,), (Point((0.5,), (0.03,)),)))
    driver.advance(1.0)
    asked = driver.change_mode("runstopped")
    ticks = driver.ticks
    driver.advance(1.0)
    assert asked.done is not on and driver.runstopped is not on and (driver.ticks == ticks) is on
    assert (driver.joints()[ARM].velocity > 0.02) is on, "and it moves on meanwhile"
    driver.advance(9.0)
    assert asked.done and driver.runstopped and running.status is GoalStatus.ABORTED


@both
def test_two_threads_hear_no_cancel_while_a_goal_runs_and_a_service_waits(made, on):
    driver = made("two_threads", on)
    running = sent(driver, TrajectoryGoal((ARM,), (Point((0.5,), (0.03,)),)))
    driver.advance(0.3)
    asked = driver.change_mode("navigation")
    stop = driver.stop_the_robot()
    driver.advance(1.0)
    assert not stop.done, "services are answered one after the other"
    assert driver.cancel(running) is not on
    driver.advance(0.1)
    assert asked.done is not on and stop.done is not on
    assert driver.send_goal(goal(wrist_extension=0.1)) is not on


@both
def test_a_change_of_mode_hides_the_runstop(made, on):
    driver = made("mode_hides_runstop", on)
    driver.change_mode("runstopped")
    driver.advance(0.1)
    assert driver.change_mode("position").success is on
    driver.advance(0.1)
    assert driver.runstopped and driver.mode == ("position" if on else "runstopped")
    lift = sent(driver, goal(joint_lift=0.7))
    driver.advance(10.5)
    assert lift.error_code == (PATH_TOLERANCE_VIOLATED if on else INVALID_GOAL)
    assert driver.joints()[LIFT].position == pytest.approx(0.6, abs=2e-3)
    driver.change_mode("released")
    driver.advance(0.1)
    assert driver.runstopped is on, "the service no longer releases it"
    driver.press_runstop(False)
    assert not driver.runstopped


@both
def test_a_robot_that_is_not_homed_takes_goals_and_stands(made, on):
    driver = made("not_homed_times_out", on, homed=False)
    lift = sent(driver, goal(joint_lift=0.7))
    driver.advance(10.5)
    assert lift.error_code == (PATH_TOLERANCE_VIOLATED if on else INVALID_GOAL)
    assert driver.joints()[LIFT].position == pytest.approx(0.6, abs=2e-3)


def test_the_base_needs_no_homing(made):
    driver = made("not_homed_times_out", ON, homed=False)
    sent(driver, goal(translate_mobile_base=0.1))
    driver.advance(2.5)
    assert driver.odometry[0] == pytest.approx(0.1, abs=5e-3)


@both
def test_a_fast_lift_meets_what_is_not_there(made, on):
    driver = made("fast_lift_contacts", on)
    fast = sent(driver, TrajectoryGoal((LIFT,), (Point((0.8,), (0.15,), (0.3,)),)))
    driver.advance(4.0)
    assert fast.error_code == (CONTACT if on else 0)
    driver.stop_the_robot()
    driver.advance(0.5)
    calm = sent(driver, TrajectoryGoal((LIFT,), (Point((1.0,), (0.15,), (0.3,), (75.0,)),)))
    driver.advance(4.0)
    assert calm.status is GoalStatus.SUCCEEDED, "75 percent of effort is not met by the speed alone"


@both
def test_a_zero_is_taken_at_its_word(made, on):
    driver = made("zeros_count", on)
    start = driver.joints()[LIFT].position
    slow = sent(driver, TrajectoryGoal((LIFT,), (Point((start + 0.1,), (0.0,), (), (0.0,)),)))
    driver.advance(3.0)
    assert (driver.joints()[LIFT].position == pytest.approx(start, abs=5e-3)) is on
    assert slow.error_code == (CONTACT if on else 0)


def test_not_finite_goals_break_nothing_in_the_model(made):
    driver = made("zeros_count", ON)
    for name in (LIFT, TRANSLATE, "rotate_mobile_base"):
        for value in (math.nan, math.inf):
            driver.send_goal(goal(**{name: value}))
            driver._judge()
            driver.reset(None)
