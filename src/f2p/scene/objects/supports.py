"""Chooses what carries the scene by evidence: level surfaces go in, those that things stand on or that end come out.

A support is level, below the camera, and either things stand on it, or it is seen to end: beyond its rim the camera
sees something farther away. A floor behind furniture shows neither: it ends where something nearer hides it, or at a
wall. What is part of a thing on a lower support, such as the top of a box, is none; there may be several, at several
heights, and how large they are does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z
from f2p.scene.cloud.neighbours import components, edges_within
from f2p.scene.cloud.planes import Plane, dominant_plane
from f2p.scene.objects.priors import fit_footprint
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.surfaces import TILE, LevelSurface, Smooth, SurfaceConfig, TableTop, level_surfaces
from f2p.settings import Settings, group, number


@dataclass(frozen=True)
class SupportConfig(Settings):
    """What counts as evidence."""

    below_camera: float = number(
        0.1, "a support is at least this far below the camera, or its top is not seen", unit="m", low=0.0, high=1.0
    )
    largest_thing: float = number(
        0.6, "what is longer than this is furniture or a building, no thing", unit="m", low=0.05, high=2.0,
        source="ours: as the widest open box; more than one hand carries",
    )  # fmt: skip
    tallest_thing: float = number(
        0.5, "what reaches higher above a surface is no thing on it", unit="m", low=0.05, high=2.0
    )
    least_thing: float = number(0.015, "a thing stands out at least this far", unit="m", low=0.002, high=0.2)
    thing_points: int = number(12, "fewest coarse cells of a thing", low=1, high=1e5)
    standing: float = number(
        0.06, "what ends this high above a surface does not stand on it", unit="m", low=0.0, high=0.5,
        source="ours: more than a hidden foot explains",
    )  # fmt: skip
    rim: float = number(0.04, "how far beyond the rim the camera must see past it", unit="m", low=0.01, high=0.3)
    farther: float = number(0.05, "what is seen this far behind the rim is no part of it", unit="m", low=0.01, high=1.0)
    ray: float = number(0.012, "a measured ray this near tells about a place", unit="rad", low=0.001, high=0.2)
    least_open: float = number(
        0.25, "share of the rim beyond which something farther is seen, of a surface that ends", low=0.0, high=1.0,
        source="ours: one side of four",
    )  # fmt: skip
    least_empty: float = number(
        0.28, "an empty surface that is narrower may be the top of a thing", unit="m", low=0.05, high=3.0,
        source="ours: wider than any box on it",
    )  # fmt: skip
    surfaces: SurfaceConfig = group(SurfaceConfig)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for one surface."""

    surface: LevelSurface
    things: tuple[np.ndarray, ...]
    """Rows of each thing that stands on it."""
    open_share: float
    """How much of its rim is seen to be one."""

    def qualifies(self, config: SupportConfig) -> bool:
        """Tell whether it carries the scene."""
        ends = self.open_share >= config.least_open and self.surface.top.box.size[:2].min() >= config.least_empty
        return bool(self.things) or ends


def find_supports(
    cloud: Smooth, sensor: np.ndarray, config: SupportConfig
) -> tuple[list[Evidence], list[Plane], list[TableTop]]:
    """Return the supports of a cloud, the lowest first, the walls, and all level surfaces.

    Args:
        cloud: In a frame whose +z is up; also what is no table, since it tells where tables end.
        sensor: Where it was seen from [m]. Shape (3,).
        config: What counts.
    """
    walls, built = upright_walls(cloud, config)
    loose = ~built
    view = Rays(cloud.points, sensor, config.ray, config.farther)
    surfaces = level_surfaces(cloud, config.surfaces)
    for surface in surfaces:
        if surface.top.box.size[:2].max() > config.largest_thing:
            loose[surface.rows] = False
    supports: list[Evidence] = []
    for surface in surfaces:
        below = sensor[2] - float(np.array([*surface.top.box.center[:2], 1.0]) @ surface.top.slope)
        if below < config.below_camera or any(_part_of(surface, lower) for lower in supports):
            continue
        things = things_on(cloud, loose, surface, config)
        found = Evidence(surface, tuple(things), 0.0 if things else _open_share(surface.top, view, config.rim))
        if found.qualifies(config):
            supports.append(found)
    return supports, walls, [surface.top for surface in surfaces]


