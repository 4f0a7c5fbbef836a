"""Recognises open boxes by their rims: a cluster above a table goes in; the box, its parts and its contents come out.

An open box seen from above shows a level, rectangular ring of points with lower points, or none, in its middle. Looking
for the ring rather than for a bounding box finds it with objects in it, and with objects beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box
from f2p.scene.objects.priors import fit_footprint
from f2p.settings import Settings, number
from f2p.shape.protocol import WALL
from f2p.types import Box


@dataclass(frozen=True)
class HollowConfig(Settings):
    """What a rim is."""

    least_width: float = number(0.09, "open boxes are at least this wide both ways", unit="m", low=0.03, high=1.0)
    widest: float = number(0.6, "open boxes are at most this wide", unit="m", low=0.05, high=3.0)
    least_depth: float = number(0.045, "rims are at least this high above the table", unit="m", low=0.01, high=1.0)
    slab: float = number(0.016, "points this far below the rim still show the walls", unit="m", low=0.003, high=0.1)
    band: float = number(0.016, "ring points lie this near the rectangle's edge", unit="m", low=0.002, high=0.1)
    least_ring: float = number(
        0.4, "how hollow the slab is at least: 0 like a full top, 1 with all of it on the ring", low=0.0, high=1.0,
        source="ours: what nearly reaches the rim shows in the slab too",
    )  # fmt: skip
    least_covered: float = number(0.65, "least share of the edge that shows points", low=0.2, high=1.0)
    least_side: float = number(0.4, "least share of each single side that shows points", low=0.0, high=1.0)
    most_lidded: float = number(
        0.75, "where more than this share of what is within a rim rises above it, it is the side of a solid",
        low=0.1, high=1.0, source="ours: contents that stand out leave gaps",
    )  # fmt: skip
    wall: float = number(
        WALL, "thickness of walls and floor", unit="m", low=0.0, high=0.1, source="ours: as in simulation"
    )
    clearance: float = number(0.008, "points this near a wall are the wall's", unit="m", low=0.0, high=0.05)


@dataclass(frozen=True, eq=False)
class OpenBox:
    """One open box."""

    box: Box
    floor: float
    """Height on which contents stand [m]."""


@dataclass(frozen=True, eq=False)
class OpenBoxParts:
    """Which points of a cloud belong to an open box and which to what is in it."""

    walls: np.ndarray
    """Walls and floor. Shape (n,), bool."""
    contents: np.ndarray
    """Shape (n,), bool."""


def _covered(local: np.ndarray, half: np.ndarray, band: float) -> tuple[float, float]:
    """Return the share of the edge, and of its worst side, along which ring points were seen."""
    shares, lengths = [], []
    for axis in (0, 1):
        for sign in (-1.0, 1.0):
            near = np.abs(sign * local[:, axis] - half[axis]) < band
            bins = max(3, int(2 * half[1 - axis] / 0.01))
            where = np.clip((local[near, 1 - axis] / half[1 - axis] + 1) / 2 * bins, 0, bins - 1).astype(int)
            shares.append(len(np.unique(where)) / bins)
            lengths.append(half[1 - axis])
    return float(np.average(shares, weights=lengths)), min(shares)


def _ring_at(points: np.ndarray, rim: float, config: HollowConfig) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Return the rectangle (center, size, yaw) of a rim at height `rim`, if there is one."""
    slab = points[(points[:, 2] > rim - config.slab) & (points[:, 2] < rim + 0.006)]
    # a rectangle of less area than that around all of them is what is looked for
    if len(slab) < 40 or np.prod(np.ptp(slab[:, :2], axis=0) + 1e-3) < (config.least_width + 1e-3) ** 2:
        return None
    center, size, yaw = fit_footprint(slab[:, :2], 0.003)
    if size.min() < config.least_width or size.max() > config.widest:
        return None
    local = into_box(slab[:, :2], center, yaw)
    inset = np.min(size / 2 - np.abs(local), axis=1)
    covered, worst = _covered(local, size / 2, config.band)
    full = 1.0 - float(np.prod(np.maximum(size - 2.0 * config.band, 0.0)) / np.prod(size))
    hollow = (float(np.mean(inset < config.band)) - full) / max(1.0 - full, 1e-9)
    good = hollow >= config.least_ring and covered >= config.least_covered and worst >= config.least_side
    if (
        not good
        or _lidded(points[points[:, 2] > rim + 0.006], center, size - 2.0 * config.band, yaw) > config.most_lidded
    ):
        return None
    return center, size, yaw


def _lidded(above: np.ndarray, center: np.ndarray, size: np.ndarray, yaw: float) -> float:
    """Return the share of the rectangle within a rim over which something rises above it: all, for a solid's top."""
    own = into_box(above[:, :2], center, yaw)
    tiles = np.unique(np.floor(own[np.all(np.abs(own) < size / 2, axis=1)] / 0.01).astype(int), axis=0)
    return float(len(tiles) * 0.01**2 / np.prod(size))


def find_open_box(points: np.ndarray, table: float, config: HollowConfig) -> OpenBox | None:
    """Return the open box in one cluster, if there is one.

    Args:
        points: The cluster, at least a few millimetres above its table [m]. Shape (n, 3).
        table: Height of the table [m].
        config: What a rim is.
    """
    highest = float(np.percentile(points[:, 2], 99.5))
    steps = np.arange(highest, table + config.least_depth - 1e-9, -0.005)
    rings = ((rim, _ring_at(points, rim, config)) for rim in steps)
    rim, ring = next(((rim, ring) for rim, ring in rings if ring is not None), (0.0, None))
    if ring is None:
        return None
    center, size, yaw = ring
    edge = np.min(size / 2 - np.abs(into_box(points[:, :2], center, yaw)), axis=1)
    walls = points[(edge > -0.006) & (edge < config.band) & (points[:, 2] < rim + 0.01), 2]
    rim = float(np.percentile(walls, 97.0))
    box = Box(np.array([*center, (rim + table) / 2]), np.array([*size, rim - table]), yaw)
    return OpenBox(box, table + config.wall)


def parts_of(points: np.ndarray, hollow: OpenBox, config: HollowConfig) -> OpenBoxParts:
    """Tell the points of an open box from those of its contents and from what is beside it.

    Args:
        points: Any points above the table the box stands on [m]. Shape (n, 3).
        hollow: The box.
        config: Wall thickness and clearance.
    """
    box = hollow.box
    edge = np.min(box.size[:2] / 2 - np.abs(into_box(points[:, :2], box.center, box.yaw)), axis=1)
    rim = box.center[2] + box.size[2] / 2
    contents = (edge > config.wall + config.clearance) & (points[:, 2] > hollow.floor + 0.012)
    walls = (edge > -0.012) & ~contents & (points[:, 2] < rim + 0.012)
    return OpenBoxParts(walls, contents)
