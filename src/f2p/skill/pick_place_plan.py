"""What a pick and place needs to know before the body moves: grasp, placement, and heights to travel at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from f2p.geometry import footprint_excess, rotate_z
from f2p.robot.errors import UnreachableError
from f2p.robot.kinematics import LIMITS, TopDownPose, down_offset_base, top_down, within
from f2p.robot.protocol import LIFT, WRIST_ROLL
from f2p.settings import group, number
from f2p.skill.errors import SkillCallError
from f2p.skill.grasps import Grasp, GraspPointConfig, grasps
from f2p.skill.moves import MovesConfig
from f2p.types import Scene, Segment, SkillCall


@dataclass(frozen=True)
class PickPlaceSkillConfig(MovesConfig):
    """Thresholds and the gripper's apertures."""

    points: GraspPointConfig = group(GraspPointConfig)
    least_lift: float = number(0.06, "smallest lift of what was grasped", unit="m", low=0.01, high=0.4)
    contact: float = number(12.0, "lift effort that counts as contact while lowering", unit="%", low=2.0, high=60.0,
                            source="ours: 12 N in the twin; to be set on the robot")  # fmt: skip
    blocked: float = number(25.0, "lift effort that stops the empty gripper", unit="%", low=2.0, high=60.0)
    lower_speed: float = number(0.08, "lift speed while lowering", unit="m/s", low=0.01, high=0.11)
    squeeze: float = number(-0.06, "aperture the fingers are closed to", unit="m", low=-0.12, high=0.0,
                            source="stretch.md 1.2: negative apertures squeeze")  # fmt: skip
    release_gap: float = number(0.020, "how much the fingers open to let go", unit="m", low=0.005, high=0.06)
    lost: float = number(0.03, "fingers closed by this much more have lost the object", unit="rad", low=0.005, high=0.3)
    missed: float = number(0.05, "fingers this near the squeeze hold nothing", unit="rad", low=0.005, high=0.2)


@dataclass(frozen=True)
class PickPlacePlan:
    """Everything known before the body moves."""

    name: str
    grasp: Grasp
    place: TopDownPose
    """The gripper at the placement."""
    pick_roll: float
    """Wrist roll at the grasp [rad]."""
    place_roll: float
    """Wrist roll at the placement [rad]; a call's turn is made as it says where the joint allows it."""
    approach_z: float
    """Height of the grasp centre while the gripper is empty [m]."""
    carry_z: float
    """Height of the grasp centre while it holds [m]."""
    retreat_z: float


def plan_pick_place(
    scene: Scene, call: SkillCall, base_task: tuple[float, float, float], config: PickPlaceSkillConfig
) -> PickPlacePlan:
    """Choose a grasp from which the placement can be reached too, and the heights to travel at.

    Raises:
        UnreachableError: no grasp and placement within joint limits; names the limit of the best grasp.
        UngraspableError, SkillCallError: the object cannot be held, or the call does not fit the scene.
    """
    if call.object not in scene.names:
        raise SkillCallError(f"no object {call.object!r} in the scene; there are: {', '.join(scene.names)}")
    if call.parameter.shape != (4,) or not np.all(np.isfinite(call.parameter)):
        raise SkillCallError(f"pick_place needs four finite numbers (dx, dy, dz, dyaw), not {call.parameter.tolist()}")
    segment = scene.segments[scene.index(call.object)]
    first: UnreachableError | None = None
    for grasp in grasps(scene, call.object, config.points):
        try:
            return _plan_with(scene, segment, grasp, call.parameter, base_task, config)
        except UnreachableError as error:
            first = first or error
    assert first is not None
    raise first


def _plan_with(
    scene: Scene, segment: Segment, grasp: Grasp, parameter: np.ndarray, base_task: tuple[float, float, float],
    config: PickPlaceSkillConfig,
) -> PickPlacePlan:  # fmt: skip
    """Return the plan for one grasp. Raises UnreachableError."""
    pick = grasp.pose
    place = moved_pose(pick, segment, parameter)
    others = [other for other in scene.segments if other.name != segment.name and not _inside(other, segment)]
    tops = max((_top(other) for other in others), default=0.0)
    hanging = pick.z - (float(segment.box.center[2]) - 0.5 * float(segment.box.size[2]))
    carry_z = max(tops + config.clearance + hanging, pick.z + config.least_lift, place.z)
    empty = config.clearance + config.points.reach_below
    approach_z = max(tops, _top(segment), *(_top(other) for other in scene.segments)) + empty
    retreat_z = max(tops + empty, place.z + config.least_lift)
    at_pick = top_down(pick, base_task, f"the grasp of {segment.name!r}")
    top_down(place, base_task, f"the placement of {segment.name!r}")
    for height, what in ((approach_z, "approach"), (carry_z, "carrying height"), (retreat_z, "retreat")):
        within(LIFT, height - float(down_offset_base()[2]), f"the {what} of {segment.name!r}")
    rolls = _rolls(at_pick.roll, float(parameter[3]))
    return PickPlacePlan(segment.name, grasp, place, *rolls, approach_z, carry_z, retreat_z)


def _rolls(roll: float, turn: float) -> tuple[float, float]:
    """Wrist roll at grasp and placement: of the gripper's two headings one within limits, then the shorter turns."""
    low, high = LIMITS[WRIST_ROLL]
    choices = []
    for pick in (roll, roll - math.copysign(math.pi, roll)):
        place = pick - turn
        place = place if low <= place <= high else math.remainder(place, 2.0 * math.pi)
        rolls = min(max(pick, low), high), min(max(place, low), high)
        clamped = abs(rolls[0] - pick) + abs(rolls[1] - place)
        choices.append((clamped, _longest_turn(rolls), rolls))
    return min(choices)[-1]


def _longest_turn(rolls: tuple[float, float]) -> float:
    """Return the longest of the wrist's turns from 0 to the grasp, to the placement and back [rad]."""
    return max(abs(rolls[0]), abs(rolls[1] - rolls[0]), abs(rolls[1]))


def moved_pose(pose: TopDownPose, segment: Segment, parameter: np.ndarray) -> TopDownPose:
    """Return a gripper pose after the object under it has moved by (dx, dy, dz, dyaw) about its own centre."""
    center = segment.box.center[:2]
    x, y = center + parameter[:2] + rotate_z(np.array([pose.x, pose.y]) - center, parameter[3])
    return TopDownPose(float(x), float(y), pose.z + float(parameter[2]),
                       math.remainder(pose.heading + float(parameter[3]), math.pi))  # fmt: skip


def _top(segment: Segment) -> float:
    """Return the height of the top of a segment [m]."""
    return float(segment.box.center[2] + 0.5 * segment.box.size[2])


def _inside(other: Segment, held: Segment) -> bool:
    """Tell whether `other` lies in the container `held`, and so travels with it."""
    if not held.shape.contains:
        return False
    excess = footprint_excess(other.box.center[None, :2], held.box.center, held.box.size, np.asarray(held.box.yaw))
    return bool(excess[0] == 0.0 and not other.shape.support)
