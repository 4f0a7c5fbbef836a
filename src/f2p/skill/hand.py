"""The level hand as boxes, and what of a scene it would meet on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z, separation
from f2p.robot.kinematics import LevelPose
from f2p.shape.protocol import board
from f2p.types import Segment, frozen

_GRIPPER = ((-0.231, -0.028, -0.0445), (-0.120, 0.028, 0.0135))
_WRIST = ((-0.290, -0.103, -0.0230), (-0.210, 0.070, 0.1100))
_ARM = ((-0.700, -0.113, 0.0490), (-0.235, -0.053, 0.1100))
"""Low and high corners about the level grasp centre [m], x along the fingers, y to the left: boxes around the meshes of
hello-robot-stretch-urdf 0.1.2, RE2V0 dex wrist."""

FINGERTIP = 0.021
"""How far the fingers reach beyond the grasp centre [m]."""

PAD_BELOW, PAD_ABOVE = 0.009, 0.015
"""How far the pads reach below and above the level grasp centre [m]."""

HAND_BELOW = -_GRIPPER[0][2]
"""How far the level hand reaches below its grasp centre [m]."""

FINGER_BACK = 0.125
"""How far behind the grasp centre the fingers begin to be apart [m]."""


@dataclass(frozen=True, eq=False)
class Solids:
    """Upright boxes, in the frame of the grasp centre or of the task."""

    centers: np.ndarray
    """Shape (n, 3) [m]."""
    sizes: np.ndarray
    """Shape (n, 3) [m]."""
    yaws: np.ndarray
    """Shape (n,) [rad]."""
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("centers", "sizes", "yaws"):
            object.__setattr__(self, name, frozen(getattr(self, name)))

    def __add__(self, other: Solids) -> Solids:
        return Solids(
            np.concatenate([self.centers, other.centers]), np.concatenate([self.sizes, other.sizes]),
            np.concatenate([self.yaws, other.yaws]), self.names + other.names,
        )  # fmt: skip


def level_hand(gap: float, finger: float) -> Solids:
    """Return gripper, wrist, arm and fingers.

    Args:
        gap: Distance of the pads [m].
        finger: Thickness of a finger [m].
    """
    half = 0.5 * gap + finger
    fingers = ((-FINGER_BACK, -half, -PAD_BELOW), (FINGERTIP, half, PAD_ABOVE))
    corners = np.array([_GRIPPER, _WRIST, _ARM, fingers])
    return Solids(corners.mean(1), corners[:, 1] - corners[:, 0], np.zeros(len(corners)))


def held_box(segment: Segment, pose: LevelPose) -> Solids:
    """Return an object in the frame of the grasp centre that holds it at `pose`."""
    offset = rotate_z(segment.box.center - [pose.x, pose.y, pose.z], -pose.direction)
    return Solids(offset[None], segment.box.size[None], np.array([segment.box.yaw - pose.direction]))


def boards_of(segments: Sequence[Segment]) -> Solids:
    """Return every board of some segments in the task frame, named after them; a drawer's as far out as it is."""
    centers, sizes, yaws, names = [], [], [], []
    for segment in segments:
        box = segment.box
        for slab in segment.shape.slabs(box.size, board(box.size)):
            slid = np.array([-segment.opening if slab.sliding else 0.0, 0.0, 0.0])
            centers.append(box.center + rotate_z(slab.center + slid, box.yaw))
            sizes.append(2.0 * slab.half)
            yaws.append(box.yaw)
            names.append(segment.name)
    empty = np.zeros((0, 3))
    return Solids(np.array(centers) if centers else empty, np.array(sizes) if sizes else empty, np.array(yaws),
                 tuple(names))  # fmt: skip


def room_at(boards: Solids, name: str, point: Sequence[float]) -> float:
    """Return the free height between boards of one thing above and below a point [m]; infinite where one is missing."""
    mine = np.array([one == name for one in boards.names])
    half = 0.5 * boards.sizes
    inside = mine & np.all(np.abs(into_box(np.array(point), boards.centers, boards.yaws))[:, :2] <= half[:, :2], axis=1)
    lids = boards.centers[inside, 2] - half[inside, 2]
    floors = boards.centers[inside, 2] + half[inside, 2]
    lid = float(lids[lids > point[2]].min(initial=np.inf))
    return lid - float(floors[floors < point[2]].max(initial=-np.inf))


def height_of(solids: Solids) -> float:
    """Return the height from the lowest to the highest of some boxes [m]."""
    low, high = solids.centers[:, 2] - 0.5 * solids.sizes[:, 2], solids.centers[:, 2] + 0.5 * solids.sizes[:, 2]
    return float(high.max() - low.min())


def met_on(path: Sequence[LevelPose], hand: Solids, boards: Solids, *, beside: float, over: float) -> str:
    """Return the name of what some boxes in the hand's frame would meet first along a path, or nothing.

    Args:
        path: Places of the grasp centre.
        hand: What moves, in the frame of the grasp centre.
        boards: What stands.
        beside: Horizontal distance at least [m].
        over: Vertical distance at least [m].
    """
    if not boards.names:
        return ""
    poses = np.array([[pose.x, pose.y, pose.z, pose.direction] for pose in path])
    directions = poses[:, None, 3]
    centers = (poses[:, None, :3] + rotate_z(hand.centers[None], directions))[:, :, None]
    yaws = (hand.yaws[None] + directions)[:, :, None]
    first = centers, np.broadcast_to(hand.sizes[None, :, None], (*centers.shape[:2], 1, 3)), yaws
    apart = separation(first, (boards.centers, boards.sizes, boards.yaws)) >= beside
    heights = np.abs(centers[..., 2] - boards.centers[:, 2]) - 0.5 * (hand.sizes[:, None, 2] + boards.sizes[:, 2])
    meets = ~(apart | (heights >= over))
    if not meets.any():
        return ""
    step = int(np.argmax(meets.any(axis=(1, 2))))
    return boards.names[int(np.argmax(meets[step].any(axis=0)))]
