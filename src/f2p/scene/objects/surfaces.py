"""Finds level surfaces in a gravity-aligned cloud: points and normals go in, one plane with its extents each comes out.

A surface is what is connected and keeps one slope, whatever its size: floors, table tops, shelf boards and the tops of
boxes alike. Which of them carry the scene is decided in `supports.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from f2p.geometry import footprint_excess, into_box
from f2p.scene.cloud.neighbours import components, edges_within, normals_of
from f2p.scene.cloud.planes import dominant_plane
from f2p.scene.cloud.sanitise import thinned
from f2p.scene.objects.priors import fit_footprint
from f2p.settings import Settings, number
from f2p.types import Box

TRIM = 0.002
"""Share of a surface's points beyond each side of its rectangle: stray ones (ours)."""

TILE = 0.02
"""Edge of the tiles by which surfaces are compared [m] (ours: two coarse cells)."""


_SPAN = 1 << 20
"""More tiles than any scene is wide."""

_ENOUGH = 1500
"""Points a plane is fitted to, at least where there are that many (ours: more change less than the noise)."""

_ONE_PLANE = 0.8
"""Share of a smooth part that lies on one plane, unless it is two (ours: the rest are rounded edges and noise)."""


@dataclass(frozen=True)
class SurfaceConfig(Settings):
    """What counts as one level surface."""

    level: float = number(0.012, "points this near a plane are on it", unit="m", low=0.002, high=0.1)
    step: float = number(
        0.006, "neighbours farther than this off one another's plane are two surfaces", unit="m", low=0.001, high=0.1,
        source="ours: less than the thinnest board, more than depth noise at 1.5 m",
    )  # fmt: skip
    upright: float = number(0.85, "least upward part of a surface normal", low=0.3, high=1.0)
    steepest: float = number(
        0.2,
        "surfaces that slope more are not level: things would slide",
        low=0.01,
        high=1.0,
        source="ours: friction of dry wood is above .2",
    )
    least_area: float = number(
        0.01, "smaller surfaces carry nothing", unit="m^2", low=1e-4, high=1.0, source="ours: a hand's breadth square"
    )
    gap: float = number(
        0.07, "parts of one plane this near belong together", unit="m", low=0.005, high=0.5,
        source="ours: objects cast shadows, the tables of the demo are 20 cm apart",
    )  # fmt: skip
    thickness: float = number(
        0.05, "what a top is taken to measure, since its underside is not seen", unit="m", low=0.005, high=1.0,
        source="ours: the demo's scene",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class TableTop:
    """One level surface as it was seen."""

    box: Box
    """Its top `thickness`, in the task frame."""
    slope: np.ndarray
    """Height as slope[0] x + slope[1] y + slope[2]: a camera is never quite level. Shape (3,)."""
    points_task: np.ndarray
    """Shape (n, 3) [m]."""

    @property
    def tiles(self) -> np.ndarray:
        """Return the centres of the tiles it was seen on. Shape (m, 2) [m]."""
        return (tiles_of(self.points_task) + 0.5) * TILE

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


@dataclass(frozen=True, eq=False)
class LevelSurface:
    """One level surface and which of the points it was found in lie on it."""

    top: TableTop
    rows: np.ndarray
    """Shape (n,), int."""
    noise: float
    """Standard deviation of their heights about it, from the median [m]."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """A voxelised cloud, and which of its neighbours continue one another: the same however it is turned."""

    points: np.ndarray
    """Shape (n, 3) [m]."""
    normals: np.ndarray
    """Towards the sensor. Shape (n, 3)."""
    voxel: float
    """Spacing of the points [m]."""
    edges: np.ndarray
    """Pairs of neighbours on one another's plane. Shape (m, 2), int."""

    def turned(self, rotation: np.ndarray) -> Smooth:
        """Return it in another frame."""
        return replace(self, points=self.points @ rotation.T, normals=self.normals @ rotation.T)

    def parts(self, chosen: np.ndarray, least: int) -> list[np.ndarray]:
        """Return the rows of each connected part of the `chosen` (n,) bool, of `least` rows or more, largest first."""
        rows = np.flatnonzero(chosen)
        number_of = np.cumsum(chosen) - 1
        edges = self.edges[chosen[self.edges[:, 0]] & chosen[self.edges[:, 1]]]
        groups = components(len(rows), number_of[edges])
        counts = np.bincount(groups, minlength=1)
        return [rows[groups == group] for group in np.argsort(-counts, kind="stable") if counts[group] >= least]


def smooth_cloud(points: np.ndarray, sensor: np.ndarray, voxel: float, config: SurfaceConfig) -> Smooth:
    """Find which neighbours of a voxelised cloud continue one another.

    Args:
        points: Shape (n, 3) [m].
        sensor: Where they were seen from [m]. Shape (3,).
        voxel: Spacing of the points [m].
        config: How far apart neighbours may be.
    """
    edges = edges_within(points, 2.5 * voxel)
    normals = normals_of(points, edges, sensor)
    apart, (one, other) = np.zeros(len(edges)), edges.T
    for column, along in zip(points.T, normals.T, strict=True):  # three times as fast as over rows of three
        apart += (column[other] - column[one]) * (along[one] + along[other]) / 2.0
    return Smooth(points, normals, voxel, edges[np.abs(apart) < config.step])


def tiles_of(points: np.ndarray) -> np.ndarray:
    """Return the tiles that points (n, 2 or 3) lie over, each once. Shape (m, 2), int."""
    x, y = (np.floor(points[:, axis] / TILE).astype(np.int64) for axis in (0, 1))
    keys = np.unique(x * _SPAN + y + _SPAN // 2)
    return np.stack([keys // _SPAN, keys % _SPAN - _SPAN // 2], axis=1)


def level_surfaces(cloud: Smooth, config: SurfaceConfig) -> list[LevelSurface]:
    """Return all level surfaces of a cloud whose +z is up, the lowest first."""
    points, least = cloud.points, _least(cloud.voxel, config)
    parts = cloud.parts(cloud.normals[:, 2] > config.upright, least)
    found = []
    for rows in _joined(points, [plane for part in parts for plane in _planes(points, part, least, config)], config):
        slope, near = plane_through(points[rows], config.level)
        level = np.linalg.norm(slope[:2]) <= config.steepest
        if level and near.sum() * cloud.voxel**2 >= config.least_area:
            off = points[rows, 2] - points[rows, :2] @ slope[:2] - slope[2]
            noise = 1.48 * float(np.median(np.abs(off)))
            found.append(LevelSurface(top_through(points[rows[near]], slope, config), rows[near], noise))
    return sorted(found, key=lambda surface: float(surface.top.box.center[2]))


def _least(voxel: float, config: SurfaceConfig) -> int:
    """Return how many points a part has at least."""
    return max(4, int(0.25 * config.least_area / voxel**2))


def plane_through(points: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the plane through most of `points`: its coefficients (3,), as a slope, and which points are on it."""
    some = thinned(points, _ENOUGH)
    design = np.column_stack([some[:, :2], np.ones(len(some))])
    near, slope = np.ones(len(some), dtype=bool), np.zeros(3)
    for _ in range(4):
        if near.sum() < 3:
            break
        slope = np.linalg.lstsq(design[near], some[near, 2], rcond=None)[0]
        near = np.abs(some[:, 2] - design @ slope) < tolerance
    return slope, np.abs(points[:, 2] - points[:, :2] @ slope[:2] - slope[2]) < tolerance


def _planes(points: np.ndarray, rows: np.ndarray, least: int, config: SurfaceConfig) -> list[np.ndarray]:
    """Return a smooth part, divided where it is more than one plane: level surfaces may meet at a flat angle."""
    found, rng = [], np.random.default_rng(0)
    while len(rows) >= least:
        near = plane_through(points[rows], config.level)[1]
        if near.mean() < _ONE_PLANE:
            near = (
                np.abs(dominant_plane(points[rows], config.level, rng, trials=100).heights(points[rows])) < config.level
            )
        found.append(rows[near])
        if near.mean() >= _ONE_PLANE:
            break
        rows = rows[~near]
    return found


def _joined(points: np.ndarray, parts: list[np.ndarray], config: SurfaceConfig) -> list[np.ndarray]:
    """Join parts, given by size, that lie in one plane near one another; shadows of objects divide them."""
    joined: list[list[np.ndarray]] = []
    planes: list[np.ndarray] = []
    covered: list[list[np.ndarray]] = []
    for rows in parts:
        middle, tiles = points[thinned(rows, _ENOUGH)], TILE * tiles_of(points[rows])
        for index, slope in enumerate(planes):
            off = middle[:, 2] - middle[:, :2] @ slope[:2] - slope[2]
            if np.median(np.abs(off)) < config.level and _near(covered[index], tiles, config.gap):
                joined[index].append(rows)
                covered[index].append(tiles)
                break
        else:
            joined.append([rows])
            covered.append([tiles])
            planes.append(plane_through(points[rows], config.level)[0])
    return [np.concatenate(some) for some in joined]


def _near(tiles: list[np.ndarray], others: np.ndarray, gap: float) -> bool:
    """Tell whether some tiles come nearer than `gap` [m] to others."""
    return any(cKDTree(some).query(others, distance_upper_bound=gap)[0].min() <= gap for some in tiles)


def top_through(points: np.ndarray, slope: np.ndarray, config: SurfaceConfig) -> TableTop:
    """Return the surface through points that are on it."""
    center, size, yaw = fit_footprint(points[:, :2], TRIM)
    height = float(np.array([*center, 1.0]) @ slope)
    box = Box(np.array([*center, height - config.thickness / 2]), np.array([*size, config.thickness]), yaw)
    return TableTop(box, slope, points)
