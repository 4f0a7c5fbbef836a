"""Finds what stands on one support: cells above it go in, open boxes and solid objects without names come out.

An open box is a cluster with a rim, and what is within the rim and above its floor is in it; everything else is solid
objects, as the segmenter tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from f2p.geometry import rotate_z, separation
from f2p.scene.cloud.neighbours import components, edges_within
from f2p.scene.objects.hollow import HollowConfig, find_open_box, parts_of
from f2p.scene.objects.priors import PriorConfig, fit_box
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.surfaces import TableTop
from f2p.scene.objects.tracking import Detection
from f2p.scene.segment.protocol import Segmenter
from f2p.settings import Settings, group, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.types import Box


@dataclass(frozen=True)
class StandingConfig(Settings):
    """What is an object on a support, and what is none."""

    above_table: float = number(0.009, "objects begin this high above a table", unit="m", low=0.001, high=0.1)
    highest: float = number(
        0.50, "what reaches this high above a table is no object on it", unit="m", low=0.05, high=2.0
    )
    touching: float = number(0.018, "points nearer than this are one cluster", unit="m", low=0.002, high=0.1)
    least_points: int = number(25, "smaller clusters on a table are noise", low=1, high=1e5)
    least_inside: int = number(
        6, "smaller clusters in a box are noise", low=1, high=1e5, source="ours: walls hide much"
    )
    least_height: float = number(0.015, "lower clusters on a table are noise", unit="m", low=0.0, high=0.2)
    floating: float = number(
        0.06, "what ends this high above any support may be held by the robot", unit="m", low=0.0, high=1.0,
        source="ours: more than a hidden foot explains",
    )  # fmt: skip
    most_free: float = number(
        0.3,
        "no object where more than this share of what is below it is seen to be air",
        low=0.0,
        high=1.0,
        source="ours: nothing floats",
    )
    least_width: float = number(
        0.007, "narrower finds are traces of a wall", unit="m", low=0.0, high=0.1, source="ours: three times the noise"
    )
    hollow: HollowConfig = group(HollowConfig)
    priors: PriorConfig = group(PriorConfig)


def standing_on(
    cells: np.ndarray, table: TableTop, view: Rays, config: StandingConfig, segmenter: Segmenter, first: int
) -> list[Detection]:
    """Find all that stands on one support.

    Args:
        cells: Voxelised points that are over it or near it, +z up [m]. Shape (n, 3).
        table: The support.
        view: What was seen along which ray.
        config: What is an object.
        segmenter: Tells solid objects apart.
        first: Number of detections before; the containers of what is found are counted from it.

    Returns:
        Open boxes, then solid objects in them and beside them.
    """
    heights = table.heights(cells)
    cells = cells[(heights > config.above_table) & (heights < config.highest)]
    free = np.ones(len(cells), dtype=bool)
    boxes: list[Detection] = []
    solids: list[Detection] = []
    inner = replace(config, least_points=config.least_inside, least_height=0.0)
    clusters = clusters_of(cells, free, config.touching, config)
    for members in _perhaps_hollow(cells, free, clusters, config):
        support = Below(table.slope, view).height(cells[members])
        hollow = find_open_box(cells[members], support, config.hollow)
        if hollow is None:
            continue
        owned = parts_of(cells, hollow, config.hollow)
        own, contents = owned.walls & free, owned.contents & free
        floor = Below(np.array([0.0, 0.0, hollow.floor]), view)
        solids += solids_on(cells[contents], floor, first + len(boxes), inner, segmenter)
        boxes.append(Detection(OPEN_BOX, hollow.box, cells[own], support))
        free &= ~(owned.walls | owned.contents)
    if boxes:
        clusters = clusters_of(cells, free, config.touching, config)
    return [*boxes, *solids, *_beside(cells, clusters, table, view, config, segmenter)]


def _perhaps_hollow(
    cells: np.ndarray, free: np.ndarray, clusters: Sequence[np.ndarray], config: StandingConfig
) -> Iterator[np.ndarray]:
    """Yield clusters, then what they are joined to, of what is `free` by then, where wider gaps are none."""
    yield from clusters
    for wide in clusters_of(cells, free, 2.0 * config.touching, config):
        if not any(np.array_equal(wide, one) for one in clusters):
            yield wide


def _beside(
    cells: np.ndarray,
    clusters: Sequence[np.ndarray],
    table: TableTop,
    view: Rays,
    config: StandingConfig,
    segmenter: Segmenter,
) -> list[Detection]:
    """Return solid objects beside the open boxes: clusters over the support that end below what is no object."""
    heights = table.heights(cells)
    kept = np.zeros(len(cells), dtype=bool)
    for members in clusters:
        kept[members] = heights[members].max() < config.highest - 0.01
    found = solids_on(cells[kept], Below(table.slope, view), None, config, segmenter)
    return [item for item in found if table.under(item.box.center[None], 0.01)[0]]


def clusters_of(cells: np.ndarray, free: np.ndarray, radius: float, config: StandingConfig) -> list[np.ndarray]:
    """Index arrays of the connected free cells that are no noise."""
    rest = np.flatnonzero(free)
    groups = components(len(rest), edges_within(cells[rest], radius))
    counts = np.bincount(groups, minlength=1)
    return [rest[groups == group] for group in np.flatnonzero(counts >= config.least_points)]


def solids_on(
    points: np.ndarray, below: Below, container: int | None, config: StandingConfig, segmenter: Segmenter
) -> list[Detection]:
    """Return solid objects, lowest first, each on its support or on an object below it."""
    if not len(points):
        return []
    labels = segmenter.segment(points, None, below.view.sensor)
    parts = [points[labels == label] for label in range(int(labels.max(initial=-1)) + 1)]
    parts = [part for part in parts if len(part) >= config.least_points]
    found: list[Detection] = []
    for part in sorted(parts, key=lambda part: float(np.percentile(part[:, 2], 5.0))):
        box = fit_box(part, None, config.priors)
        base, lower = _base(box, below.height(part), found, config.priors.snap)
        if part[:, 2].max() - base < config.least_height and lower is not None:
            found[lower] = _with_more(found[lower], part, config)  # a piece of its top that something divides
            continue
        if container is None and below.floats(box, base, config):
            continue
        if part[:, 2].max() - base >= config.least_height and box.size[:2].min() >= config.least_width:
            standing = fit_box(part, base, config.priors, standing=True)
            found.append(Detection(CUBOID, standing, part, base, container))
    return found


def _with_more(detection: Detection, part: np.ndarray, config: StandingConfig) -> Detection:
    """Return a detection with another part of it."""
    points = np.concatenate([detection.points, part])
    return replace(detection, points=points, box=fit_box(points, detection.support, config.priors, standing=True))


def _base(box: Box, support: float, found: Sequence[Detection], snap: float) -> tuple[float, int | None]:
    """Return the height an object stands on [m], and whose top that is: the highest that ends where it begins."""
    bottom = box.center[2] - box.size[2] / 2.0
    base, lower = support, None
    if bottom - support < snap:
        return support, None
    for index, other in enumerate(found):
        top = float(other.box.center[2] + other.box.size[2] / 2.0)
        if top > base and abs(top - bottom) < snap and touching(box, other.box):
            base, lower = top, index
    return base, lower


def touching(one: Box, other: Box) -> bool:
    """Tell whether the footprints of two boxes overlap, or nearly."""
    first, second = ((box.center, box.size, np.asarray(box.yaw)) for box in (one, other))
    return bool(separation(first, second) < 0.01)


@dataclass(frozen=True, eq=False)
class Below:
    """What is below some points: a support, or the floor of a container, and what was seen through the air."""

    slope: np.ndarray
    """Its height as slope[0] x + slope[1] y + slope[2]. Shape (3,)."""
    view: Rays

    def height(self, points: np.ndarray) -> float:
        """Return its height below the middle of some points [m]."""
        return float(np.array([*points[:, :2].mean(axis=0), 1.0]) @ self.slope)

    def floats(self, box: Box, base: float, config: StandingConfig) -> bool:
        """Tell whether the camera sees through below what was seen of an object: then it is held."""
        bottom = box.center[2] - box.size[2] / 2.0
        if bottom - base <= config.floating:
            return False
        grid = np.stack(np.meshgrid(*2 * [np.linspace(-0.4, 0.4, 5)]), axis=-1).reshape(-1, 2) * box.size[:2]
        xy = rotate_z(grid, box.yaw) + box.center[:2]
        heights = np.linspace(base, bottom, 6)[1:-1]
        places = np.concatenate([np.column_stack([xy, np.full(len(xy), height)]) for height in heights])
        return self.view.free(places).mean() > config.most_free
