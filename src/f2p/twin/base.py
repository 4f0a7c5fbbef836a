"""The base's set-points: increments along and about itself, or a velocity, from where it was last commanded to be."""

from __future__ import annotations

import math

from f2p.robot.frames import compose_planar, invert_planar
from f2p.robot.protocol import ROTATE, TRANSLATE
from f2p.twin.goals import DRIVES
from f2p.twin.trapezoid import Trapezoid

Pose = tuple[float, float, float]
"""x, y [m] and heading [rad] in `odom`."""


class BaseDrive:
    """Two profiles, of which at most one moves.

    Attributes:
        axes: The profile of `TRANSLATE` and of `ROTATE`; positions are displacements since the last command.
    """

    def __init__(self, at: Pose) -> None:
        self.axes = {
            name: Trapezoid(0.0, DRIVES[name].speed, DRIVES[name].acceleration) for name in (TRANSLATE, ROTATE)
        }
        self._since = at

    def hold(self, at: Pose) -> None:
        """Stand here."""
        self._since = at
        for axis in self.axes.values():
            axis.hold(0.0)

    def command(self, joint: str, increment: float, speed: float, acceleration: float, measured: Pose) -> float:
        """Move by an increment from the measured pose; returns the target as a displacement."""
        self._rebase()
        target = self.displacement(joint, measured) + increment
        self.axes[joint].go(target, speed, acceleration)
        return target

    def displacement(self, joint: str, measured: Pose) -> float:
        """Return how far the base has come along or about itself since the last command [m or rad]."""
        if joint == ROTATE:
            return measured[2] - self._since[2]
        return compose_planar(invert_planar(self._since), measured)[0]

    def twist(self, linear: float, angular: float) -> None:
        """Keep the set-points running ahead at a velocity."""
        self._rebase()
        for name, wanted in ((TRANSLATE, linear), (ROTATE, angular)):
            axis, drive = self.axes[name], DRIVES[name]
            axis.go(math.copysign(1.0, wanted), min(abs(wanted), drive.top_speed), drive.top_acceleration)

    def advance(self, step_s: float) -> Pose:
        """Move on by `step_s`; returns where the base shall be."""
        for axis in self.axes.values():
            axis.advance(step_s)
        return self.set_point()

    def set_point(self) -> Pose:
        """Return where the base shall be; the heading is not wrapped."""
        moved = compose_planar(self._since, (self.axes[TRANSLATE].position, 0.0, 0.0))
        return moved[0], moved[1], self._since[2] + self.axes[ROTATE].position

    def _rebase(self) -> None:
        """Count displacements from the present set-point, at the speed it has."""
        self._since = self.set_point()
        for axis in self.axes.values():
            axis.target -= axis.position
            axis.position = 0.0
