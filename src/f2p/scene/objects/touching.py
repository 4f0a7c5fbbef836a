"""Separates solid objects that touch: a cluster goes in, one group of points per object comes out.

Every upright cuboid shows its whole top to a camera on a mast unless something hides it, so tops are found first, as
level patches, and what is below and beside a top belongs to it. A patch that is no rectangle is cut in two where both
parts are most rectangular (ours: two objects of one height that touch).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from f2p.geometry import rotate_z
from f2p.scene.cloud.convexity import components, edges_within
from f2p.scene.objects.priors import fit_footprint
from f2p.settings import Settings, number


@dataclass(frozen=True)
class SeparationConfig(Settings):
    """How tops are told apart."""

    touching: float = number(0.013, "points nearer than this are connected", unit="m", low=0.002, high=0.1)
    upward: float = number(0.8, "least upward part of a normal on a top", low=0.3, high=1.0)
    step: float = number(0.006, "tops that differ more in height are two", unit="m", low=0.001, high=0.1)
    least_top: float = number(
        1.2e-4, "smaller level patches are no tops", unit="m^2", low=1e-6, high=0.1, source="ours: 11 mm square"
    )
    least_points: int = number(10, "smaller clusters are noise", low=1, high=1e5)
    tile: float = number(0.006, "cell on which the area of a top is measured", unit="m", low=0.001, high=0.05)
    filled: float = number(0.85, "a top that fills this share of its rectangle is one", low=0.1, high=1.0)
    cut_gain: float = number(0.3, "a cut must save this share of the rectangle's area", low=0.0, high=1.0)
    least_part: float = number(0.018, "no part of a cut is narrower", unit="m", low=0.002, high=0.2)


def _tops(points: np.ndarray, normals: np.ndarray, voxel: float, config: SeparationConfig) -> np.ndarray:
    """Return level patches; negative for points on none. Shape (n,), int."""
    patches = np.full(len(points), -1)
    up = np.flatnonzero(normals[:, 2] > config.upward)
    if len(up) == 0:
        return patches
    edges = edges_within(points[up], config.touching)
    level = np.abs(points[up[edges[:, 0]], 2] - points[up[edges[:, 1]], 2]) < config.step
    groups = components(len(up), edges[level])
    for group in np.unique(groups):
        members = up[groups == group]
        tiles = np.unique(np.floor(points[members, :2] / voxel).astype(int), axis=0)
        if len(tiles) * voxel**2 >= config.least_top:
            patches[members] = patches.max() + 1
    return patches


def _area(points_xy: np.ndarray) -> tuple[float, float]:
    """Return the area of the least rectangle and its smaller side."""
    size = fit_footprint(points_xy, 0.01)[1]
    return float(np.prod(size)), float(size.min())


def best_cut(points_xy: np.ndarray, config: SeparationConfig) -> np.ndarray | None:
    """Return where to cut a patch that is two rectangles: a mask of one part (n,), or None if it is one already."""
    if len(points_xy) < 2 * config.least_points:
        return None
    whole, _ = _area(points_xy)
    tiles = np.unique(np.floor(points_xy / config.tile).astype(int), axis=0)
    if len(tiles) * config.tile**2 > config.filled * whole:
        return None
    best, saved = None, config.cut_gain * whole
    for yaw in np.arange(6) * np.pi / 6.0:
        along = rotate_z(points_xy, -yaw)[:, 0]
        for position in np.quantile(along, np.linspace(0.2, 0.8, 7)):
            part = along < position
            if min(part.sum(), (~part).sum()) < config.least_points:
                continue
            (one, narrow), (other, thin) = _area(points_xy[part]), _area(points_xy[~part])
            if min(narrow, thin) >= config.least_part and whole - one - other > saved:
                best, saved = part, whole - one - other
    return best


def separate(points: np.ndarray, normals: np.ndarray, voxel: float, config: SeparationConfig) -> list[np.ndarray]:
    """Group the points of one region into objects.

    Args:
        points: Points of solid objects only [m]. Shape (n, 3).
        normals: Unit normals towards the sensor. Shape (n, 3).
        voxel: Spacing of the points [m].
        config: How tops are told apart.

    Returns:
        Index arrays, one per object, largest first.
    """
    found: list[np.ndarray] = []
    clusters = components(len(points), edges_within(points, config.touching))
    for cluster in np.unique(clusters):
        members = np.flatnonzero(clusters == cluster)
        if len(members) < config.least_points:
            continue
        found += [members[part] for part in _split(points[members], normals[members], voxel, config)]
    return sorted(found, key=lambda part: -len(part))


def _split(points: np.ndarray, normals: np.ndarray, voxel: float, config: SeparationConfig) -> list[np.ndarray]:
    """Return parts of one connected cluster, as index arrays."""
    patches = _tops(points, normals, voxel, config)
    for patch in range(int(patches.max()) + 1):
        members = np.flatnonzero(patches == patch)
        part = best_cut(points[members, :2], config)
        if part is not None:
            patches[members[part]] = patches.max() + 1
    on_top = np.flatnonzero(patches >= 0)
    if patches.max() <= 0:
        return [np.arange(len(points))]
    # a side belongs to the nearest top that is not below it
    squeezed = points * np.array([1.0, 1.0, 0.3])
    owner = patches[on_top[cKDTree(squeezed[on_top]).query(squeezed)[1]]]
    parts = [np.flatnonzero(owner == patch) for patch in range(int(patches.max()) + 1)]
    return [part for part in parts if len(part) >= config.least_points]
