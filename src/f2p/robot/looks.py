"""How the robot stands to look at the workspace, and where the head points for each look.

The camera stands upright (58 degrees across, 87 from top to bottom), so two tables side by side need two looks, merged
in the task frame. The arm is in and low: at this height the wrist is clear of a box on the tables' near edge, and the
arm hides only a strip between the tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from f2p.robot.kinematics import DOWN_PITCH, base_from_gripper
from f2p.robot.protocol import ARM, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW, Motion
from f2p.types import frozen

LOOK_LIFT = 0.60
"""Lift while looking [m] (ours: the wrist's underside is at 0.72 m, above a 12 cm box on a 50 cm table)."""

CLEAR_LIFT = 1.0
"""Lift at which the arm may come in over whatever stands there [m] (ours: the gripper is at 0.88 m, and what it holds
reaches 0.2 m down to 0.68 m, above a 12 cm box on a 50 cm table)."""

LOOK_Y = 0.0
"""Where the base stands along task y while looking [m]."""


@dataclass(frozen=True)
class Look:
    """Head angles of one look."""

    pan: float
    """[rad]; -pi/2 looks along the arm, more looks to the task's left."""
    tilt: float
    """[rad]; negative looks down."""

    @property
    def motion(self) -> Motion:
        """The head motion of this look. The driver calls it done 0.15/0.52 rad early: wait until it stands."""
        return Motion((HEAD_PAN, HEAD_TILT), (self.pan, self.tilt))


LOOKS = (Look(-math.pi / 2 + 0.73, -0.80), Look(-math.pi / 2 - 0.73, -0.80))
"""Left and right table, from the base's start."""

ARM_IN = Motion((ARM, WRIST_ROLL), (0.0, 0.0))
"""First half of the looking posture: arm in, at whatever height it is."""

ARM_LOW = Motion((LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL), (LOOK_LIFT, 0.0, DOWN_PITCH, 0.0))
"""Second half: lift down, once the arm is in."""

OWN_BODY = frozen([[-0.17, -0.06, -0.60], [0.17, 0.06, 0.06]])
"""Where gripper and wrist are in the frame of the grasp centre: low and high corner [m] (ours: RE2 dex wrist)."""


def without_gripper(points_base: np.ndarray, positions: dict[str, float]) -> np.ndarray:
    """Return the points that are not the robot's own gripper and wrist. Shape (m, 3), m <= n.

    Args:
        points_base: Points in base_link [m]. Shape (n, 3).
        positions: Joint positions [m or rad].
    """
    pose = base_from_gripper(positions)
    local = (points_base - pose[:3, 3]) @ pose[:3, :3]
    return points_base[~np.all((local >= OWN_BODY[0]) & (local <= OWN_BODY[1]), axis=1)]
