"""The driver model answers as the robot's driver does, its pitfalls (stretch.md 1.3) included."""

import math

import numpy as np
import pytest

from f2p.robot.kinematics import SERVO_SPEED_STEP
from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, HEAD_TILT, LIFT, ROTATE, TRANSLATE
from f2p.twin.driver import StretchDriver
from f2p.twin.driver_config import DriverConfig
from f2p.twin.goals import (
    CONTACT,
    DRIVES,
    INVALID_GOAL,
    INVALID_JOINTS,
    NO_MODE_FOR_GOALS,
    PATH_TOLERANCE_VIOLATED,
    GoalStatus,
    Point,
    TrajectoryGoal,
)


def goal(**targets):
    return TrajectoryGoal(tuple(targets), (Point(tuple(targets.values())),))


def sent(driver, made):
    assert driver.send_goal(made)
    return made


def test_goal_is_reached_within_the_drivers_tolerance_at_the_drivers_speed(driver):
    made = sent(driver, goal(joint_lift=0.7))
    speeds = []
    while made.status is GoalStatus.ACTIVE:
        driver.advance(0.02)
        speeds.append(driver.joints()[LIFT].velocity)
    assert made.status is GoalStatus.SUCCEEDED and made.error_code == 0
    assert max(speeds) == pytest.approx(0.11, abs=0.005)
    assert abs(driver.joints()[LIFT].position - 0.7) < DRIVES[LIFT].tolerance
    driver.advance(1.0)
    assert driver.joints()[LIFT].position == pytest.approx(0.7, abs=1e-3)


def test_way_points_are_reached_in_turn(driver):
    made = sent(driver, TrajectoryGoal((ARM,), (Point((0.05,)), Point((0.02,)))))
    highest = 0.0
    for _ in range(100):
        driver.advance(0.05)
        highest = max(highest, driver.joints()[ARM].position)
    assert made.status is GoalStatus.SUCCEEDED
    assert highest > 0.04 and driver.joints()[ARM].position == pytest.approx(0.02, abs=2e-3)


@pytest.mark.parametrize(
    "targets",
    [
        {"joint_tail": 0.1},
        {"joint_lift": 0.7, "joint_tail": 0.1},
        {"wrist_extension": 0.1, "joint_arm": 0.1},
        {"joint_arm_l0": 0.05, "joint_arm_l1": 0.05},
        {"joint_arm": 0.1, "joint_arm_l0": 0.1, "joint_arm_l1": 0.1, "joint_arm_l2": 0.1, "joint_arm_l3": 0.1},
        {"gripper_aperture": 0.03, "joint_gripper_finger_left": 0.1},
        {"translate_mobile_base": 0.1, "rotate_mobile_base": 0.1},
    ],
)
def test_wrong_joint_names_are_answered_with_invalid_joints(driver, targets):
    made = sent(driver, goal(**targets))
    assert (made.status, made.error_code) == (GoalStatus.ABORTED, INVALID_JOINTS)
    assert made.error_string


def test_four_stages_are_one_arm(driver):
    made = sent(driver, goal(**{f"joint_arm_l{stage}": 0.02 for stage in range(4)}))
    driver.advance(2.0)
    assert made.status is GoalStatus.SUCCEEDED
    assert driver.joints()[ARM].position == pytest.approx(0.08, abs=2e-3)


def test_aperture_and_finger_are_the_same_joint(driver):
    sent(driver, goal(gripper_aperture=0.0342))
    driver.advance(1.0)
    assert driver.joints()[FINGER].position == pytest.approx(0.1, abs=2e-3)


def test_missing_positions_are_invalid(driver):
    made = sent(driver, TrajectoryGoal((LIFT, ARM), (Point((0.7,)),)))
    assert made.error_code == INVALID_JOINTS


def test_out_of_range_is_clamped_in_silence(driver):
    made = sent(driver, goal(wrist_extension=0.9))
    driver.advance(8.0)
    assert made.status is GoalStatus.SUCCEEDED
    assert driver.joints()[ARM].position == pytest.approx(0.52, abs=2e-3)


