"""Where the task frame lies: fixed to the floor by where the base stands when a task starts.

Stretch's arm works along -y of base_link, so the task's +x is the base's -y and the task's +y the base's +x: a turn of
+90 degrees about z. The base stands at x = 0.27 m of the task frame, not at its origin (ours): pointing straight down,
the gripper reaches 0.12 to 0.64 m from the base's centre line, which so becomes x = 0.39 .. 0.91 m, the tables of the
transport task; the base's edge comes to x = 0.45 m, under the tables' near edge.
"""

from __future__ import annotations

import math

import numpy as np

from f2p.geometry import turn_about_z
from f2p.types import frozen

BASE_START_TASK = (0.27, 0.0, math.pi / 2)
"""x, y [m] and heading [rad] of base_link in the task frame when a task starts."""


def transform_from_pose(x: float, y: float, heading: float) -> np.ndarray:
    """Return the rigid transform of a planar pose. Shape (4, 4)."""
    out = np.eye(4)
    out[:3, :3], out[:2, 3] = turn_about_z(heading), (x, y)
    return frozen(out)


TASK_FROM_BASE_START = transform_from_pose(*BASE_START_TASK)
"""Takes points of base_link at task start to the task frame. Shape (4, 4)."""


def compose_planar(first: tuple[float, float, float], second: tuple[float, float, float]) -> tuple[float, float, float]:
    """Pose `second`, given in the frame of `first`, in the frame `first` is given in: (x, y [m], heading [rad])."""
    cosine, sine = math.cos(first[2]), math.sin(first[2])
    x = first[0] + cosine * second[0] - sine * second[1]
    y = first[1] + sine * second[0] + cosine * second[1]
    return x, y, math.remainder(first[2] + second[2], 2.0 * math.pi)


def invert_planar(pose: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the inverse of a planar pose."""
    return compose_planar((0.0, 0.0, -pose[2]), (-pose[0], -pose[1], 0.0))


def base_task_from_odometry(
    odometry: tuple[float, float, float], odometry_at_start: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> tuple[float, float, float]:
    """Return the pose of base_link in the task frame, from the odometry now and the one when the task started."""
    moved = compose_planar(invert_planar(odometry_at_start), odometry)
    return compose_planar(BASE_START_TASK, moved)
