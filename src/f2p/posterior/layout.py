"""What a state particle consists of: (x, y, yaw) of every free body, contents relative to their container.

Fixed furniture is no particle (C6). A body's z follows from what it stands on (C7). In the absolute form every body is
placed on its table, as the paper's S is most plainly read; in the relative form what lies in or stands on another free
body is placed in that body's frame, so that moving a box takes its contents along.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from f2p.geometry import half_extents, rotate_z, wrapped
from f2p.posterior.barrier import turned
from f2p.posterior.bounds import Bounds, top_of, tops_of
from f2p.posterior.config import LayoutConfig
from f2p.posterior.errors import NotFiniteError, NothingToInferError
from f2p.posterior.prior import UniformPrior
from f2p.relation.table import held
from f2p.shape.protocol import FREE, Cavity, board
from f2p.types import Relations, Scene, Segment

_STANDS = 0.7
"""Share of a top over which what stands on it may be put (ours: its centre stays well over its support)."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The tree of free bodies of one scene and the map from variables to poses."""

    names: tuple[str, ...]
    """Of all n segments."""
    observed: np.ndarray
    """Poses of all segments (x, y, z, yaw). Shape (n, 4)."""
    sizes: np.ndarray
    """Full extents of all segments [m]. Shape (n, 3)."""
    free: tuple[int, ...]
    """Segments that are particles, k of them."""
    parents: tuple[int, ...]
    """Free body each is placed in, as a segment index; -1 where it is placed on a surface. Length k."""
    frames: np.ndarray
    """Frame of those with parent -1 (x, y, z of the body's centre, yaw). Shape (k, 4)."""
    rise: np.ndarray
    """z of the centre above the parent's centre, 0 without parent [m]. Shape (k,)."""
    room: np.ndarray
    """Half extents in x and y of the region in the parent's or surface's frame [m]. Shape (k, 2)."""
    walled: np.ndarray
    """Whether that region has walls. Shape (k,), bool."""
    start: np.ndarray
    """The observed (x, y, yaw) in those frames. Shape (k, 3)."""
    prior: UniformPrior
    """Over (x, y, yaw) of every free body in turn. D = 3 k."""
    apart: np.ndarray
    """Pairs of free bodies (positions in `free`) that must not overlap. Shape (pairs, 2)."""
    interior: np.ndarray
    """Half extents in x and y of the cavity around those with walls, 0 for the others [m]. Shape (k, 2)."""

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Columns of each body."""
        return tuple((3 * i, 3 * i + 1, 3 * i + 2) for i in range(len(self.free)))

    def poses(self, values: Tensor) -> Tensor:
        """Return absolute poses of all segments for (x, y, yaw) of the free bodies.

        Args:
            values: In the frames of parents or surfaces. Shape (M, 3 k).

        Returns:
            x, y, z, yaw in the task frame. Shape (M, n, 4).
        """
        count = len(values)
        local = values.view(count, len(self.free), 3)
        poses = self.observed_poses.expand(count, -1, -1)
        for rows, targets, parents in self._levels:
            base = self._frames[rows].expand(count, -1, -1) if parents is None else poses.index_select(1, parents)
            own = local.index_select(1, rows)
            spot = base[..., :2] + turned(own[..., :2], base[..., 3])
            upright = torch.stack([base[..., 2] + self._rise[rows], base[..., 3] + own[..., 2]], -1)
            placed = torch.cat([spot, upright], -1)
            poses = poses.index_copy(1, targets, placed)
        return poses

    @cached_property
    def observed_poses(self) -> Tensor:
        """`observed` as the search computes. Shape (n, 4), float32."""
        return torch.as_tensor(self.observed, dtype=torch.float32)

    @cached_property
    def extents(self) -> Tensor:
        """`sizes` as the search computes. Shape (n, 3), float32."""
        return torch.as_tensor(self.sizes, dtype=torch.float32)

    @cached_property
    def _frames(self) -> Tensor:
        return torch.as_tensor(self.frames, dtype=torch.float32)

    @cached_property
    def _rise(self) -> Tensor:
        return torch.as_tensor(self.rise, dtype=torch.float32)

    @cached_property
    def _levels(self) -> list[tuple[Tensor, Tensor, Tensor | None]]:
        """Level by level from the surfaces up: positions in `free`, segments, parents (None: surfaces)."""
        depth = {-1: -1}
        waiting = set(range(len(self.free)))
        while waiting:
            ready = [row for row in waiting if self.parents[row] in depth]
            depth |= {self.free[row]: depth[self.parents[row]] + 1 for row in ready}
            waiting -= set(ready)
        levels = []
        for level in sorted(set(depth.values()) - {-1}):
            rows = [row for row, index in enumerate(self.free) if depth[index] == level]
            parents = torch.tensor([self.parents[row] for row in rows]) if level else None
            levels.append((torch.tensor(rows), torch.tensor([self.free[row] for row in rows]), parents))
        return levels


def cavity_of(segment: Segment) -> Cavity | None:
    """Return the space within the walls of a segment, None where it has none."""
    return segment.shape.cavity(segment.box.size, board(segment.box.size))


def parent_of(scene: Scene, relations: Relations, index: int, config: LayoutConfig) -> int:
    """Find the free body that `index` stands on or lies in, or -1; it is lower or larger, so there is no cycle."""
    segments, box = scene.segments, scene.segments[index].box
    bottom = box.center[2] - 0.5 * box.size[2]
    inside = held(relations.binary)[index]
    holders, bearers = [], []
    for other, segment in enumerate(segments):
        if other == index or segment.shape.moves != FREE:
            continue
        if segment.shape.contains and inside[other] and np.prod(segment.box.size) > np.prod(box.size):
            holders.append((float(np.prod(segment.box.size)), other))
        elif segment.box.center[2] < box.center[2]:
            gaps = [abs(bottom - top.height) for top in tops_of(segment) if top.contains(box.center[:2])]
            bearers += [(gap, other) for gap in gaps if gap < config.standing_gap]
    if bearers:
        return min(bearers)[1]
    return min(holders)[1] if holders else -1


def _surface_frame(scene: Scene, index: int, bounds: Bounds, config: LayoutConfig) -> tuple[np.ndarray, np.ndarray]:
    """Frame (x, y, z, yaw) and half extents of the surface a body stands on, or of the spot where it was seen."""
    box = scene.segments[index].box
    bottom = box.center[2] - 0.5 * box.size[2]
    furniture = [segment for segment in scene.segments if segment.shape.moves != FREE]
    named = {surface.name for surface in bounds.surfaces}
    tops = [*bounds.surfaces, *(top for item in furniture if item.name not in named for top in tops_of(item))]
    under = [top for top in tops if top.contains(box.center[:2]) and abs(bottom - top.height) < 0.05]
    for surface in sorted(under, key=lambda top: abs(bottom - top.height)):
        return np.array([*surface.center, surface.height + 0.5 * box.size[2], surface.yaw]), np.array(surface.half)
    for item in furniture:
        within = cavity_of(item)
        if within is not None and top_of(item).contains(box.center[:2]) and bottom < top_of(item).height:
            return np.array([*item.box.center[:2], box.center[2], item.box.yaw]), within.half
    spot = config.floor_reach + 0.5 * np.linalg.norm(box.size[:2])
    return np.array([*box.center, 0.0]), np.array([spot, spot])


def _pairs(free: list[int], parents: list[int], poses: np.ndarray, sizes: np.ndarray, nested: np.ndarray) -> np.ndarray:
    """Return pairs that could collide: at the same height, in or on the same object, neither inside the other."""
    out = []
    for first in range(len(free)):
        for second in range(first + 1, len(free)):
            i, j = free[first], free[second]
            together = parents[first] == parents[second]
            level = abs(poses[i, 2] - poses[j, 2]) < 0.5 * (sizes[i, 2] + sizes[j, 2]) - 2e-3
            if together and level and not (nested[i, j] or nested[j, i]):
                out.append((first, second))
    return np.array(out, dtype=int).reshape(-1, 2)


def _region(
    scene: Scene, index: int, parent: int, bounds: Bounds, ancestor: int, config: LayoutConfig
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the frame at the observed moment, half extents for the body's centre, and whether there are walls."""
    segments = scene.segments
    box = segments[index].box
    if parent < 0:
        frame, half = _surface_frame(scene, ancestor, bounds, config)
        frame[2] = box.center[2] if ancestor != index else frame[2]
        return frame, half - half_extents(box.size, box.yaw - frame[3])[:2], False
    holder = segments[parent]
    within = cavity_of(holder)
    if within is not None:
        turned = half_extents(box.size, box.yaw - holder.box.yaw)[:2]
        return holder.box.pose, within.half - turned, True
    return holder.box.pose, _STANDS * tops_of(holder)[0].half, False


