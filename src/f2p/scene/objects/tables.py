"""Finds table tops in a gravity-aligned cloud: points go in, one level surface with its extents per table comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from f2p.geometry import footprint_excess, into_box
from f2p.scene.cloud.convexity import components, edges_within
from f2p.scene.objects.priors import fit_footprint
from f2p.settings import Settings, number
from f2p.types import Box

TRIM = 0.002
"""Share of a table's points beyond each side of its rectangle: stray ones (ours)."""


@dataclass(frozen=True)
class TableConfig(Settings):
    """What counts as a table."""

    lowest: float = number(0.15, "no table is lower; below it is floor", unit="m", low=0.0, high=2.0)
    highest: float = number(1.1, "no table is higher; the camera could not look onto it", unit="m", low=0.1, high=2.0)
    level: float = number(0.012, "points this near a height are on it", unit="m", low=0.002, high=0.1)
    upright: float = number(0.85, "least upward part of a surface normal on a table", low=0.3, high=1.0)
    least_size: float = number(
        0.28,
        "tables are at least this wide both ways",
        unit="m",
        low=0.05,
        high=3.0,
        source="ours: wider than any box on it",
    )
    least_filled: float = number(0.25, "least seen share of a table's rectangle", low=0.01, high=1.0)
    gap: float = number(
        0.07, "parts of one top this near belong together", unit="m", low=0.005, high=0.5,
        source="ours: objects cast shadows, the tables of the demo are 20 cm apart",
    )  # fmt: skip
    thickness: float = number(
        0.05, "what a top is taken to measure, since its underside is not seen", unit="m", low=0.005, high=1.0,
        source="ours: the demo's scene",
    )  # fmt: skip
    most: int = number(6, "search ends after so many levels", low=1, high=50)


@dataclass(frozen=True, eq=False)
class TableTop:
    """One table as it was seen."""

    box: Box
    """Its top `thickness`, in the task frame."""
    slope: np.ndarray
    """Height as slope[0] x + slope[1] y + slope[2]: a camera is never quite level. Shape (3,)."""
    points_task: np.ndarray
    """Shape (n, 3) [m]."""

    def heights(self, points_task: np.ndarray) -> np.ndarray:
        """Return the height of points (n, 3) above the top [m]. Shape (n,)."""
        return points_task[:, 2] - points_task[:, :2] @ self.slope[:2] - self.slope[2]

    def under(self, points_task: np.ndarray, margin: float) -> np.ndarray:
        """Return which points (n, 3) are over the top or its surroundings up to `margin` [m]. Shape (n,), bool."""
        own = into_box(points_task[:, :2], self.box.center, self.box.yaw)
        return np.all(np.abs(own) - self.box.size[:2] / 2 <= margin, axis=-1)


def without(table: TableTop, boxes: Sequence[Box]) -> TableTop:
    """Return `table` by what is seen of it beside `boxes`: their floors are level too, and may hang over its edge."""
    points = table.points_task
    beside = np.ones(len(points), dtype=bool)
    for box in boxes:
        beside &= footprint_excess(points[:, :2], box.center, box.size, box.yaw) > 0.005
    if beside.all() or not beside.any():
        return table
    center, size, yaw = fit_footprint(points[beside, :2], TRIM)
    height, thick = table.box.center[2], table.box.size[2]
    return replace(
        table, box=Box(np.array([*center, height]), np.array([*size, thick]), yaw), points_task=points[beside]
    )


def _on_one_plane(points: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a nearly level plane through most of `points`: its coefficients (3,) and which points are on it."""
    slope = np.array([0.0, 0.0, np.median(points[:, 2])])
    design = np.concatenate([points[:, :2], np.ones((len(points), 1))], axis=1)
    near = np.abs(points[:, 2] - slope[2]) < tolerance
    for _ in range(3):
        if near.sum() < 3:
            break
        slope = np.linalg.lstsq(design[near], points[near, 2], rcond=None)[0]
        near = np.abs(points[:, 2] - design @ slope) < tolerance
    return slope, near


def _top_from(points: np.ndarray, voxel: float, config: TableConfig) -> TableTop | None:
    """Return a table through connected level points, if they are large and full enough."""
    slope, near = _on_one_plane(points, config.level)
    if near.sum() < 50 or np.linalg.norm(slope[:2]) > 0.1:
        return None
    center, size, yaw = fit_footprint(points[near, :2], TRIM)
    seen = len(np.unique(np.floor(points[near, :2] / (2 * voxel)).astype(int), axis=0)) * (2 * voxel) ** 2
    if size.min() < config.least_size or seen < config.least_filled * np.prod(size):
        return None
    height = float(np.array([*center, 1.0]) @ slope)
    box = Box(np.array([*center, height - config.thickness / 2]), np.array([*size, config.thickness]), yaw)
    return TableTop(box, slope, points[near])


def find_tables(points: np.ndarray, normals: np.ndarray, voxel: float, config: TableConfig) -> list[TableTop]:
    """Return all table tops, the leftmost (+y) first.

    Args:
        points: Voxelised cloud in the task frame [m]. Shape (n, 3).
        normals: Unit normals towards the sensor. Shape (n, 3).
        voxel: Spacing of the points [m].
        config: What counts as a table.
    """
    flat = (normals[:, 2] > config.upright) & (points[:, 2] > config.lowest) & (points[:, 2] < config.highest)
    rest, found = points[flat], []
    for _ in range(int(config.most)):
        if len(rest) * voxel**2 < 0.2 * config.least_size**2:
            break
        bins = np.floor(rest[:, 2] / config.level).astype(int)
        counts = np.convolve(np.bincount(bins), [1, 2, 1])[1:-1]
        height = (int(np.argmax(counts)) + 0.5) * config.level
        level = np.abs(rest[:, 2] - height) < 2.5 * config.level
        found += _tops_at(rest[level], voxel, config)
        rest = rest[~level]
    return sorted(found, key=lambda top: -top.box.center[1])


def _tops_at(points: np.ndarray, voxel: float, config: TableConfig) -> list[TableTop]:
    """Return the tables among points of about one height."""
    tiles, tile_of = np.unique(np.floor(points[:, :2] / 0.02).astype(int), axis=0, return_inverse=True)
    groups = components(len(tiles), edges_within(0.02 * tiles, config.gap))[tile_of.reshape(-1)]
    tops = [_top_from(points[groups == group], voxel, config) for group in np.unique(groups)]
    return [top for top in tops if top is not None]
