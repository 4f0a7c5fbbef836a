"""Where a downward gripper may take hold of an object: the top of a cuboid, the walls of an open box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import footprint_edge_distance, footprint_excess, into_box, rotate_z
from f2p.robot.kinematics import TopDownPose
from f2p.settings import number
from f2p.skill.errors import UngraspableError
from f2p.types import CONTAINERS, Prior, Scene, Segment


@dataclass(frozen=True)
class GraspPointConfig:
    """Shape of the gripper and of what it can hold."""

    widest: float = number(0.068, "widest object between the fingers", unit="m", low=0.01, high=0.12,
                           source="ours: 88 mm between the open pads, less perception's error")  # fmt: skip
    wall_depth: float = number(0.004, "grasp point's distance inside the outer face of a wall", unit="m", low=0.0,
                               high=0.05, source="ours: half of an 8 mm wall")  # fmt: skip
    wall_opening: float = number(0.045, "distance of the pads around a wall", unit="m", low=0.01, high=0.09)
    margin: float = number(0.022, "room of the pads on both sides of a cuboid", unit="m", low=0.0, high=0.05)
    finger: float = number(0.012, "thickness of a finger", unit="m", low=0.001, high=0.05)
    reach_below: float = number(0.02, "how far pads reach below the grasp centre", unit="m", low=0.0, high=0.05)
    floor_gap: float = number(0.006, "least gap between pads and support", unit="m", low=0.0, high=0.05)
    wanted_room: float = number(0.012, "clearance beyond which more does not count", unit="m", low=0.0, high=0.1)


@dataclass(frozen=True)
class Grasp:
    """One way to hold an object."""

    pose: TopDownPose
    opening: float
    """Distance between the pads before closing [m]."""
    room: float
    """Clearance of the open fingers from everything else; negative where they would land on something [m]."""


def grasps(scene: Scene, name: str, config: GraspPointConfig) -> tuple[Grasp, ...]:
    """All grasps of an object, best first: those with room, nearest to the robot.

    Raises:
        UngraspableError: the object is furniture, or too wide.
    """
    segment = scene.segments[scene.index(name)]
    if segment.prior is Prior.OPEN_BOX:
        poses = _wall_poses(segment, config)
    elif segment.prior is Prior.CUBOID:
        poses = _top_poses(segment, config)
    else:
        raise UngraspableError(name, f"it is a {segment.prior.value}; pick_place moves cuboids and open boxes")
    others = [other for other in scene.segments if other.name != name and other.prior is not Prior.TABLE]
    found = [Grasp(pose, opening, _room(pose, opening, others, config)) for pose, opening in poses]
    return tuple(sorted(found, key=lambda grasp: (-min(grasp.room, config.wanted_room), grasp.pose.x)))


def _top_poses(segment: Segment, config: GraspPointConfig) -> list[tuple[TopDownPose, float]]:
    """The middle of the top, across either side that fits between the fingers."""
    box = segment.box
    x, y, z = (float(value) for value in box.center)
    height = float(box.size[2])
    least = z - height / 2 + config.reach_below + config.floor_gap
    out = []
    for axis in (0, 1):
        width = float(box.size[axis])
        if width <= config.widest:
            heading = math.remainder(box.yaw + axis * math.pi / 2, math.pi)
            out.append((TopDownPose(x, y, max(z + height / 2, least), heading), width + config.margin))
    if not out:
        narrow = float(min(box.size[:2]))
        raise UngraspableError(segment.name, f"it is {narrow:.3f} m wide, the gripper takes {config.widest:.3f} m")
    return out


def _wall_poses(segment: Segment, config: GraspPointConfig) -> list[tuple[TopDownPose, float]]:
    """Five places along the top of each of the four walls."""
    box = segment.box
    top = float(box.center[2] + box.size[2] / 2)
    out = []
    for axis in (0, 1):
        for side in (-1.0, 1.0):
            for along in (0.0, -0.25, 0.25, -0.125, 0.125):
                local = np.zeros(2)
                local[axis] = side * (box.size[axis] / 2 - config.wall_depth)
                local[1 - axis] = along * box.size[1 - axis]
                x, y = box.center[:2] + rotate_z(local, box.yaw)
                heading = math.remainder(box.yaw + axis * math.pi / 2, math.pi)
                out.append((TopDownPose(float(x), float(y), top, heading), config.wall_opening))
    return out


def _room(pose: TopDownPose, opening: float, others: Sequence[Segment], config: GraspPointConfig) -> float:
    """Smallest horizontal distance of the open pads from other things at their height [m]."""
    reach = 0.5 * opening + 0.5 * config.finger
    offset = reach * np.array([math.cos(pose.heading), math.sin(pose.heading)])
    pads = np.array([pose.x, pose.y]) + np.stack([offset, -offset])
    room = math.inf
    for other in others:
        box = other.box
        if box.center[2] + box.size[2] / 2 <= pose.z - config.reach_below:
            continue
        measure = footprint_edge_distance if other.prior in CONTAINERS else footprint_excess
        distance = measure(pads, box.center, box.size, np.asarray(box.yaw))
        if other.prior not in CONTAINERS:
            inside = np.all(np.abs(into_box(pads, box.center, box.yaw)) < 0.5 * box.size[:2], axis=-1)
            distance = np.where(inside, -0.01, distance)
        room = min(room, float(distance.min()))
    return room - 0.5 * config.finger
