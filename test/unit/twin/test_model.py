"""The robot in MuJoCo is the robot of the URDF: frames, limits, mass without weight, and no contact with itself."""

import math

import numpy as np
import pytest

from f2p.robot.frames import TASK_FROM_BASE_START
from f2p.robot.kinematics import ARM_STAGES, LIMITS, base_from_gripper
from f2p.robot.protocol import ARM, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.twin import model as parts
from f2p.twin.description import read_links
from f2p.twin.errors import RobotDescriptionError


def put(twin, positions):
    import mujoco

    for name, value in positions.items():
        for joint in parts.ARM_JOINTS if name == ARM else (name,):
            twin.data.joint(joint).qpos[0] = value / (ARM_STAGES if name == ARM else 1)
    mujoco.mj_kinematics(twin.model, twin.data)


@pytest.mark.parametrize("seed", range(5))
def test_closed_form_kinematics_agree_with_the_description(twin, seed):
    rng = np.random.default_rng(seed)
    positions = {name: rng.uniform(*LIMITS[name]) for name in (LIFT, ARM, WRIST_YAW, WRIST_PITCH, WRIST_ROLL)}
    put(twin, positions)
    site = twin.data.site(parts.GRASP_SITE)
    wanted = TASK_FROM_BASE_START @ base_from_gripper(positions)
    assert np.allclose(site.xpos, wanted[:3, 3], atol=2e-5)
    assert np.allclose(site.xmat.reshape(3, 3), wanted[:3, :3], atol=1e-4)


def test_limits_are_the_narrower_of_driver_and_description():
    links = {link.joint: link for link in read_links().values()}
    for name in (LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL, HEAD_PAN, HEAD_TILT):
        assert links[name].limits[0] <= LIMITS[name][0] and LIMITS[name][1] <= links[name].limits[1]
    # what the driver clamps by the motors' ticks on RE2 (stretch_body robot_params_RE2V0, see docs/stretch.md 1.2)
    ticks = {WRIST_YAW: (-1.49, 4.48), WRIST_PITCH: (-1.57, 0.45), WRIST_ROLL: (-2.91, 2.91),
             HEAD_PAN: (-3.95, 1.92), HEAD_TILT: (-1.69, 0.42)}  # fmt: skip
    for name, (low, high) in ticks.items():
        assert low <= LIMITS[name][0] and LIMITS[name][1] <= high
    assert sum(links[stage].limits[1] for stage in parts.ARM_JOINTS) == pytest.approx(LIMITS[ARM][1])


def test_camera_is_upright_and_looks_over_the_arm(twin):
    put(twin, {HEAD_PAN: -math.pi / 2, HEAD_TILT: 0.0})
    pose = np.linalg.inv(TASK_FROM_BASE_START) @ twin.world_from_link(parts.CAMERA_LINK)
    assert pose[:3, 2] == pytest.approx([0.0, -1.0, 0.0], abs=1e-3)  # looks along -y of the base
    assert pose[:3, 0] == pytest.approx([0.0, 0.0, -1.0], abs=1e-3)  # image right is down: turned by 90 degrees
    assert pose[2, 3] == pytest.approx(1.31, abs=0.01)


def test_robot_stands_where_it_is_put_and_touches_nothing_of_itself(twin):
    before = {name: twin.position(name) for name in parts.SERVOS}
    twin.step(400)
    assert {name: twin.position(name) for name in parts.SERVOS} == pytest.approx(before, abs=1e-4)
    robot = twin.scene.body_of_geom < 0
    pairs = twin.data.contact.geom[: twin.data.ncon]
    assert not np.any(robot[pairs].all(axis=1))
    assert all(abs(twin.effort(name)) < 0.5 for name in parts.SERVOS)


def test_missing_wheel_says_what_to_install(tmp_path):
    with pytest.raises(RobotDescriptionError, match=r"does not exist; pip install hello-robot-stretch-urdf==0\.1\.2"):
        read_links(tmp_path / "none.urdf")
