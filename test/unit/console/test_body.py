"""The Stretch as it is shown: light meshes that look the same, on frames that stand where the kinematics say."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.console.body import lightened, placed
from f2p.robot.kinematics import base_from_gripper
from f2p.robot.protocol import ARM, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.twin.description import read_links, triangles

viser_transforms = pytest.importorskip("viser.transforms", reason="no viser: run the set-up (make test) first")


@pytest.mark.parametrize(("lift", "arm", "yaw", "pitch", "roll"), [(0, 0, 0, 0, 0), (0.6, 0.3, 0.4, -1.57, 0.2)])
def test_the_chain_of_frames_ends_where_the_kinematics_say(
    lift: float, arm: float, yaw: float, pitch: float, roll: float
) -> None:
    links = read_links()
    joints = {LIFT: lift, WRIST_YAW: yaw, WRIST_PITCH: pitch, WRIST_ROLL: roll}
    joints |= {f"joint_arm_l{stage}": arm / 4 for stage in range(4)}
    name, whole = "link_straight_gripper", np.eye(4)
    while name != "base_link":
        link = links[name]
        position, turn = placed(link, joints.get(link.joint, 0.0))
        step = np.eye(4)
        step[:3, :3], step[:3, 3] = viser_transforms.SO3(np.asarray(turn)).as_matrix(), position
        whole, name = step @ whole, link.parent
    wanted = base_from_gripper({**joints, ARM: arm})
    grasp = whole @ np.array([0.0, 0.0, 0.23, 1.0])
    np.testing.assert_allclose(grasp[:3], wanted[:3, 3], atol=2e-3)


def test_a_mesh_is_made_light_and_keeps_its_extents() -> None:
    visual = read_links()["base_link"].visual
    assert visual is not None
    corners = triangles(visual[0])
    light = lightened(corners)
    assert len(light.faces) < 0.2 * len(corners) and light.faces.max() < len(light.vertices)
    points = corners.reshape(-1, 3)
    np.testing.assert_allclose(light.vertices.min(axis=0), points.min(axis=0), atol=0.008)
    np.testing.assert_allclose(light.vertices.max(axis=0), points.max(axis=0), atol=0.008)


def test_what_collapses_is_left_out_and_nothing_is_there_twice() -> None:
    corner = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]])
    tiny = 0.001 + 0.001 * corner / 0.1
    light = lightened(np.stack([corner, corner + 1e-4, tiny]))
    assert light.faces.shape == (1, 3) and len(light.vertices) == 3


def test_every_link_that_is_shown_has_its_mesh() -> None:
    shown = [link for link in read_links().values() if link.visual is not None]
    assert len(shown) > 25 and all(link.visual[0].is_file() for link in shown if link.visual)
