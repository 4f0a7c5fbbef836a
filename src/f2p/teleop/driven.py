"""What was driven by hand: where the robot is now, beside where it was when it was taken."""

from __future__ import annotations

from f2p.guard.driver import base_displacement
from f2p.robot.protocol import RobotState

NOTED = 1e-3
"""A displacement below this is none [m or rad] (ours: what encoders tell of a joint that stands)."""


def driven_between(before: RobotState | None, after: RobotState | None) -> dict[str, float]:
    """Return how far each joint, and the base, is from where it was [m or rad]; nothing where one is not known."""
    if before is None or after is None:
        return {}
    moved = {joint: after.position(joint) - before.position(joint) for joint in before.joints}
    moved |= base_displacement(before.base_task, after.base_task)
    return {joint: way for joint, way in moved.items() if abs(way) > NOTED}
