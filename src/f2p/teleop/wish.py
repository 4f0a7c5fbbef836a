"""What an operator wants at one moment, as speeds; nothing is wanted that is not held down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from f2p.robot.kinematics import LIMITS
from f2p.robot.protocol import (
    ARM,
    FINGER,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Motion,
)

TOP = {
    TRANSLATE: 0.15, ROTATE: 0.5, LIFT: 0.11, ARM: 0.14, WRIST_YAW: 0.6, WRIST_PITCH: 0.6, WRIST_ROLL: 0.6, FINGER: 1.0,
    HEAD_PAN: 1.0, HEAD_TILT: 1.0,
}  # fmt: skip
"""Fastest by hand [m/s or rad/s] (ours: the driver's defaults for lift and arm, the guard's steps for a wrist)."""


class Speed(IntEnum):
    """The three speeds."""

    SLOW = 0
    MEDIUM = 1
    FAST = 2


class Order(Enum):
    """What an operator says rather than drives; the first four give the robot back."""

    RESUME = "resume"
    DONE = "done"
    SKIP = "skip"
    GIVE_UP = "give_up"
    QUIT = "quit"
    UNLATCH = "unlatch"
    """Clear the guard's latch, e.g. after the runstop."""


@dataclass(frozen=True)
class Wish:
    """Speeds that are wanted, of the base or of the body, never of both: the driver is in one mode at a time."""

    pressed: bool = False
    """Whether a deadman is held: the robot is the operator's, moving or not."""
    linear: float = 0.0
    """Of the base along its x axis [m/s]."""
    turning: float = 0.0
    """Of the base about its z axis [rad/s]."""
    jogs: tuple[tuple[str, float], ...] = ()
    """Joints of the body with their signed speeds [m/s or rad/s], by name."""

    @property
    def drives(self) -> bool:
        """Whether the base is to move."""
        return self.linear != 0.0 or self.turning != 0.0


STILL = Wish()
"""Nothing is held."""


def jog_motion(jogs: tuple[tuple[str, float], ...]) -> Motion:
    """Return the motion of some joints towards their limits, to be ended when it is not wished any more.

    The guard leads each joint there from where it is measured, one bounded step ahead.
    """
    joints = tuple(joint for joint, _ in jogs)
    targets = tuple(LIMITS[joint][1] if speed > 0.0 else LIMITS[joint][0] for joint, speed in jogs)
    return Motion(joints, targets, tuple(abs(speed) for _, speed in jogs))