def _part_of(surface: LevelSurface, lower: Evidence) -> bool:
    """Tell whether a surface belongs to a thing on a lower support."""
    return any(np.isin(surface.rows, thing).mean() > 0.5 for thing in lower.things)


def upright_walls(cloud: Smooth, config: SupportConfig) -> tuple[list[Plane], np.ndarray]:
    """Return upright planes that are longer or higher than any thing, and which points are on them (n,) bool."""
    points, normals = cloud.points, cloud.normals
    planes, walls = [], np.zeros(len(points), dtype=bool)
    least = max(4, int(0.25 * config.largest_thing**2 / cloud.voxel**2))
    for part in cloud.parts(np.abs(normals[:, 2]) < 0.3, least):
        along, height = fit_footprint(points[part, :2], 0.01)[1].max(), np.ptp(points[part, 2])
        if max(along, height) < config.largest_thing:
            continue
        plane = dominant_plane(points[part], 0.015, np.random.default_rng(0), trials=100)
        near = np.abs(plane.heights(points)) < 0.02
        walls |= near & (np.abs(normals @ plane.normal) > 0.7)
        planes.append(plane)
    return planes, walls


def things_on(cloud: Smooth, usable: np.ndarray, surface: LevelSurface, config: SupportConfig) -> list[np.ndarray]:
    """Return the rows of each cluster of `usable` (n,) bool that stands on a surface and may be things."""
    points = cloud.points
    heights = surface.top.heights(points)
    over = usable & (heights > max(0.012, 4.0 * surface.noise)) & (heights < config.tallest_thing)
    rows = np.flatnonzero(over & surface.top.under(points, 0.0))
    if len(rows) < config.thing_points:
        return []
    groups = components(len(rows), edges_within(points[rows], 2.5 * cloud.voxel))
    counts = np.bincount(groups)
    clusters = [rows[groups == group] for group in np.flatnonzero(counts >= config.thing_points)]
    return [one for one in clusters if _is_thing(points[one], heights[one], surface.top, config)]


def _is_thing(points: np.ndarray, heights: np.ndarray, top: TableTop, config: SupportConfig) -> bool:
    """Tell whether a cluster stands on a surface, ends below what is no thing any more, and is smaller than both."""
    low, high = np.percentile(heights, (2.0, 100.0))
    if low > config.standing or high < config.least_thing or high > config.tallest_thing - 0.01:
        return False
    size = fit_footprint(points[:, :2], 0.01)[1]
    return bool(np.all(np.sort(size) < 0.9 * np.sort(top.box.size[:2])))


def _open_share(top: TableTop, view: Rays, rim: float) -> float:
    """Return the share of a surface's rim beyond which something farther away was seen."""
    beyond = _beyond_rim(top, rim)
    return float(view.free(beyond).mean()) if len(beyond) else 0.0


def _beyond_rim(top: TableTop, rim: float) -> np.ndarray:
    """Return places in the plane of a surface, `rim` outside of each of its outermost tiles. Shape (n, 3)."""
    own = into_box(top.tiles, top.box.center, top.box.yaw)
    places = []
    for axis in (0, 1):
        rows = np.round(own[:, 1 - axis] / TILE).astype(int)
        for sign in (-1.0, 1.0):
            order = np.lexsort((-sign * own[:, axis], rows))
            first = order[np.unique(rows[order], return_index=True)[1]]
            outside = own[first].copy()
            outside[:, axis] += sign * rim
            places.append(outside)
    xy = rotate_z(np.concatenate(places), top.box.yaw) + top.box.center[:2]
    return np.concatenate([xy, (xy @ top.slope[:2] + top.slope[2])[:, None]], axis=1)
