"""Forward and closed-form inverse kinematics of Stretch RE2 with the dexterous wrist, pointing straight down or level.

The tool is the dexterous wrist (yaw, pitch, roll) with the standard gripper: pitch at -90 degrees makes top-down grasps
possible, which taking objects out of a box and putting them in needs; the standard wrist (yaw only) cannot.
With pitch down and yaw 0 each of four numbers of the gripper's pose has one joint of its own: base translation along
the tables, arm extension away from the robot, lift up, and wrist roll for the heading of the fingers.
With the wrist level and straight the gripper points where the arm does, so a turn of the base gives its direction.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from f2p.robot.errors import UnreachableError
from f2p.robot.frames import compose_planar, invert_planar
from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.types import frozen

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation

LIMITS: dict[str, tuple[float, float]] = {
    LIFT: (0.0, 1.10),
    ARM: (0.0, 0.52),
    WRIST_YAW: (-1.49, 4.0),
    WRIST_PITCH: (-1.57, 0.45),
    WRIST_ROLL: (-2.91, 2.91),
    FINGER: (-0.376, 0.203),
    HEAD_PAN: (-3.9, 1.5),
    HEAD_TILT: (-1.53, 0.42),
}
"""Lowest and highest position [m or rad]: the narrower of URDF and driver, which clamps in silence (stretch.md 1.2)."""

DOWN_PITCH = -1.57
"""Wrist pitch that points the gripper straight down [rad]: the joint's lower limit."""

LEVEL_PITCH = 0.0
"""Wrist pitch that points the gripper along the arm [rad]."""

GRIPPER_METRES_PER_RADIAN = 2.0 * 0.171
"""The driver's linear map from finger angle to aperture (stretch.md 1.2, stretch_body gripper_conversion)."""

SERVO_SPEED_STEP = 0.229 * 2.0 * math.pi / 60.0
"""A servo of wrist or head tells its speed in steps of 0.229 turns a minute (Dynamixel X; at the joint where the gear
is 1:1, as for pitch, roll and head; finer for the yaw) [rad/s]."""

SERVO_JOINTS = (WRIST_YAW, WRIST_PITCH, WRIST_ROLL, HEAD_PAN, HEAD_TILT)
"""Joints that a servo turns directly."""

ARM_STAGES = 4
"""The arm's telescope has four equal stages; `wrist_extension` is their sum."""

Vector = tuple[float, float, float]

_CHAIN: tuple[tuple[str, Vector, Vector, str, Vector], ...] = (
    ("link_mast", (-0.067, 0.135, 0.0284), (1.5708, 0.0, 0.0), "", (0, 0, 0)),
    ("link_lift", (-0.037385, 0.1666, 0.0), (-1.5708, 1.5708, 0.0), LIFT, (0, 0, 1)),
    ("link_arm_l4", (-0.2547, 0.0, 0.0), (1.5708, 0.0, -1.5708), "", (0, 0, 0)),
    ("link_arm_l0", (0.0, 0.0, 0.02525), (0.0, 0.0, 0.0), ARM, (0, 0, 1)),
    ("link_wrist_yaw", (0.083, -0.03075, 0.0), (1.5708, 0.0, 0.0), WRIST_YAW, (0, 0, -1)),
    ("link_wrist_yaw_bottom", (0.0, 0.0, 0.0), (-math.pi, 0.0, math.pi / 2), "", (0, 0, 0)),
    ("link_wrist_pitch", (0.0, -0.01955, -0.02475), (math.pi / 2, 0.0, -math.pi), WRIST_PITCH, (0, 0, -1)),
    ("link_wrist_roll", (-0.0188587, -0.024, 0.01955), (math.pi, math.pi / 2, 0.0), WRIST_ROLL, (0, 0, 1)),
    ("link_straight_gripper", (0.0, 0.0, 0.0155), (0.0, 0.0, -math.pi), "", (0, 0, 0)),
    ("grasp_center", (0.0, 0.0, 0.23), (0.0, 0.0, 0.0), "", (0, 0, 0)),
)
"""Link, origin xyz [m] and rpy [rad] in its parent, joint and axis: hello-robot-stretch-urdf 0.1.2, RE2V0 dex wrist,
uncalibrated; the telescope's stages are summed and the grasp centre keeps the gripper's own axes (z down the fingers,
x along their closing direction)."""


