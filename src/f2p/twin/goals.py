"""Goals as the Stretch driver takes them: joint names, points, tolerances, and what it answers.

Every oddity here is the driver's (stretch.md 1.1 to 1.3), kept so that the stack meets it in simulation first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from f2p.robot.kinematics import GRIPPER_METRES_PER_RADIAN, LIMITS
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
)

SUCCESSFUL, INVALID_GOAL, INVALID_JOINTS, PATH_TOLERANCE_VIOLATED = 0, -1, -2, -4
"""Error codes of control_msgs/FollowJointTrajectory that the driver uses."""

CONTACT = 100
"""The driver's own code: a guarded contact ended the goal."""

NO_MODE_FOR_GOALS = -100
"""The driver's own code: goals in navigation mode, and trajectories the hardware does not start."""


ROTATION_TOLERANCES = (math.radians(6.0), math.radians(0.6))
"""A turn is done within the second, or within the first once the base turns more slowly than `TURN_DONE` [rad]."""

TURN_DONE = math.radians(1.0)
"""[rad/s]."""

CLIP = 1e-3
"""So little out of range is clamped even where that fails a goal [m or rad]."""


@dataclass(frozen=True)
class Drive:
    """How one joint moves by default."""

    speed: float
    """[m/s or rad/s]."""
    top_speed: float
    acceleration: float
    """[m/s^2 or rad/s^2]."""
    top_acceleration: float
    tolerance: float
    """Error at which the driver calls a goal reached [m or rad]."""
    contact: float = math.inf
    """Effort that counts as contact unless a goal says otherwise [%]; infinite where the driver has no guard."""


DRIVES: dict[str, Drive] = {
    LIFT: Drive(0.11, 0.15, 0.2, 0.3, 0.015, 50.0),
    ARM: Drive(0.14, 0.40, 0.14, 0.4, 0.008, 55.0),
    WRIST_YAW: Drive(2.0, 3.0, 4.0, 8.0, 0.015),
    WRIST_PITCH: Drive(2.0, 3.0, 4.0, 8.0, 0.015),
    WRIST_ROLL: Drive(2.0, 4.5, 4.0, 8.0, 0.015),
    FINGER: Drive(1.0, 8.0, 8.0, 16.0, 0.015),
    HEAD_PAN: Drive(3.0, 3.0, 8.0, 16.0, 0.15),
    HEAD_TILT: Drive(3.0, 3.0, 8.0, 16.0, 0.52),
    TRANSLATE: Drive(0.12, 0.15, 0.12, 0.3, 0.005, 60.0),
    ROTATE: Drive(0.5, 1.0, 0.5, 1.0, math.radians(6.0), 60.0),
}
"""Speeds and tolerances as in stretch.md 1.2. Ours: the finger's speed, the head's top speed, how fast the base turns,
accelerations of what turns, the base's top speed of 0.15 m/s, and lift contact: the driver's -10 .. 69 % include the
arm's weight, which the twin compensates."""

SERVOS = (WRIST_YAW, WRIST_PITCH, WRIST_ROLL, FINGER, HEAD_PAN, HEAD_TILT)
"""Motors to which a speed of 0 means "no profile": as fast as they can."""

ARM_PARTS = ("joint_arm_l3", "joint_arm_l2", "joint_arm_l1", "joint_arm_l0")
ARM_NAMES = ("joint_arm", ARM)
GRIPPER_NAMES = ("gripper_aperture", "joint_gripper_finger_left", "joint_gripper_finger_right")
PLAIN_NAMES = (LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL, HEAD_PAN, HEAD_TILT, TRANSLATE, ROTATE)


@dataclass(frozen=True)
class Point:
    """One way point: arrays in the order of the goal's joints, the last three optional."""

    positions: tuple[float, ...]
    velocities: tuple[float, ...] = ()
    accelerations: tuple[float, ...] = ()
    effort: tuple[float, ...] = ()
    """Misused by the driver as contact threshold [%]."""
    time_s: float = 0.0
    """Time from the start; counts in trajectory mode only [s]."""


class GoalStatus(str, Enum):
    """Where a goal stands."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    ABORTED = "aborted"
    CANCELED = "canceled"


@dataclass
class TrajectoryGoal:
    """A trajectory goal and its fate; the driver writes the last three."""

    joints: tuple[str, ...]
    points: tuple[Point, ...]
    stamped: bool = False
    """Whether its header says when to start, which trajectory mode refuses."""
    status: GoalStatus = GoalStatus.ACTIVE
    error_code: int = SUCCESSFUL
    error_string: str = ""

    def end(self, status: GoalStatus, error_code: int = SUCCESSFUL, error_string: str = "") -> None:
        """Reach a final status; the first one stays."""
        if self.status is GoalStatus.ACTIVE:
            self.status, self.error_code, self.error_string = status, error_code, error_string


@dataclass(frozen=True)
class Command:
    """What one point asks of one joint, in the twin's own terms."""

    joint: str
    position: float
    """Absolute, clamped; a displacement for the base [m or rad]."""
    speed: float
    acceleration: float
    contact: float