def test_out_of_range_fails_only_when_configured(twin):
    driver = StretchDriver(twin, DriverConfig(fail_out_of_range_goal=True))
    made = sent(driver, goal(wrist_extension=0.9))
    assert made.status is GoalStatus.ABORTED and made.error_code == INVALID_JOINTS
    assert sent(driver, goal(wrist_extension=0.5205)).status is GoalStatus.ACTIVE, "a millimetre over is clamped"


def test_second_goal_within_200_ms_is_rejected_later_ones_preempt(driver):
    first = sent(driver, goal(joint_lift=0.8))
    driver.advance(0.1)
    assert not driver.send_goal(goal(joint_lift=0.9))
    driver.advance(0.11)
    second = sent(driver, goal(joint_lift=0.75))
    assert (first.status, first.error_code, first.error_string) == (GoalStatus.ABORTED, 0, "")
    driver.advance(3.0)
    assert second.status is GoalStatus.SUCCEEDED


def test_goal_right_after_a_finished_one_is_taken(driver):
    first = sent(driver, goal(joint_lift=0.6))
    driver.advance(0.01)
    assert first.status is GoalStatus.SUCCEEDED
    assert driver.send_goal(goal(joint_lift=0.61))


def test_preempting_does_not_stop_the_motion(driver):
    sent(driver, goal(joint_lift=0.9))
    driver.advance(1.0)
    sent(driver, goal(joint_head_pan=0.0))
    driver.advance(0.5)
    assert driver.joints()[LIFT].velocity == pytest.approx(0.11, abs=0.01)


def test_ten_seconds_are_the_end_of_a_goal_not_of_its_motion(driver):
    made = sent(driver, TrajectoryGoal((LIFT,), (Point((1.1,), (0.03,)),)))
    driver.advance(10.1)
    assert (made.status, made.error_code) == (GoalStatus.ABORTED, PATH_TOLERANCE_VIOLATED)
    assert driver.joints()[LIFT].velocity == pytest.approx(0.03, abs=0.005)


def test_cancel_does_not_stop_the_motion_and_stop_does(driver):
    made = sent(driver, goal(wrist_extension=0.5))
    driver.advance(1.0)
    driver.cancel(made)
    assert made.status is GoalStatus.CANCELED
    driver.advance(0.5)
    assert driver.joints()[ARM].velocity > 0.1
    driver.stop_the_robot()
    driver.advance(0.35)
    assert abs(driver.joints()[ARM].velocity) < 0.01


def test_stop_alone_leaves_the_goal_active_until_it_times_out(driver):
    made = sent(driver, goal(wrist_extension=0.5))
    driver.advance(0.5)
    driver.stop_the_robot()
    driver.advance(5.0)
    assert made.status is GoalStatus.ACTIVE and abs(driver.joints()[ARM].velocity) < 1e-3
    driver.advance(5.0)
    assert made.error_code == PATH_TOLERANCE_VIOLATED


def test_null_base_command_aborts_with_an_empty_result(driver):
    made = sent(driver, goal(translate_mobile_base=0.0))
    assert (made.status, made.error_code, made.error_string) == (GoalStatus.ABORTED, 0, "")


def test_base_moves_by_increments_from_where_it_is(driver):
    for _ in range(2):
        made = sent(driver, goal(translate_mobile_base=0.1))
        driver.advance(2.5)
        assert made.status is GoalStatus.SUCCEEDED
    assert driver.odometry == pytest.approx((0.2, 0.0, 0.0), abs=2e-3)
    sent(driver, goal(rotate_mobile_base=math.pi / 2))
    driver.advance(6.0)
    sent(driver, goal(translate_mobile_base=0.1))
    driver.advance(2.5)
    assert driver.odometry == pytest.approx((0.2, 0.1, math.pi / 2), abs=3e-3)


