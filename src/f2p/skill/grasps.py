"""Where a gripper may take hold of an object: at the grips its shape has; how a downward one does it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import footprint_corners, into_box, pairwise_gaps, rotate_z
from f2p.robot.kinematics import TopDownPose
from f2p.settings import Settings, number
from f2p.shape.protocol import ABOVE, Grip, board, shape_of, shapes
from f2p.shape.sliding import case_front
from f2p.skill.errors import UngraspableError
from f2p.types import Box, Scene, Segment


@dataclass(frozen=True)
class GraspPointConfig(Settings):
    """Shape of the gripper and of what it can hold."""

    widest: float = number(0.068, "widest object between the fingers", unit="m", low=0.01, high=0.12,
                           source="ours: 88 mm between the open pads, less perception's error")  # fmt: skip
    wall_opening: float = number(0.045, "distance of the pads around a wall", unit="m", low=0.01, high=0.09)
    margin: float = number(0.022, "room of the pads on both sides of a cuboid", unit="m", low=0.0, high=0.05)
    finger: float = number(0.012, "thickness of a finger", unit="m", low=0.001, high=0.05)
    finger_width: float = number(0.024, "width of a finger, along the pads", unit="m", low=0.001, high=0.05)
    off_center: float = number(0.3, "share of a side by which a cuboid may be taken off its middle", low=0.0, high=0.5)
    reach_below: float = number(0.02, "how far pads reach below the grasp centre", unit="m", low=0.0, high=0.05)
    floor_gap: float = number(0.006, "least gap between pads and support", unit="m", low=0.0, high=0.05)
    wanted_clearance: float = number(0.011, "clearance beyond which more does not count", unit="m", low=0.0, high=0.1,
                                source="ours: what a full margin leaves on each side")  # fmt: skip


@dataclass(frozen=True)
class Grasp:
    """One way to hold an object."""

    pose: TopDownPose
    opening: float
    """Distance between the pads before closing [m]."""
    clearance: float
    """Clearance of the open fingers from everything, the object included; negative where they would land on it [m]."""
    off_center: float = 0.0
    """How far beside the middle of a cuboid's top it is [m]."""


def grasps(scene: Scene, name: str, config: GraspPointConfig) -> tuple[Grasp, ...]:
    """Find all grasps of an object, best first: clear ones, nearest to the middle of a cuboid, nearest to the robot.

    Raises:
        UngraspableError: the object is furniture, or too wide.
    """
    segment = scene.segments[scene.index(name)]
    poses = _poses(segment, config)
    others = [other for other in scene.segments if other.name != name and not other.shape.support]
    found = [
        Grasp(pose, opening, min(beside, _clearance(pose, opening, others, config)), off_center)
        for pose, opening, beside, off_center in poses
    ]
    return tuple(
        sorted(found, key=lambda one: (-min(one.clearance, config.wanted_clearance), one.off_center, one.pose.x))
    )


_Option = tuple[TopDownPose, float, float, float]
"""Pose, opening, clearance between the open pads and what they take, distance from its middle [m]."""


def fitting_grips(segment: Segment, approach: str, config: GraspPointConfig) -> tuple[Grip, ...]:
    """Return the grips of a segment's shape for fingers from one side that are not too wide, at least one.

    Raises:
        UngraspableError: It has no grip, or only some that are too wide.
    """
    size = segment.box.size
    grips = [grip for grip in segment.shape.grips(size, board(size)) if grip.approach == approach]
    if not grips:
        held = [name for name in shapes if shape_of(name).grips(size, board(size))]
        raise UngraspableError(segment.name, f"it is a {segment.prior}; a gripper holds: {', '.join(held)}")
    narrow = min(grip.width for grip in grips)
    if narrow > config.widest:
        wide = f"it is {narrow:.3f} m wide, the gripper takes {config.widest:.3f} m; take a narrower one, or push it"
        raise UngraspableError(segment.name, wide)
    return tuple(grip for grip in grips if grip.width <= config.widest)


