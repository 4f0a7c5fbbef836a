"""Finds known furniture by its upper face: level surfaces and cells go in, cases with their openings come out.

An operator's inventory tells which there are and how large. Where a piece stands is where a level surface is as its
uncovered top is; how far it is open follows from the foremost of what is seen in front of its case. What is near one of
its boards belongs to it, and what else is within it lies in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z, wrapped
from f2p.scene.objects.covered import covered_tops, floor_of
from f2p.scene.objects.surfaces import TableTop
from f2p.scene.objects.tracking import SQUARE, KnownObject
from f2p.settings import Settings, number
from f2p.shape.protocol import FREE, SLIDES, Shape, Slab, board, open_tops, shape_of
from f2p.shape.sliding import slide_travel
from f2p.types import Box

WITHIN = 0.05
"""A piece is this far within the floor at most [m] (ours: what is seen of a floor is off by less)."""


@dataclass(frozen=True)
class FurnitureConfig(Settings):
    """When a level surface is the top of a known piece of furniture."""

    larger: float = number(0.03, "a top is no longer than known by more than this", unit="m", low=0.0, high=0.2)
    smaller: float = number(
        0.08, "nor shorter by more than this, since what stands on it hides its rim", unit="m", low=0.0, high=0.5
    )
    near: float = number(
        0.015, "points this near a board are the board's", unit="m", low=0.001, high=0.1,
        source="ours: a cell, and depth noise at 1.3 m",
    )  # fmt: skip
    least_open: float = number(0.01, "less is shut", unit="m", low=0.0, high=0.1, source="ours: depth noise")
    least_points: int = number(15, "fewer points in front are no drawer", low=1, high=1e5)


@dataclass(frozen=True, eq=False)
class Furniture:
    """One piece of furniture as it was found."""

    known: KnownObject
    box: Box
    opening: float
    """How far it is open [m]."""
    top: TableTop
    """Its uncovered upper face."""

    @property
    def shape(self) -> Shape:
        """What its prior says of it."""
        return shape_of(self.known.prior)

    def holds(self, place: np.ndarray) -> bool:
        """Tell whether a place (3,) is within it, as far out as it is [m]."""
        return bool(self.own(place[None], 0.0)[1][0] or self.own(place[None], 0.03)[0][0])

    @property
    def slabs(self) -> tuple[Slab, ...]:
        """Its boards, as far out as they are, in the frame of its box."""
        return self.shape.slabs(self.box.size, board(self.box.size))

    def own(self, cells: np.ndarray, near: float) -> tuple[np.ndarray, np.ndarray]:
        """Return which cells (n, 3) are its boards', and which lie within it. Two of shape (n,), bool."""
        local = into_box(cells, self.box.center, self.box.yaw)
        boards = np.zeros(len(cells), dtype=bool)
        for slab in self.slabs:
            center = slab.center - np.array([self.opening if slab.sliding else 0.0, 0.0, 0.0])
            boards |= np.all(np.abs(local - center) <= slab.half + near, axis=1)
        half = 0.5 * self.box.size
        within = np.all(np.abs(local[:, 1:]) <= half[1:], axis=1)
        within &= (local[:, 0] <= half[0]) & (local[:, 0] >= -half[0] - self.opening)
        return boards, within & ~boards


def find_furniture(
    tops: Sequence[TableTop], cells: np.ndarray, known: Sequence[KnownObject], config: FurnitureConfig
) -> list[Furniture]:
    """Return the known furniture that shows its upper face, each at the surface that is most like it."""
    found: list[Furniture] = []
    taken: set[int] = set()
    for item in known:
        shape = shape_of(item.prior)
        if shape.moves == FREE or shape.support or not open_tops(item.prior, item.size):
            continue
        upper = open_tops(item.prior, item.size)[0]
        above = 0.5 * float(item.size[2]) + float(upper.center[2])
        covered = covered_tops(2.0 * upper.half, above, tops, cells, config.near)
        seen = [*(top for top in tops if id(top) not in taken), *covered]
        fits = [(_misfit(top, item, config), index) for index, top in enumerate(seen) if _stands(top, item, tops)]
        cost, index = min(fits, default=(np.inf, -1))
        if np.isfinite(cost):
            top = seen[index]
            taken.add(id(top))
            box = _box_at(top, item)
            opening = _opening(cells, box, item, config) if shape.moves == SLIDES else 0.0
            found.append(Furniture(item, box, opening, top))
    return found


def _stands(top: TableTop, item: KnownObject, tops: Sequence[TableTop]) -> bool:
    """Tell whether a piece with its upper face there ends above all level surfaces: nothing stands within the floor."""
    floor, box = floor_of(tops), _box_at(top, item)
    return floor is None or float(floor.heights(box.center[None])[0]) > 0.5 * float(box.size[2]) - WITHIN


def _misfit(top: TableTop, item: KnownObject, config: FurnitureConfig) -> float:
    """Return how unlike a surface is to the uncovered top of a known piece [m]; inf where it is none."""
    wanted = 2.0 * open_tops(item.prior, item.size)[0].half
    apart = [seen - wanted for seen in (top.box.size[:2], top.box.size[1::-1])]
    costs = [np.abs(one).sum() for one in apart if one.max() <= config.larger and one.min() >= -config.smaller]
    return float(min(costs, default=np.inf))


def _box_at(top: TableTop, item: KnownObject) -> Box:
    """Return the box of a piece whose uncovered top is seen, its front towards the robot."""
    upper = open_tops(item.prior, item.size)[0]
    yaw = _facing(top, 2.0 * upper.half)
    height = float(np.array([*top.box.center[:2], 1.0]) @ top.slope)
    xy = top.box.center[:2] - rotate_z(upper.center[:2], yaw)
    return Box(np.array([*xy, height - upper.center[2]]), item.size, yaw)


def _facing(top: TableTop, wanted: np.ndarray) -> float:
    """Return the yaw of a piece with an upper face of extents `wanted` (2,) [rad].

    Of the ways its extents allow it is that by which its front looks most towards the robot: a nearly square face fits
    one way or the other by noise.
    """
    ways = [(float(np.abs(seen - wanted).sum()), float(wrapped(top.box.yaw + turn, np.pi)))
            for seen, turn in ((top.box.size[:2], 0.0), (top.box.size[1::-1], np.pi / 2.0))]  # fmt: skip
    least = min(misfit for misfit, _ in ways)
    return min((yaw for misfit, yaw in ways if misfit <= least + SQUARE), key=abs)


def _opening(cells: np.ndarray, box: Box, item: KnownObject, config: FurnitureConfig) -> float:
    """Return how far a drawer is open: as far as the foremost of what is seen in front of its case [m]."""
    slabs = shape_of(item.prior).slabs(box.size, board(box.size))
    case = min(float(slab.center[0] - slab.half[0]) for slab in slabs if not slab.sliding)
    most = slide_travel(slabs)
    local, half = into_box(cells, box.center, box.yaw), 0.5 * box.size
    before = np.all(np.abs(local[:, 1:]) < half[1:], axis=1)
    before &= (local[:, 0] < case) & (local[:, 0] > -half[0] - most - config.near)
    if before.sum() < config.least_points:
        return 0.0
    opening = -half[0] - float(np.percentile(local[before, 0], 1.0))
    return float(np.clip(opening, 0.0, most)) if opening > config.least_open else 0.0
