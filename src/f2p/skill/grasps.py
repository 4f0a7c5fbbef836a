"""Where a downward gripper may take hold of an object: the top of a cuboid, the walls of an open box."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import footprint_corners, into_box, pairwise_gaps, rotate_z
from f2p.robot.kinematics import TopDownPose
from f2p.settings import Settings, number
from f2p.skill.errors import UngraspableError
from f2p.types import CONTAINERS, Box, Prior, Scene, Segment


@dataclass(frozen=True)
class GraspPointConfig(Settings):
    """Shape of the gripper and of what it can hold."""

    widest: float = number(0.068, "widest object between the fingers", unit="m", low=0.01, high=0.12,
                           source="ours: 88 mm between the open pads, less perception's error")  # fmt: skip
    wall_depth: float = number(0.004, "grasp point's distance inside the outer face of a wall", unit="m", low=0.0,
                               high=0.05, source="ours: half of an 8 mm wall")  # fmt: skip
    wall_opening: float = number(0.045, "distance of the pads around a wall", unit="m", low=0.01, high=0.09)
    margin: float = number(0.022, "room of the pads on both sides of a cuboid", unit="m", low=0.0, high=0.05)
    finger: float = number(0.012, "thickness of a finger", unit="m", low=0.001, high=0.05)
    finger_width: float = number(0.024, "width of a finger, along the pads", unit="m", low=0.001, high=0.05)
    wall: float = number(0.008, "thickness of a container's walls", unit="m", low=0.0, high=0.1,
                         source="ours: as in simulation")  # fmt: skip
    off_center: float = number(0.3, "share of a side by which a cuboid may be taken off its middle", low=0.0, high=0.5)
    reach_below: float = number(0.02, "how far pads reach below the grasp centre", unit="m", low=0.0, high=0.05)
    floor_gap: float = number(0.006, "least gap between pads and support", unit="m", low=0.0, high=0.05)
    wanted_room: float = number(0.011, "clearance beyond which more does not count", unit="m", low=0.0, high=0.1,
                                source="ours: what a full margin leaves on each side")  # fmt: skip


@dataclass(frozen=True)
class Grasp:
    """One way to hold an object."""

    pose: TopDownPose
    opening: float
    """Distance between the pads before closing [m]."""
    room: float
    """Clearance of the open fingers from everything, the object included; negative where they would land on it [m]."""
    off_center: float = 0.0
    """How far beside the middle of a cuboid's top it is [m]."""


def grasps(scene: Scene, name: str, config: GraspPointConfig) -> tuple[Grasp, ...]:
    """All grasps of an object, best first: those with room, nearest to the middle of a cuboid, nearest to the robot.

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
    found = [
        Grasp(pose, opening, min(beside, _room(pose, opening, others, config)), off_center)
        for pose, opening, beside, off_center in poses
    ]
    return tuple(sorted(found, key=lambda one: (-min(one.room, config.wanted_room), one.off_center, one.pose.x)))


_Option = tuple[TopDownPose, float, float, float]
"""Pose, opening, room between the open pads and what they take, distance from its middle [m]."""


def _top_poses(segment: Segment, config: GraspPointConfig) -> list[_Option]:
    """Along the middle of the top, across either side that fits between the fingers, opened wide or less wide."""
    box = segment.box
    height = float(box.size[2])
    least = float(box.center[2]) - height / 2 + config.reach_below + config.floor_gap
    z = max(float(box.center[2]) + height / 2, least)
    out = []
    for axis in (0, 1):
        width = float(box.size[axis])
        if width > config.widest:
            continue
        heading = math.remainder(box.yaw + axis * math.pi / 2, math.pi)
        for along in (0.0, -0.5, 0.5, -1.0, 1.0):
            local = np.zeros(2)
            local[1 - axis] = along * config.off_center * box.size[1 - axis]
            x, y = box.center[:2] + rotate_z(local, box.yaw)
            for margin in (config.margin, 0.75 * config.margin, 0.5 * config.margin):
                pose = TopDownPose(float(x), float(y), z, heading)
                out.append((pose, width + margin, margin / 2, float(np.linalg.norm(local))))
    if not out:
        narrow = float(min(box.size[:2]))
        raise UngraspableError(segment.name, f"it is {narrow:.3f} m wide, the gripper takes {config.widest:.3f} m")
    return out


def _wall_poses(segment: Segment, config: GraspPointConfig) -> list[_Option]:
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
                pose = TopDownPose(float(x), float(y), top, heading)
                out.append((pose, config.wall_opening, (config.wall_opening - config.wall) / 2, 0.0))
    return out


def _room(pose: TopDownPose, opening: float, others: Sequence[Segment], config: GraspPointConfig) -> float:
    """Smallest horizontal distance of the open fingers from other things at their height [m]."""
    reach = 0.5 * opening + 0.5 * config.finger
    offset = reach * np.array([math.cos(pose.heading), math.sin(pose.heading)])
    fingers = np.array([pose.x, pose.y]) + np.stack([offset, -offset])
    size = np.array([config.finger, config.finger_width])
    corners = footprint_corners(fingers, np.tile(size, (2, 1)), np.full(2, pose.heading))
    room = math.inf
    for other in others:
        box = other.box
        if box.center[2] + box.size[2] / 2 <= pose.z - config.reach_below:
            continue
        for finger, edges in zip(fingers, corners, strict=True):
            gap = _gap(finger, size, pose.heading, box)
            if other.prior in CONTAINERS and gap == 0.0:
                depth = 0.5 * box.size[:2] - np.abs(into_box(edges, box.center, box.yaw))
                gap = float(depth.min()) - config.wall
            room = min(room, gap if gap != 0.0 else -0.01)
    return room


def _gap(center: np.ndarray, size: np.ndarray, yaw: float, box: Box) -> float:
    """Horizontal distance of a finger's footprint from a box's; 0 where they overlap [m]."""
    centers = np.array([[*center, 0.0], [*box.center[:2], 0.0]])
    sizes = np.array([[*size, 1.0], [*box.size[:2], 1.0]])
    return float(pairwise_gaps(centers, sizes, np.array([yaw, box.yaw]))[0, 1])