def test_streamed_increments_keep_the_base_rolling(driver):
    speeds = []
    for _ in range(8):
        sent(driver, TrajectoryGoal((TRANSLATE,), (Point((0.05,), (0.12,), (0.3,)),)))
        driver.advance(0.25)
        speeds.append(driver.twin.velocity("base_x"))
    assert min(speeds[1:]) > 0.05
    driver.advance(1.0)
    assert driver.odometry[0] < 8 * 0.05


def test_head_succeeds_before_it_has_settled(driver):
    made = sent(driver, goal(joint_head_pan=1.0, joint_head_tilt=0.0))
    while made.status is GoalStatus.ACTIVE:
        driver.advance(0.01)
    pan, tilt = driver.joints()[HEAD_PAN], driver.joints()[HEAD_TILT]
    assert abs(pan.position - 1.0) > 0.02 and abs(pan.velocity) > 0.1
    assert abs(tilt.position) < 0.52


def test_contact_ends_the_goal_with_100_and_the_joint_stands(driver):
    sent(driver, goal(joint_lift=0.85))
    driver.advance(3.0)
    sent(driver, goal(translate_mobile_base=0.45))
    driver.advance(5.0)
    sent(driver, goal(wrist_extension=0.25))
    driver.advance(3.0)
    made = sent(driver, TrajectoryGoal((LIFT,), (Point((0.4,), (0.1,), (), (15.0,)),)))
    driver.advance(4.0)
    assert (made.status, made.error_code, made.error_string) == (GoalStatus.ABORTED, CONTACT, "--")
    at = driver.joints()[LIFT].position
    assert 0.6 < at < 0.8
    driver.advance(1.0)
    assert driver.joints()[LIFT].position == pytest.approx(at, abs=5e-3)


def test_free_motion_is_no_contact(driver):
    made = sent(driver, TrajectoryGoal((LIFT,), (Point((0.9,), (0.11,), (0.3,), (12.0,)),)))
    driver.advance(4.0)
    assert made.status is GoalStatus.SUCCEEDED


def test_navigation_mode_takes_twists_and_no_increments(driver):
    driver.twist(0.1, 0.0)
    driver.advance(0.5)
    assert driver.odometry == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)
    assert driver.change_mode("navigation").success and driver.mode == "navigation"
    made = sent(driver, goal(translate_mobile_base=0.1))
    assert made.error_code == NO_MODE_FOR_GOALS
    assert sent(driver, goal(joint_lift=0.7)).error_code == NO_MODE_FOR_GOALS, "nor any other goal"
    for _ in range(10):
        driver.twist(0.1, 0.0)
        driver.advance(0.1)
    assert driver.twin.velocity("base_x") == pytest.approx(0.1, abs=0.01)
    driver.advance(0.5 + 0.6)  # the watchdog's half second, and braking
    assert abs(driver.twin.velocity("base_x")) < 0.005


def test_runstop_button_acts_at_once_and_the_drivers_mode_follows_when_the_goal_has_run_out(driver):
    made = sent(driver, goal(wrist_extension=0.5))
    driver.advance(1.0)
    driver.press_runstop(True)
    driver.advance(0.3)
    at = driver.joints()[ARM]
    assert driver.runstopped and abs(at.velocity) < 0.01
    assert driver.mode == "position" and not driver.publishing, "the goal holds the lock"
    driver.advance(9.0)
    assert made.error_code == PATH_TOLERANCE_VIOLATED and driver.mode == "runstopped" and driver.publishing
    refused = sent(driver, goal(joint_lift=0.7))
    assert refused.error_code == INVALID_GOAL and "runstopped" in refused.error_string
    driver.press_runstop(False)
    driver.advance(0.1)
    assert driver.mode == "position"
    driver.advance(1.0)
    assert driver.joints()[ARM].position == pytest.approx(at.position, abs=2e-3), "nothing resumes"