def _poses(segment: Segment, config: GraspPointConfig) -> list[_Option]:
    """Return what the downward gripper can do at the grips of a segment's shape. Raises UngraspableError."""
    box, grips = segment.box, fitting_grips(segment, ABOVE, config)
    least = float(box.center[2] - box.size[2] / 2) + config.reach_below + config.floor_gap
    return [option for grip in grips for option in (_rim_poses if grip.rim else _block_poses)(box, grip, least, config)]


def _pose(box: Box, grip: Grip, along: float, least: float) -> TopDownPose:
    """Return the grasp `along` [m] from the middle of a grip, at least at height `least` [m]."""
    local = np.array(grip.point[:2])
    local[1 - grip.axis] += along
    x, y = box.center[:2] + rotate_z(local, box.yaw)
    heading = math.remainder(box.yaw + grip.axis * math.pi / 2, math.pi)
    return TopDownPose(float(x), float(y), max(float(box.center[2] + grip.point[2]), least), heading)


def _block_poses(box: Box, grip: Grip, least: float, config: GraspPointConfig) -> list[_Option]:
    """Along the middle of what fits between the fingers, opened wide or less wide."""
    out = []
    for share in (0.0, -0.5, 0.5, -1.0, 1.0):
        along = share * config.off_center * grip.span
        for margin in (config.margin, 0.75 * config.margin, 0.5 * config.margin):
            out.append((_pose(box, grip, along, least), grip.width + margin, margin / 2, abs(along)))
    return out


def _rim_poses(box: Box, grip: Grip, least: float, config: GraspPointConfig) -> list[_Option]:
    """Return five places along the top of a wall."""
    clearance = (config.wall_opening - grip.width) / 2
    shares = (0.0, -0.25, 0.25, -0.125, 0.125)
    return [(_pose(box, grip, share * grip.span, least), config.wall_opening, clearance, 0.0) for share in shares]


def _clearance(pose: TopDownPose, opening: float, others: Sequence[Segment], config: GraspPointConfig) -> float:
    """Return the smallest horizontal distance of the open fingers from other objects at their height [m]."""
    reach = 0.5 * opening + 0.5 * config.finger
    offset = rotate_z(np.array([reach, 0.0]), pose.heading)
    fingers = np.array([pose.x, pose.y]) + np.stack([offset, -offset])
    size = np.array([config.finger, config.finger_width])
    corners = footprint_corners(fingers, np.tile(size, (2, 1)), np.full(2, pose.heading))
    clearance = math.inf
    for other in others:
        box = other.box
        if box.center[2] + box.size[2] / 2 <= pose.z - config.reach_below:
            continue
        for finger, edges in zip(fingers, corners, strict=True):
            gap = _gap(finger, size, pose.heading, other.whole)
            if gap == 0.0 and other.shape.contains:
                gap = _gap_within(edges, other)
            clearance = min(clearance, gap if gap != 0.0 else -0.01)
    return clearance


def _gap_within(edges: np.ndarray, other: Segment) -> float:
    """Return how far within the walls of a hollow body, or of what is open of it, a finger's corners are [m]."""
    box, walls = other.box, board(other.box.size)
    within, local = other.shape.cavity(box.size, walls), into_box(edges, box.center, box.yaw)
    if within is None:
        return 0.0
    gap = float((within.half - np.abs(local + [other.opening, 0.0])).min())
    if other.opening > 0.0:
        gap = min(gap, float((case_front(other.shape.slabs(box.size, walls)) - local[:, 0]).min()))
    return gap


def _gap(center: np.ndarray, size: np.ndarray, yaw: float, box: Box) -> float:
    """Return the horizontal distance of a finger's footprint from a box's; 0 where they overlap [m]."""
    centers = np.array([[*center, 0.0], [*box.center[:2], 0.0]])
    sizes = np.array([[*size, 1.0], [*box.size[:2], 1.0]])
    return float(pairwise_gaps(centers, sizes, np.array([yaw, box.yaw]))[0, 1])
