"""What a skill may ask of a body: state, one motion to final targets, the gripper, and stop.

The body, or the guard between it and the skill, cuts a motion into bounded steps (at most 0.05 m, 0.15 rad, four a
second; promises.md 0.4) and never commands more than one of them ahead. A skill therefore states final targets and
waits; it never streams. All methods are called from one thread, the skill's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

LIFT = "joint_lift"
ARM = "wrist_extension"
WRIST_YAW = "joint_wrist_yaw"
WRIST_PITCH = "joint_wrist_pitch"
WRIST_ROLL = "joint_wrist_roll"
FINGER = "joint_gripper_finger_left"
HEAD_PAN = "joint_head_pan"
HEAD_TILT = "joint_head_tilt"
TRANSLATE = "translate_mobile_base"
ROTATE = "rotate_mobile_base"

BODY_JOINTS = (LIFT, ARM, WRIST_YAW, WRIST_PITCH, WRIST_ROLL, FINGER, HEAD_PAN, HEAD_TILT)
"""Joints that hold an absolute position, as the Stretch driver names them (stretch.md 1.1)."""

BASE_JOINTS = (TRANSLATE, ROTATE)
"""The base takes displacements from where it stands when the motion begins, and moves alone."""

Cancelled = Callable[[], bool]
"""Asked at least four times a second during a motion; True stops it."""


def never() -> bool:
    """Return the `Cancelled` of a motion nobody will cancel."""
    return False


@dataclass(frozen=True)
class JointState:
    """One joint as measured."""

    position: float
    """[m] or [rad]."""
    velocity: float = 0.0
    """[m/s] or [rad/s]."""
    effort: float = 0.0
    """Percent of the motor's own scale, as the driver reports it."""


@dataclass(frozen=True)
class RobotState:
    """The body at one moment."""

    joints: dict[str, JointState]
    """One entry for each of `BODY_JOINTS`."""
    base_task: tuple[float, float, float]
    """x, y [m] and heading [rad] of base_link in the task frame."""
    runstopped: bool = False
    monotonic_s: float = 0.0
    """When it was received, on the monotonic clock [s]."""

    def position(self, joint: str) -> float:
        """Return the measured position of one of `BODY_JOINTS` [m or rad]."""
        return self.joints[joint].position


@dataclass(frozen=True)
class Motion:
    """Final targets of some joints, moved together."""

    joints: tuple[str, ...]
    targets: tuple[float, ...]
    """Absolute for `BODY_JOINTS`; a displacement for `BASE_JOINTS` [m or rad]."""
    speeds: tuple[float, ...] = ()
    """Empty, or one each; 0 takes the driver's default [m/s or rad/s]."""
    contact_thresholds: tuple[float, ...] = ()
    """Empty, or one each, in percent of effort; 0 takes the driver's default."""

    @property
    def moves_base(self) -> bool:
        """Whether it drives the base."""
        return any(joint in BASE_JOINTS for joint in self.joints)


class Ending(str, Enum):
    """How a motion that raised nothing ended."""

    REACHED = "reached"
    CONTACT = "contact"
    """A joint met more effort than its threshold and stands there (driver error 100, which is no failure)."""
    STALLED = "stalled"
    """The gripper closed on something."""


class Robot(Protocol):
    """A Stretch with the dexterous wrist, real, simulated or imagined."""

    stands_in: str
    """What stands in for friction between fingers and what they hold, to be told with a result; empty on a robot."""

    def state(self) -> RobotState:
        """Return the latest measured state. Raises StaleStateError when there is none that may be acted on."""

    def move(self, motion: Motion, cancelled: Cancelled = never) -> Ending:
        """Move to the targets and wait until there, in contact, or refused.

        Raises:
            MotionRefusedError, MotionTimeoutError, RunstoppedError, MotionCancelledError: the body stands.
        """

    def gripper(self, aperture: float, cancelled: Cancelled = never) -> Ending:
        """Open or close to `aperture` [m, the driver's linear map] and wait; STALLED when something is between."""

    def stop(self) -> None:
        """Stand still now, whatever was asked before."""