def layout_of(scene: Scene, relations: Relations, bounds: Bounds, config: LayoutConfig) -> Layout:
    """Read the tree of bodies off a scene.

    Args:
        scene: Before the failed skill.
        relations: As observed then.
        bounds: Surfaces.
        config: Ranges, and whether contents go with their container.

    Raises:
        NothingToInferError: No body is free.
        NotFiniteError: A box is not finite.
    """
    segments = scene.segments
    free = [index for index, segment in enumerate(segments) if segment.shape.moves == FREE]
    if not free:
        raise NothingToInferError(scene.names)
    poses = np.array([segment.box.pose for segment in segments])
    sizes = np.array([segment.box.size for segment in segments])
    if not (np.all(np.isfinite(poses)) and np.all(np.isfinite(sizes))):
        raise NotFiniteError("a box of the failure's scene")
    nearest = {index: parent_of(scene, relations, index, config) for index in free}
    parents = [nearest[index] if config.relative else -1 for index in free]
    frames, room, walled = np.zeros((len(free), 4)), np.zeros((len(free), 2)), np.zeros(len(free), dtype=bool)
    start, rise, interior = np.zeros((len(free), 3)), np.zeros(len(free)), np.zeros((len(free), 2))
    for row, index in enumerate(free):
        root = index
        while nearest[root] >= 0:
            root = nearest[root]
        frames[row], half, walled[row] = _region(scene, index, parents[row], bounds, root, config)
        room[row] = np.maximum(half, config.least_room)
        within = cavity_of(segments[parents[row]]) if walled[row] else None
        interior[row] = 0.0 if within is None else within.half
        start[row, :2] = rotate_z(poses[index, :2] - frames[row, :2], -frames[row, 3])
        start[row, 2] = wrapped(poses[index, 3] - frames[row, 3])
        rise[row] = poses[index, 2] - poses[parents[row], 2] if parents[row] >= 0 else 0.0
    low = np.concatenate([-room, start[:, 2:] - config.turn], axis=1).reshape(-1)
    high = np.concatenate([room, start[:, 2:] + config.turn], axis=1).reshape(-1)
    prior = UniformPrior(torch.as_tensor(low, dtype=torch.float32), torch.as_tensor(high, dtype=torch.float32))
    apart = _pairs(free, parents, poses, sizes, held(relations.binary))
    return Layout(
        scene.names,
        poses,
        sizes,
        tuple(free),
        tuple(parents),
        frames,
        rise,
        room,
        walled,
        start,
        prior,
        apart,
        interior,
    )
