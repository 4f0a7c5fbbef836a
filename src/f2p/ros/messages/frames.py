"""Frames as TF messages: a planar turn, a stamped transform, and where the task frame lies in the odometry's."""

from __future__ import annotations

import math

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from f2p.robot.frames import BASE_START_TASK, invert_planar
from f2p.ros.messages.convert import TASK_FRAME

ODOMETRY_FRAME = "odom"
"""The driver's frame of odometry, whose origin is where the base stood when the driver started."""


def about_z(angle: float) -> Quaternion:
    """Return a turn about the vertical [rad]."""
    return Quaternion(x=0.0, y=0.0, z=math.sin(angle / 2), w=math.cos(angle / 2))


def stamped(parent: str, child: str, offset: np.ndarray, turn: Quaternion, stamp: Time) -> TransformStamped:
    """Return the pose of `child` in `parent`. `offset` [m], shape (3,)."""
    x, y, z = (float(value) for value in offset)
    return TransformStamped(
        header=Header(stamp=stamp, frame_id=parent), child_frame_id=child,
        transform=Transform(translation=Vector3(x=x, y=y, z=z), rotation=turn),
    )  # fmt: skip


def task_frame(stamp: Time) -> TFMessage:
    """Return the task frame, fixed in the odometry's: scenes are in it, and rviz shows them where they are."""
    x, y, heading = invert_planar(BASE_START_TASK)
    return TFMessage(transforms=[stamped(ODOMETRY_FRAME, TASK_FRAME, np.array([x, y, 0.0]), about_z(heading), stamp)])