_OFFSETS = np.array([xyz for _, xyz, _, _, _ in _CHAIN])
_AXES = np.array([axis for _, _, _, _, axis in _CHAIN], dtype=float)
_SLIDES = np.array([joint in (LIFT, ARM) for _, _, _, joint, _ in _CHAIN])[:, None]


@functools.cache
def _turns() -> Rotation:
    """Return how each link is turned in its parent; scipy takes long to import."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_euler("xyz", [rpy for _, _, rpy, _, _ in _CHAIN])  # URDF: fixed axes x, y, z


def base_from_gripper(positions: dict[str, float]) -> np.ndarray:
    """Return the pose of the grasp centre in base_link: z points along the fingers, x where they close. Shape (4, 4).

    Args:
        positions: Joint positions [m or rad]; a missing joint is at 0.
    """
    turns = _turns()
    moved = _AXES * np.array([[positions.get(joint, 0.0)] for _, _, _, joint, _ in _CHAIN])
    steps = np.tile(np.eye(4), (len(_CHAIN), 1, 1))
    steps[:, :3, :3] = (turns * type(turns).from_rotvec(np.where(_SLIDES, 0.0, moved))).as_matrix()
    steps[:, :3, 3] = _OFFSETS + turns.apply(np.where(_SLIDES, moved, 0.0))
    return functools.reduce(np.matmul, steps)


@functools.cache
def down_offset_base() -> np.ndarray:
    """Return the grasp centre in base_link with every joint at 0 and the wrist pointing down [m]. Shape (3,)."""
    return frozen(base_from_gripper({WRIST_PITCH: DOWN_PITCH})[:3, 3])


@functools.cache
def level_offset_base() -> np.ndarray:
    """Return the grasp centre in base_link with every joint at 0, so with the wrist level [m]. Shape (3,)."""
    return frozen(base_from_gripper({WRIST_PITCH: LEVEL_PITCH})[:3, 3])


@dataclass(frozen=True)
class TopDownPose:
    """The grasp centre with the fingers pointing down, in the task frame."""

    x: float
    y: float
    z: float
    heading: float
    """Direction along which the fingers close [rad]; the gripper is the same turned by half a turn."""


@dataclass(frozen=True)
class TopDownSolution:
    """Joint positions that bring the grasp centre to a pose, from where the base stands."""

    translate: float
    """Displacement of the base along its own +x [m]."""
    lift: float
    arm: float
    roll: float

    @property
    def joints(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Arm and wrist joints with their targets, the base left out."""
        return (LIFT, ARM, WRIST_YAW, WRIST_PITCH, WRIST_ROLL), (self.lift, self.arm, 0.0, DOWN_PITCH, self.roll)


@dataclass(frozen=True)
class LevelPose:
    """The grasp centre with the fingers level, closing across the way they point, in the task frame."""

    x: float
    y: float
    z: float
    direction: float
    """Where fingers and arm point [rad]; 0 is task +x."""


LEAST_CROSSING = 0.3
"""Sine of the least angle between the arm and the way the base drives, for which both together reach a point (ours)."""


@dataclass(frozen=True)
class LevelSolution:
    """What brings the level grasp centre to a pose: the base is driven first, then turned."""

    translate: float
    """Displacement of the base along its own +x [m]."""
    turn: float
    """Turn of the base after that [rad]."""
    lift: float
    arm: float

    @property
    def joints(self) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """Arm and wrist joints with their targets, the base left out."""
        return (LIFT, ARM, WRIST_YAW, WRIST_PITCH, WRIST_ROLL), (self.lift, self.arm, 0.0, LEVEL_PITCH, 0.0)


