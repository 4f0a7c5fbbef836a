"""Kinematics of the downward gripper: forward and inverse agree, and the tables lie within reach."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.robot.errors import UnreachableError
from f2p.robot.frames import (
    BASE_START_TASK,
    TASK_FROM_BASE_START,
    base_task_from_odometry,
    compose_planar,
    invert_planar,
)
from f2p.robot.kinematics import (
    LIMITS,
    LevelPose,
    TopDownPose,
    aperture_from_finger,
    base_from_gripper,
    finger_from_aperture,
    level,
    top_down,
)
from f2p.robot.protocol import ARM, LIFT, WRIST_PITCH, JointState, RobotState


def state_at(solution, base_task):
    base = compose_planar(base_task, (solution.translate, 0.0, 0.0))
    return RobotState({name: JointState(value) for name, value in zip(*solution.joints, strict=True)}, base)


@settings(deadline=None, max_examples=200)
@given(st.floats(0.5, 0.9), st.floats(-1.0, 1.0), st.floats(0.5, 0.97), st.floats(-3.14, 3.14), st.floats(-0.05, 0.05))
def test_inverse_then_forward_is_identity(gripper_task, x, y, z, heading, turned):
    base = (BASE_START_TASK[0], 0.1, BASE_START_TASK[2] + turned)
    if abs(turned) > 0.01:
        x = min(max(x, 0.55), 0.85)  # a turned base reaches less deep at the far ends
        y = min(max(y, -0.5), 0.5)
    found = gripper_task(state_at(top_down(TopDownPose(x, y, z, heading), base), base))
    assert np.allclose([found.x, found.y, found.z], [x, y, z], atol=1e-3)
    assert abs(math.remainder(found.heading - heading, math.pi)) < 2e-3


def test_whole_workspace_is_reachable_with_a_carry_over_it():
    for x in np.linspace(0.5, 0.9, 9):
        for y in np.linspace(-1.0, 1.0, 21):
            for z in (0.5, 0.65, 0.72, 0.8 + 0.17, 0.5 + 0.25):
                top_down(TopDownPose(x, y, z, 0.3), BASE_START_TASK)


@pytest.mark.parametrize(
    ("pose", "limit"),
    [
        (TopDownPose(0.95, 0.0, 0.6, 0.0), ARM),
        (TopDownPose(0.3, 0.0, 0.6, 0.0), ARM),
        (TopDownPose(0.7, 0.0, 1.0, 0.0), LIFT),
        (TopDownPose(0.7, 2.0, 0.6, 0.0), "the base's place along task y"),
    ],
)
def test_out_of_reach_names_the_limit(pose, limit):
    with pytest.raises(UnreachableError, match="must lie within") as caught:
        top_down(pose, BASE_START_TASK, "the placement of 'box'")
    assert caught.value.limit == limit
    assert "the placement of 'box' is out of reach" in str(caught.value)
    assert caught.value.code == 401


@settings(deadline=None, max_examples=200)
@given(st.floats(0.75, 0.95), st.floats(-0.6, 0.6), st.floats(0.2, 1.2), st.floats(-0.6, 0.6), st.floats(-0.05, 0.05))
def test_level_inverse_then_forward_is_identity(x, y, z, direction, turned):
    base = (BASE_START_TASK[0], 0.1, BASE_START_TASK[2] + turned)
    found = level(LevelPose(x, y, z, direction), base)
    end = compose_planar(compose_planar(base, (found.translate, 0.0, 0.0)), (0.0, 0.0, found.turn))
    gripper = base_from_gripper(dict(zip(*found.joints, strict=True)))
    at = compose_planar(end, (gripper[0, 3], gripper[1, 3], 0.0))
    assert (*at[:2], gripper[2, 3]) == pytest.approx((x, y, z), abs=1e-3)
    ahead = compose_planar((0.0, 0.0, end[2]), (gripper[0, 2], gripper[1, 2], 0.0))
    assert ahead[:2] == pytest.approx((math.cos(direction), math.sin(direction)), abs=1e-3)
    assert abs(gripper[2, 2]) < 1e-3 and abs(gripper[2, 0]) < 1e-3, "level, fingers beside each other"


@pytest.mark.parametrize(
    ("pose", "limit"),
    [
        (LevelPose(0.6, 0.0, 0.6, 0.0), ARM),
        (LevelPose(1.3, 0.0, 0.6, 0.0), ARM),
        (LevelPose(0.8, 0.0, 0.05, 0.0), LIFT),
        (LevelPose(0.8, 2.0, 0.6, 0.0), "the base's place along task y"),
        (LevelPose(0.8, 0.0, 0.6, 1.5), "the angle between arm and drive"),
    ],
)
def test_out_of_reach_from_the_front_names_the_limit(pose, limit):
    with pytest.raises(UnreachableError, match="the grasp is out of reach") as caught:
        level(pose, BASE_START_TASK, "the grasp")
    assert caught.value.limit == limit


def test_roll_stays_nearest_and_within_limits():
    for near in (-3.1, -1.0, 0.0, 1.0, 3.1):
        for heading in np.linspace(-math.pi, math.pi, 25):
            roll = top_down(TopDownPose(0.7, 0.0, 0.6, heading), BASE_START_TASK, near_roll=near).roll
            assert abs(roll) <= LIMITS["joint_wrist_roll"][1]


def test_downward_gripper_points_down():
    pose = base_from_gripper({WRIST_PITCH: -1.57, LIFT: 0.6, ARM: 0.1})
    assert pose[2, 2] < -0.999


def test_aperture_map_is_the_drivers():
    assert finger_from_aperture(0.342) == pytest.approx(1.0)
    assert aperture_from_finger(finger_from_aperture(0.05)) == pytest.approx(0.05)


def test_task_frame_puts_the_arm_on_plus_x():
    ahead = TASK_FROM_BASE_START @ np.array([0.0, -1.0, 0.0, 1.0])
    assert np.allclose(ahead[:3] - TASK_FROM_BASE_START[:3, 3], [1.0, 0.0, 0.0])
    left = TASK_FROM_BASE_START[:3, :3] @ np.array([1.0, 0.0, 0.0])
    assert np.allclose(left, [0.0, 1.0, 0.0])


def test_odometry_becomes_task_pose_relative_to_the_start():
    assert base_task_from_odometry((0.0, 0.0, 0.0)) == pytest.approx(BASE_START_TASK)
    start = (1.0, 2.0, 0.5)
    now = compose_planar(start, (0.3, 0.0, 0.0))
    assert base_task_from_odometry(now, start) == pytest.approx((0.27, 0.3, math.pi / 2))


@given(st.tuples(*[st.floats(-3.0, 3.0)] * 3))
def test_inverse_of_a_planar_pose(pose):
    x, y, heading = compose_planar(pose, invert_planar(pose))
    assert (x, y) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert abs(heading) < 1e-9