class JointNamesError(Exception):
    """Joint names or points that the driver answers with an error code; caught inside the driver model."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


def check_names(joints: tuple[str, ...]) -> None:
    """Raise JointNamesError as the driver's command groups do."""
    known = {*PLAIN_NAMES, *ARM_NAMES, *ARM_PARTS, *GRIPPER_NAMES}
    parts = [name for name in joints if name in ARM_PARTS]
    arms = [name for name in joints if name in ARM_NAMES]
    grippers = [name for name in joints if name in GRIPPER_NAMES]
    valid = [name for name in joints if name in known]
    problem = ""
    if not valid:
        problem = f"Received a command without any valid joint names. Received joint names = {list(joints)}"
    elif len(valid) != len(joints) or len(set(joints)) != len(joints):
        problem = f"Received only {len(set(valid))} valid joints out of {len(joints)} total joints: {list(joints)}"
    elif len(arms) + bool(parts) > 1 or len(parts) not in (0, len(ARM_PARTS)):
        problem = "the arm takes one of joint_arm, wrist_extension, or all four of joint_arm_l3..l0"
    elif len(grippers) > 1:
        problem = f"more than one gripper joint name: {grippers}"
    elif TRANSLATE in joints and ROTATE in joints:
        problem = "simultaneous translation and rotation of the mobile base requested. This is not allowed."
    if problem:
        raise JointNamesError(INVALID_JOINTS, problem)


def commands(
    joints: tuple[str, ...], point: Point, fail_out_of_range: bool, zeros_count: bool = True
) -> tuple[Command, ...]:
    """Translate one point: names, speeds, thresholds; positions out of range are clamped in silence.

    A NaN passes the clamp, as in the driver (promises.md 0.5). Unless `zeros_count`, a 0 takes the default.

    Raises:
        JointNamesError: positions are missing, or out of range where `fail_out_of_range`.
    """
    if len(point.positions) < len(joints):
        raise JointNamesError(INVALID_JOINTS, f"{len(point.positions)} positions for {len(joints)} joints")
    if any(name in ARM_PARTS for name in joints):
        joints, point = _arm_summed(joints, point)
    out = []
    for index, name in enumerate(joints):
        joint, scale = own_joint(name)
        drive = DRIVES[joint]
        wanted = point.positions[index] * scale
        position = _clamped(joint, wanted)
        if fail_out_of_range and abs(position - wanted) >= CLIP:
            raise JointNamesError(INVALID_JOINTS, f"{name}: {point.positions[index]} is out of range")
        pace = drive.speed / scale
        zero = (drive.top_speed if joint in SERVOS else 0.0) if zeros_count else pace
        speed = _given(point.velocities, index, pace, zero)
        brisk = _given(point.accelerations, index, drive.acceleration, drive.top_acceleration)
        contact = _given(point.effort, index, drive.contact, 0.0 if zeros_count else drive.contact)
        out.append(Command(
            joint, position, min(speed * scale, drive.top_speed), min(brisk, drive.top_acceleration), contact
        ))  # fmt: skip
    return tuple(out)


def _given(values: tuple[float, ...], index: int, absent: float, zero: float) -> float:
    """Return the absolute value given for a joint; a 0 is no "default" to the driver (stretch.md 1.3.15)."""
    if index >= len(values):
        return absent
    return abs(values[index]) or zero


def _clamped(joint: str, value: float) -> float:
    """Return `value` within the joint's limits; comparisons with NaN are false, so it passes."""
    low, high = LIMITS.get(joint, (-math.inf, math.inf))
    if value < low:
        return low
    return high if value > high else value


def own_joint(name: str) -> tuple[str, float]:
    """Return the twin's joint behind a driver name, and the factor from its unit."""
    if name == "gripper_aperture":
        return FINGER, 1.0 / GRIPPER_METRES_PER_RADIAN
    if name in GRIPPER_NAMES:
        return FINGER, 1.0
    return (ARM, 1.0) if name in ARM_NAMES else (name, 1.0)


def _arm_summed(joints: tuple[str, ...], point: Point) -> tuple[tuple[str, ...], Point]:
    """Return the four stages of the telescope as one extension, with the first stage's speed and threshold."""
    stages = [index for index, name in enumerate(joints) if name in ARM_PARTS]
    keep = [index for index in range(len(joints)) if index not in stages]

    def picked(values: tuple[float, ...], arm: float) -> tuple[float, ...]:
        return (*(values[index] for index in keep), arm) if len(values) == len(joints) else ()

    def of_first(values: tuple[float, ...]) -> tuple[float, ...]:
        return picked(values, values[stages[0]] if len(values) == len(joints) else 0.0)

    total = sum(point.positions[index] for index in stages)
    summed = Point(picked(point.positions, total), of_first(point.velocities), of_first(point.accelerations),
                   of_first(point.effort))  # fmt: skip
    return (*(joints[index] for index in keep), ARM), summed