def test_software_runstop_is_pressed_and_released(driver):
    assert driver.change_mode("runstopped").message == "is_runstopped: True"
    driver.advance(0.1)
    assert driver.runstopped and driver.mode == "runstopped"
    assert driver.change_mode("released").done
    driver.advance(0.1)
    assert not driver.runstopped and driver.mode == "position"
    sent(driver, goal(joint_lift=0.62))
    driver.advance(2.0)
    assert driver.joints()[LIFT].position == pytest.approx(0.62, abs=2e-3)


def test_homing_is_silent_and_refuses_goals_until_it_is_done(twin):
    driver = StretchDriver(twin, DriverConfig(homed=False, homing_s=1.0))
    asked = driver.change_mode("homing")
    assert sent(driver, goal(joint_lift=0.7)).error_code == INVALID_GOAL
    driver.advance(0.5)
    ticks = driver.ticks
    second = driver.change_mode("homing")
    driver.advance(0.3)
    assert driver.ticks == ticks and not driver.publishing and not asked.done and not driver.homed
    driver.advance(0.3)
    assert asked.done and asked.success and asked.message == "Homed." and driver.homed
    assert not second.done, "calls are answered one after the other"
    driver.advance(1.1)
    assert second.done and driver.mode == "position"
    assert sent(driver, goal(joint_lift=0.62)).status is GoalStatus.ACTIVE


def test_stow_folds_in_silence_and_returns_to_position_mode(driver):
    asked = driver.change_mode("stowing")
    driver.advance(1.0)
    assert driver.mode == "stowing" and not driver.publishing and not asked.done
    driver.advance(11.0)
    assert driver.mode == "position" and asked.done and asked.message == "Stowed."
    joints = driver.joints()
    assert joints[LIFT].position == pytest.approx(0.2, abs=2e-3)
    assert joints["joint_wrist_yaw"].position == pytest.approx(3.0, abs=0.01)


def test_home_is_refused_while_runstopped_and_stow_says_it_was_done(driver):
    driver.change_mode("runstopped")
    driver.advance(0.1)
    home, stow = driver.change_mode("homing"), driver.change_mode("stowing")
    assert (home.success, home.message) == (False, "Cannot home while in mode=runstopped.")
    assert (stow.success, stow.message) == (True, "Stowed.") and driver.mode == "runstopped"


def test_the_wheels_stop_by_themselves_when_the_drivers_loop_hangs(driver):
    """promises.md 0.4: the driver's half second is not there while a service works, the firmware's second is."""
    driver.change_mode("navigation")
    for _ in range(10):
        driver.twist(0.1, 0.0)
        driver.advance(0.1)
    driver.change_mode("homing")
    driver.advance(0.8)
    assert driver.twin.velocity("base_x") > 0.09
    driver.advance(1.2)
    assert abs(driver.twin.velocity("base_x")) < 0.005


def test_a_turn_is_done_within_6_degrees_only_at_rest(driver):
    made = sent(driver, goal(rotate_mobile_base=0.5))
    while made.status is GoalStatus.ACTIVE:
        driver.advance(0.01)
    error = abs(driver.odometry[2] - 0.5)
    assert made.status is GoalStatus.SUCCEEDED and error < math.radians(0.6), "it came on without a rest"
    turned = sent(driver, goal(rotate_mobile_base=0.5))
    driver.advance(0.2)
    while driver.odometry[2] < 0.5 + 0.5 - math.radians(3.0):
        driver.advance(0.01)
    assert turned.status is GoalStatus.ACTIVE, "within 6 degrees, but turning"
    driver.stop_the_robot()
    driver.advance(1.0)
    assert turned.status is GoalStatus.SUCCEEDED, "at rest, 3 degrees off"


def test_wrist_speeds_come_in_the_servos_steps(driver):
    sent(driver, goal(joint_wrist_roll=1.0))
    speeds = set()
    for _ in range(30):
        driver.advance(0.02)
        speeds.add(driver.joints()["joint_wrist_roll"].velocity)
    assert max(speeds) > 1.0
    assert all(abs(speed / SERVO_SPEED_STEP - round(speed / SERVO_SPEED_STEP)) < 1e-6 for speed in speeds)