def finger_from_aperture(aperture: float) -> float:
    """Finger angle [rad] of an aperture [m], by the driver's linear map."""
    return aperture / GRIPPER_METRES_PER_RADIAN


def aperture_from_finger(angle: float) -> float:
    """Return the aperture [m] of a finger angle [rad], by the driver's linear map."""
    return angle * GRIPPER_METRES_PER_RADIAN


def within(joint: str, value: float, what: str, margin: float = 0.0) -> float:
    """Return `value` if the joint may take it. Raises UnreachableError naming the joint and its limits."""
    low, high = LIMITS[joint][0] + margin, LIMITS[joint][1] - margin
    if not low <= value <= high:
        raise UnreachableError(what, joint, value, low, high)
    return value


TRAVEL = (-1.3, 1.3)
"""Where the base may end along task y [m] (ours: the length of two tables)."""


def top_down(
    pose: TopDownPose, base_task: tuple[float, float, float], what: str = "the pose", near_roll: float = 0.0,
    travel: tuple[float, float] = TRAVEL,
) -> TopDownSolution:  # fmt: skip
    """Solve for the joints that bring the grasp centre to `pose`.

    Args:
        pose: Wanted grasp centre in the task frame.
        base_task: Where the base stands, (x, y [m], heading [rad]) in the task frame.
        what: Name of the pose for the error message.
        near_roll: Of the headings half a turn apart, take the one whose roll is nearest to this [rad].
        travel: Where the base may end along task y [m].

    Raises:
        UnreachableError: naming the first limit that is broken.
    """
    target_x, target_y, _ = compose_planar(invert_planar(base_task), (pose.x, pose.y, 0.0))
    translate = target_x - float(down_offset_base()[0])
    end = base_task[1] + math.sin(base_task[2]) * translate
    if not travel[0] <= end <= travel[1]:
        raise UnreachableError(what, "the base's place along task y", end, *travel)
    arm = within(ARM, float(down_offset_base()[1]) - target_y, what)
    lift = within(LIFT, pose.z - float(down_offset_base()[2]), what)
    roll = base_task[2] - pose.heading
    roll = near_roll + math.remainder(roll - near_roll, math.pi)
    if abs(roll) > LIMITS[WRIST_ROLL][1]:
        roll -= math.copysign(math.pi, roll)
    return TopDownSolution(translate, lift, arm, roll)


def level(
    pose: LevelPose, base_task: tuple[float, float, float], what: str = "the pose", travel: tuple[float, float] = TRAVEL
) -> LevelSolution:
    """Solve for what brings the level grasp centre to `pose`; arguments and errors as `top_down`."""
    x, y, heading = base_task
    turned = pose.direction + math.pi / 2.0
    along = np.array([math.cos(heading), math.sin(heading)])
    out = np.array([math.cos(pose.direction), math.sin(pose.direction)])
    start = np.array(compose_planar((x, y, turned), (*level_offset_base()[:2].tolist(), 0.0))[:2])
    crossing = along[0] * out[1] - along[1] * out[0]
    if abs(crossing) < LEAST_CROSSING:
        raise UnreachableError(what, "the angle between arm and drive", abs(crossing), LEAST_CROSSING, 1.0)
    translate, arm = np.linalg.solve(np.stack([along, out], axis=1), np.array([pose.x, pose.y]) - start)
    end = y + math.sin(heading) * float(translate)
    if not travel[0] <= end <= travel[1]:
        raise UnreachableError(what, "the base's place along task y", end, *travel)
    within(ARM, float(arm), what)
    lift = within(LIFT, pose.z - float(level_offset_base()[2]), what)
    return LevelSolution(float(translate), math.remainder(turned - heading, 2.0 * math.pi), lift, float(arm))
