"""What a pick and place from the front needs to know before the body moves: from where, how high, and that it is free.

The hand comes level and straight along the arm, from a place at which the arm is in, so that it gets under the boards
of a shelf. It holds what it took at both ends in the same way. The whole way is tried against every board of the scene.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from f2p.geometry import half_extents, rotate_z
from f2p.robot.errors import UnreachableError
from f2p.robot.kinematics import LevelPose, level, level_offset_base, within
from f2p.robot.protocol import ARM, LIFT
from f2p.settings import Settings, number
from f2p.shape.protocol import FRONT, Grip
from f2p.skill.errors import ApproachError, NoRoomError, UngraspableError
from f2p.skill.grasps import GraspPointConfig, fitting_grips
from f2p.skill.hand import FINGERTIP, HAND_BELOW, Solids, boards_of, height_of, held_box, level_hand, met_on, room_at
from f2p.types import Scene, Segment

STEP = 0.02
"""Distance of the places at which a way is looked at [m]."""

ARM_SIDE = 0.15
"""What of the arm and its hand is beside its middle line, at most [m]."""


@dataclass(frozen=True)
class FrontConfig(Settings):
    """Distances of the level hand."""

    depth: float = number(0.025, "how far behind an object's front the grasp centre goes", unit="m", low=0.01, high=0.1)
    gap: float = number(0.02, "distance of fingertips and object before they reach", unit="m", low=0.0, high=0.1)
    beside: float = number(0.006, "horizontal distance of hand and load from all else", unit="m", low=0.0, high=0.05)
    over: float = number(0.005, "vertical distance of hand and load from all else", unit="m", low=0.0, high=0.05)
    lift: float = number(0.04, "lift before the arm comes in; less under a low board", unit="m", low=0.01, high=0.2)
    retreat: float = number(0.008, "lift before the arm comes in after a failure", unit="m", low=0.0, high=0.03)
    widest_turn: float = number(0.8, "how far the base turns to come straight", unit="rad", low=0.0, high=1.2)
    wrist_room: float = number(0.25, "height over everything at which the wrist turns", unit="m", low=0.0, high=0.5,
                               source="URDF RE2V0: the tip is 0.29 m from the pitch joint")  # fmt: skip
    arm_contact: float = number(30.0, "arm effort that stops it", unit="%", low=2.0, high=60.0)


@dataclass(frozen=True)
class FrontPlan:
    """Everything known before the body moves."""

    name: str
    pick: LevelPose
    place: LevelPose
    opening: float
    """Distance between the pads before closing [m]."""
    lift: float
    """How far the object is lifted where it was, and where it comes to before it is lowered [m]."""
    travel_z: float
    """Height of the grasp centre while the arm is in and the base moves [m]."""
    wrist_z: float
    """Height at which the wrist turns [m]."""


@dataclass(frozen=True)
class _Way:
    """One way to do it."""

    grip: Grip
    direction: float
    place_direction: float
    z: float
    lift: float
    margin: float


def plan_front(
    scene: Scene, segment: Segment, parameter: np.ndarray, load: tuple[Segment, ...],
    base_task: tuple[float, float, float], points: GraspPointConfig, config: FrontConfig,
) -> FrontPlan:  # fmt: skip
    """Choose a way from the front that is free and within reach at both ends.

    Args:
        scene: What was seen.
        segment: What is taken.
        parameter: dx, dy, dz [m], dyaw [rad] of its centre.
        load: What travels in it.
        base_task: Where the base stands.
        points: Shape of the gripper.
        config: Distances.

    Raises:
        UnreachableError, NoRoomError, ApproachError, UngraspableError: There is none; says why of the best.
    """
    left_out = {segment.name, *(one.name for one in load)}
    boards = boards_of([other for other in scene.segments if other.name not in left_out])
    out_of_reach: UnreachableError | None = None
    no_room: NoRoomError | None = None
    for way in _ways(segment, float(parameter[3]), points, config):
        try:
            return _plan_with(segment, parameter, way, boards, base_task, points, config)
        except UnreachableError as error:
            out_of_reach = out_of_reach or error
        except NoRoomError as error:
            no_room = error  # the last way is the most modest
    if out_of_reach is not None:
        raise out_of_reach
    if no_room is not None:
        need = HAND_BELOW + config.over
        if segment.box.size[2] < need:
            tall = f"it is {segment.box.size[2]:.3f} m tall, the level hand needs {need:.3f} m"
            raise UngraspableError(segment.name, f"{tall}; take it from above")
        raise no_room
    raise ApproachError(
        f"{segment.name!r} cannot be taken from the front and turned by {parameter[3]:.2f} rad: at both ends a side of "
        f"it must be within {config.widest_turn:.2f} rad of the arm; turn it less, or take it from above"
    )


def _ways(segment: Segment, turn: float, points: GraspPointConfig, config: FrontConfig) -> Iterator[_Way]:
    """Give the ways to hold it, those with the smallest turn of the base first."""
    box = segment.box
    found = []
    for grip in fitting_grips(segment, FRONT, points):
        for side in (0.0, math.pi):
            direction = math.remainder(box.yaw + (1 - grip.axis) * math.pi / 2.0 + side, 2.0 * math.pi)
            place = math.remainder(direction + turn, 2.0 * math.pi)
            most = max(abs(direction), abs(place))
            if most <= config.widest_turn:
                found.append((most, direction, place, grip))
    for _, direction, place, grip in sorted(found, key=lambda one: one[:3]):
        for lift in (config.lift, 0.5 * config.lift, 0.25 * config.lift):
            for share in (0.0, 0.25, 0.5):
                z = float(box.center[2] + grip.point[2] + share * grip.rise)
                for margin in (points.margin, 0.5 * points.margin):
                    yield _Way(grip, direction, place, z, lift, margin)


def _plan_with(
    segment: Segment, parameter: np.ndarray, way: _Way, boards: Solids, base_task: tuple[float, float, float],
    points: GraspPointConfig, config: FrontConfig,
) -> FrontPlan:  # fmt: skip
    """Return the plan for one way. Raises UnreachableError, NoRoomError."""
    name, behind = segment.name, 0.5 * way.grip.span
    deep = min(config.depth, behind)
    local = rotate_z(np.array([deep - behind, 0.0]), way.direction)
    at = segment.box.center[:2] + rotate_z(way.grip.point[:2], segment.box.yaw) + local
    pick = LevelPose(float(at[0]), float(at[1]), way.z, way.direction)
    x, y = segment.box.center[:2] + parameter[:2] + rotate_z(at - segment.box.center[:2], parameter[3])
    place = LevelPose(float(x), float(y), way.z + float(parameter[2]), way.place_direction)
    at_pick = level(pick, base_task, f"the grasp of {name!r} from the front")
    at_place = level(place, base_task, f"the placement of {name!r} from the front")
    within(ARM, at_pick.arm - deep - FINGERTIP - config.gap, f"a place before {name!r} to reach from")
    load = held_box(segment, pick)
    rail = [base_task[1] + math.sin(base_task[2]) * one.translate for one in (at_pick, at_place)]
    turn = max(abs(way.direction), abs(way.place_direction))
    clear = _clear_height(load, (base_task[0], min(rail), max(rail)), turn, boards, config)
    wrist_z = clear + config.wrist_room
    travel_z = max(clear + way.lift, pick.z + way.lift, place.z + way.lift)
    within(LIFT, wrist_z - float(level_offset_base()[2]), f"the height to turn the wrist for {name!r}")
    _check_ways(name, (pick, at_pick.arm), (place, at_place.arm), travel_z, way, load, boards, points, config)
    return FrontPlan(name, pick, place, way.grip.width + way.margin, way.lift, travel_z, wrist_z)


def _clear_height(
    load: Solids, base: tuple[float, float, float], turn: float, boards: Solids, config: FrontConfig
) -> float:
    """Height at which hand and load, the arm in, touch nothing that they may pass over [m].

    Args:
        load: What is held, in the frame of the grasp centre.
        base: The base's x, and its y at both ends [m].
        turn: How far it turns at most [rad].
        boards: What stands.
        config: Distances.
    """
    ahead = float((load.centers[:, 0] + half_extents(load.sizes, load.yaws)[:, 0]).max())
    below = float((0.5 * load.sizes[:, 2] - load.centers[:, 2]).max())
    swing = float(np.hypot(*level_offset_base()[:2])) + max(ahead, FINGERTIP) + config.beside
    aside = swing * math.sin(turn) + ARM_SIDE
    reach = half_extents(boards.sizes, boards.yaws)[:, :2]
    near, far = boards.centers[:, :2] - reach, boards.centers[:, :2] + reach
    beside = (near[:, 1] > max(base[1:]) + aside) | (far[:, 1] < min(base[1:]) - aside)
    under = (near[:, 0] <= base[0] + swing) & ~beside
    tops = boards.centers[under, 2] + 0.5 * boards.sizes[under, 2]
    return float(tops.max(initial=0.0)) + max(below, HAND_BELOW) + config.over


def _check_ways(
    name: str, pick: tuple[LevelPose, float], place: tuple[LevelPose, float], travel_z: float, way: _Way, load: Solids,
    boards: Solids, points: GraspPointConfig, config: FrontConfig,
) -> None:  # fmt: skip
    """Raise NoRoomError where the hand or what it holds would meet something: down before it, in, out with it, in, out.

    Args:
        name: The object.
        pick: The grasp, and how far the arm is out there [m].
        place: The placement, and the same.
        travel_z: Height of the grasp centre while travelling [m].
        way: How it is held.
        load: It, in the frame of the grasp centre.
        boards: What stands.
        points: Shape of the gripper.
        config: Distances.
    """
    opened = level_hand(way.grip.width + way.margin, points.finger)
    closed = level_hand(way.grip.width, points.finger)
    legs = (
        ("grasp", *pick, 0.0, opened), ("retract", *pick, way.lift, closed + load),
        ("placement", *place, way.lift, closed + load), ("release", *place, 0.0, opened),
    )  # fmt: skip
    for phase, pose, arm, raised, moved in legs:
        path = _before_and_in(pose, arm, raised, travel_z)
        other = met_on(path, moved, boards, beside=config.beside, over=config.over)
        if other:
            bottom = pose.z + float((load.centers[:, 2] - 0.5 * load.sizes[:, 2]).min())
            room = room_at(boards, other, (pose.x, pose.y, bottom + config.over))
            need = height_of(moved) + 2.0 * config.over
            there = f", which leaves {room:.3f} m of height there where up to {need:.3f} m are needed"
            raise NoRoomError(name, other, phase, there if room < need else "")


def _before_and_in(pose: LevelPose, arm: float, raised: float, travel_z: float) -> list[LevelPose]:
    """Return places from the travelling height, with the arm in, down and along the arm to `raised` over a pose."""
    out = np.array([math.cos(pose.direction), math.sin(pose.direction)])
    start, z = np.array([pose.x, pose.y]) - arm * out, pose.z + raised
    down = np.linspace(travel_z, z, 2 + int(abs(travel_z - z) / STEP))
    along = np.linspace(0.0, arm, 2 + int(arm / STEP))
    places = [(*start, height) for height in down] + [(*(start + far * out), z) for far in along]
    return [LevelPose(float(x), float(y), float(height), pose.direction) for x, y, height in places]
