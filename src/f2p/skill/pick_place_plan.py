"""What a pick and place needs to know before the body moves: grasp, placement, and heights to travel at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from f2p.geometry import footprint_excess, half_extents, into_box, rotate_z
from f2p.robot.errors import UnreachableError
from f2p.robot.kinematics import LIMITS, TopDownPose, down_offset_base, top_down, within
from f2p.robot.protocol import LIFT, WRIST_ROLL
from f2p.settings import choice, group, number
from f2p.shape.protocol import ABOVE, FRONT, is_covered
from f2p.skill.errors import ApproachError, NoRoomError, SkillCallError, UngraspableError
from f2p.skill.grasps import Grasp, GraspPointConfig, grasps
from f2p.skill.hold import HoldConfig
from f2p.skill.pick_place_front_plan import FrontConfig, FrontPlan, plan_front
from f2p.types import Scene, Segment, SkillCall

HAND_SIDE = 0.17
"""How far the downward hand and the arm over it reach to a side of the grasp centre [m] (RE2 dex wrist, see looks)."""

AUTO = "auto"
"""From above where it can be, else from the front."""


@dataclass(frozen=True)
class PickPlaceSkillConfig(HoldConfig):
    """From where the fingers come, and how far."""

    points: GraspPointConfig = group(GraspPointConfig)
    front: FrontConfig = group(FrontConfig)
    approach: str = choice(AUTO, "from where the fingers come, at both ends", lambda: (AUTO, ABOVE, FRONT))
    least_lift: float = number(0.06, "smallest lift of what was grasped", unit="m", low=0.01, high=0.4)
    first_lift: float = number(0.03, "lift at which it is known what was grasped weighs", unit="m", low=0.01, high=0.06)
    contact: float = number(12.0, "lift effort that counts as contact while lowering", unit="%", low=2.0, high=60.0,
                            source="ours: 12 N in the twin; to be set on the robot")  # fmt: skip
    blocked: float = number(25.0, "lift effort that stops the empty gripper", unit="%", low=2.0, high=60.0)
    lower_speed: float = number(0.08, "lift speed while lowering", unit="m/s", low=0.01, high=0.11)
    deeper: float = number(0.008, "how much deeper a second try closes", unit="m", low=0.0, high=0.03)


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
) -> PickPlacePlan | FrontPlan:
    """Choose from where the fingers come, for both ends alike since what is held cannot be turned in the hand.

    Raises:
        UnreachableError: No grasp and placement within joint limits; names the limit of the best grasp.
        UngraspableError, NoRoomError, ApproachError: The object cannot be held, or not got at from any side.
        SkillCallError: The call does not fit the scene.
    """
    if call.object not in scene.names:
        raise SkillCallError(f"no object {call.object!r} in the scene; there are: {', '.join(scene.names)}")
    if call.parameter.shape != (4,) or not np.all(np.isfinite(call.parameter)):
        raise SkillCallError(f"pick_place needs four finite numbers (dx, dy, dz, dyaw), not {call.parameter.tolist()}")
    segment = scene.segments[scene.index(call.object)]
    cover = _cover(scene, segment, call.parameter)
    if cover and config.approach == ABOVE:
        choices = f"set the approach to {FRONT} or {AUTO}"
        raise ApproachError(f"{call.object!r} is, or goes, {cover}, where nothing gets from above; {choices}")
    if cover or config.approach == FRONT:
        return _from_front(scene, segment, call.parameter, base_task, config)
    try:
        return plan_above(scene, call, base_task, config)
    except (UnreachableError, UngraspableError) as error:
        if config.approach == ABOVE:
            raise
        try:
            return _from_front(scene, segment, call.parameter, base_task, config)
        except (UnreachableError, UngraspableError, NoRoomError, ApproachError):
            raise error from None


def _cover(scene: Scene, segment: Segment, parameter: np.ndarray) -> str:
    """Say under what an object is, or shall be, so that nothing gets there from above; nothing if it is free."""
    for at in (segment.box.center, segment.box.center + parameter[:3]):
        for other in scene.segments:
            local = into_box(at, other.box.center, other.box.yaw)
            if other.name != segment.name and bool(is_covered(other.prior, other.box.size, local)):
                return f"under a board of {other.name!r}"
    return ""


def _from_front(
    scene: Scene, segment: Segment, parameter: np.ndarray, base_task: tuple[float, float, float],
    config: PickPlaceSkillConfig,
) -> FrontPlan:  # fmt: skip
    """Plan from the front (see `plan_front`)."""
    load = tuple(other for other in scene.segments if other.name != segment.name and _inside(other, segment))
    return plan_front(scene, segment, parameter, load, base_task, config.points, config.front)


def plan_above(
    scene: Scene, call: SkillCall, base_task: tuple[float, float, float], config: PickPlaceSkillConfig
) -> PickPlacePlan:
    """Choose a grasp from above from which the placement can be reached too, and the heights to travel at.

    Raises:
        UnreachableError, UngraspableError: As `plan_pick_place`.
    """
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
    beside = HAND_SIDE + float(np.hypot(pick.x - segment.box.center[0], pick.y - segment.box.center[1]))
    beside += 0.5 * float(np.hypot(*segment.box.size[:2]))
    passed = [other for other in scene.segments if other.name != segment.name and _passed(other, pick, place, beside)]
    others = [other for other in passed if not _inside(other, segment)]
    tops = max((_top(other) for other in others), default=0.0)
    hanging = pick.z - (float(segment.box.center[2]) - 0.5 * float(segment.box.size[2]))
    carry_z = max(tops + config.clearance + hanging, pick.z + config.least_lift, place.z)
    empty = config.clearance + config.points.reach_below
    approach_z = max(tops, _top(segment), *(_top(other) for other in passed)) + empty
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


def _passed(other: Segment, pick: TopDownPose, place: TopDownPose, beside: float) -> bool:
    """Tell whether the arm, out from one place to the other, passes over `other` or within `beside` [m] of it."""
    reach = half_extents(other.box.size, other.box.yaw)[:2]
    near, far = other.box.center[:2] - reach, other.box.center[:2] + reach
    low, high = min(pick.y, place.y) - beside, max(pick.y, place.y) + beside
    return bool(near[0] <= max(pick.x, place.x) + beside and near[1] <= high and far[1] >= low)


def _top(segment: Segment) -> float:
    """Return the height of the top of a segment [m]."""
    return float(segment.box.center[2] + 0.5 * segment.box.size[2])


def _inside(other: Segment, held: Segment) -> bool:
    """Tell whether `other` lies in the container `held`, and so travels with it."""
    if not held.shape.contains:
        return False
    excess = footprint_excess(other.box.center[None, :2], held.box.center, held.box.size, np.asarray(held.box.yaw))
    return bool(excess[0] == 0.0 and not other.shape.support)
