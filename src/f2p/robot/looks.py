"""How the robot stands to look at the room, and where the head points for each look.

The camera stands upright (58 degrees across, 87 from top to bottom), so two tables side by side need two looks, merged
in the task frame. The arm is in and low: at this height the wrist is clear of a box on the tables' near edge, and the
arm hides only a strip between the tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from f2p.robot.kinematics import DOWN_PITCH
from f2p.robot.protocol import ARM, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW, Motion

LOOK_LIFT = 0.60
"""Lift while looking [m] (ours: the wrist's underside is at 0.72 m, above a 12 cm box on a 50 cm table)."""

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