def test_feedback_names_desired_and_error_in_the_goals_own_units(driver):
    sent(driver, goal(**{f"joint_arm_l{stage}": 0.05 for stage in range(4)}, gripper_aperture=0.0342))
    driver.advance(0.5)
    desired, errors = driver.feedback()
    assert desired == (0.05, 0.05, 0.05, 0.05, 0.0342)
    assert errors[0] == errors[3] == pytest.approx((0.2 - driver.joints()[ARM].position) / 4)
    assert abs(errors[4]) < 0.005


def moved(driver, *points, joints=("joint_lift", "wrist_extension"), stamped=False):
    return TrajectoryGoal(joints, tuple(Point(at, time_s=time_s) for time_s, *at in points), stamped)


def test_trajectory_mode_follows_way_points_in_time(driver):
    assert driver.change_mode("trajectory").message == "Now in trajectory mode."
    made = sent(driver, moved(driver, (0.0, 0.6, 0.0), (1.0, 0.65, 0.1), (3.0, 0.65, 0.0)))
    driver.advance(1.0)
    assert driver.joints()[ARM].position == pytest.approx(0.1, abs=0.02)
    assert driver.feedback() == ((), ())
    driver.advance(2.2)
    assert made.status is GoalStatus.SUCCEEDED and made.error_string == "traj succeeded!"
    assert driver.joints()[LIFT].position == pytest.approx(0.65, abs=5e-3)


def test_trajectory_mode_passes_way_points_at_their_velocities(driver):
    driver.change_mode("trajectory")
    points = (Point((0.6,), (0.0,)), Point((0.65,), (0.05,), time_s=1.0), Point((0.7,), (0.0,), time_s=2.0))
    sent(driver, TrajectoryGoal((LIFT,), points))
    driver.advance(1.0)
    assert driver.joints()[LIFT].position == pytest.approx(0.65, abs=5e-3)
    assert driver.joints()[LIFT].velocity == pytest.approx(0.05, abs=0.02)


def test_nan_passes_the_clamp_as_in_the_driver(driver):
    made = sent(driver, goal(joint_head_pan=math.nan))
    assert made.status is GoalStatus.ACTIVE


def test_reset_puts_everything_back(driver, world):
    running = sent(driver, goal(joint_lift=0.9, wrist_extension=0.3))
    driver.advance(2.0)
    driver.reset(world)
    assert running.status is GoalStatus.ABORTED
    assert driver.joints()[LIFT].position == pytest.approx(0.6, abs=1e-3)
    assert np.allclose(driver.twin.world().poses, world.poses, atol=0.03)
    driver.advance(1.0)
    assert driver.joints()[LIFT].position == pytest.approx(0.6, abs=1e-3)


def test_rotation_needs_the_base_alone_in_the_twin_too(driver):
    made = sent(driver, goal(**{ROTATE: 0.3}))
    driver.advance(2.0)
    assert made.status is GoalStatus.SUCCEEDED
    assert driver.odometry[2] == pytest.approx(0.3, abs=5e-3)


def test_a_zero_is_taken_at_its_word(driver):
    """stretch.md 1.3.15: an absent entry is the default; a 0 leaves the lift standing and sees contact everywhere."""
    start = driver.joints()[LIFT].position
    slow = sent(driver, TrajectoryGoal((LIFT,), (Point((start + 0.1,), (0.0,)),)))
    driver.advance(12.0)
    assert slow.status is GoalStatus.ABORTED and slow.error_code == PATH_TOLERANCE_VIOLATED
    assert driver.joints()[LIFT].position == pytest.approx(start, abs=2e-3)
    touchy = sent(driver, TrajectoryGoal((LIFT,), (Point((start + 0.1,), (), (), (0.0,)),)))
    driver.advance(2.0)
    assert touchy.status is GoalStatus.ABORTED and touchy.error_code == CONTACT
