"""The task frame on TF: where scenes lie beside the robot, in rviz and for whoever asks tf2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from builtin_interfaces.msg import Time

from f2p.robot.frames import base_task_from_odometry, transform_from_pose
from f2p.ros.base.compat import Transforms
from f2p.ros.messages.convert import TASK_FRAME
from f2p.ros.messages.frames import about_z, stamped, task_frame

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("odometry", [(0.0, 0.0, 0.0), (0.4, -0.2, 0.7)])
def test_the_base_is_on_tf_where_the_loop_takes_it_to_be(odometry: tuple[float, float, float]) -> None:
    tree, stamp = Transforms(), Time(sec=5)
    moved = stamped("odom", "base_link", np.array([*odometry[:2], 0.0]), about_z(odometry[2]), stamp)
    for one, static in ((task_frame(stamp).transforms[0], True), (moved, False)):
        move, turn = one.transform.translation, one.transform.rotation
        pose = np.array([move.x, move.y, move.z, turn.x, turn.y, turn.z, turn.w])
        tree.add(one.header.frame_id, one.child_frame_id, 5_000_000_000, pose, static)
    task_from_base = tree.lookup(TASK_FRAME, "base_link", 5_000_000_000, 0.1)
    np.testing.assert_allclose(task_from_base, transform_from_pose(*base_task_from_odometry(odometry)), atol=1e-9)


def test_the_view_of_rviz_is_fixed_in_it() -> None:
    view = yaml.safe_load((ROOT / "config" / "f2p.rviz").read_text())
    assert view["Visualization Manager"]["Global Options"]["Fixed Frame"] == TASK_FRAME
