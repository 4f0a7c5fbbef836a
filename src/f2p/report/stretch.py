"""The Stretch as a few boxes in the task frame, as it stood, or as it stands when a task begins: who looks and acts."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from f2p.geometry import box_corners
from f2p.report.seen import Stance
from f2p.robot.frames import TASK_FROM_BASE_START, transform_from_pose
from f2p.robot.kinematics import DOWN_PITCH, base_from_gripper
from f2p.robot.protocol import ARM, LIFT, WRIST_PITCH

CAMERA_BASE = np.array([-0.03, 0.08, 1.33])
"""Head camera in base_link with the head straight [m] (stretch.md 1.2: the camera's mount on the mast's top)."""

TUCKED = {LIFT: 0.9, ARM: 0.1, WRIST_PITCH: DOWN_PITCH}
"""Joints as they are drawn where nobody recorded where they stood [m, rad] (ours: lifted and drawn in)."""

_PARTS: tuple[tuple[tuple[float, float, float], tuple[float, float, float]], ...] = (
    ((-0.11, 0.0, 0.09), (0.34, 0.33, 0.14)),  # base
    ((-0.067, 0.135, 0.69), (0.07, 0.07, 1.30)),  # mast
    ((-0.04, 0.12, 1.37), (0.10, 0.10, 0.08)),  # head
)
"""Centre and size of what does not move, in base_link [m] (hello-robot-stretch-urdf 0.1.2, rounded)."""

_FACES = np.array([(0, 1, 3), (0, 3, 2), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4), (2, 3, 7), (2, 7, 6), (0, 2, 6),
                   (0, 6, 4), (1, 3, 7), (1, 7, 5)])  # fmt: skip


def boxes(stance: Stance | None = None) -> list[np.ndarray]:
    """Return the corners of its parts in the task frame [m], as it stood or as it begins. Each of shape (8, 3)."""
    joints = TUCKED if stance is None else {**TUCKED, **stance.joints}
    placed = TASK_FROM_BASE_START if stance is None else transform_from_pose(*stance.base_task)
    grip = base_from_gripper(joints)[:3, 3]
    arm_end = grip[1]
    parts = [*_PARTS, ((grip[0], (0.1 + arm_end) / 2, grip[2] + 0.25), (0.06, abs(0.1 - arm_end), 0.06)),
             ((grip[0], grip[1], grip[2] + 0.1), (0.05, 0.05, 0.26))]  # fmt: skip
    corners = (box_corners(np.array(center), np.array(size), 0.0) for center, size in parts)
    return [one @ placed[:3, :3].T + placed[:3, 3] for one in corners]


def trace(stance: Stance | None = None) -> go.Mesh3d:
    """Return it for a 3-D figure."""
    parts, when = boxes(stance), "where the task began" if stance is None else "as it stood"
    points = np.concatenate(parts)
    faces = np.concatenate([_FACES + 8 * row for row in range(len(parts))])
    return go.Mesh3d(
        x=points[:, 0], y=points[:, 1], z=points[:, 2], i=faces[:, 0], j=faces[:, 1], k=faces[:, 2],
        color="#555555", opacity=0.35, name=f"Stretch, {when}", showlegend=True, hoverinfo="name",
    )  # fmt: skip


def camera_task() -> np.ndarray:
    """Return where the head camera is in the task frame when a task begins [m]. Shape (3,)."""
    point: np.ndarray = TASK_FROM_BASE_START[:3, :3] @ CAMERA_BASE + TASK_FROM_BASE_START[:3, 3]
    return point
