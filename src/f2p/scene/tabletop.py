"""The robot's look at its tables: one merged cloud in the task frame goes in, a named scene comes out.

Tables are level surfaces; on each, clusters; an open box is a cluster with a rim, and what is within the rim and above
the floor is in it; everything else is solid objects, one per level top. Names come from the operator's inventory and
from the scene before (`tracking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from f2p.geometry import footprint_excess
from f2p.scene.cloud.convexity import components, edges_within, normals_of
from f2p.scene.cloud.sanitise import SanitiseConfig, thinned, usable, voxels
from f2p.scene.errors import NoSupportError
from f2p.scene.objects.hidden import HiddenConfig, View, recalled
from f2p.scene.objects.hollow import HollowConfig, find_open_box, parts_of
from f2p.scene.objects.inventory import cut_by_inventory, join_by_inventory
from f2p.scene.objects.priors import PriorConfig, fit_box
from f2p.scene.objects.tables import TableConfig, TableTop, find_tables, without
from f2p.scene.objects.touching import SeparationConfig, separate
from f2p.scene.objects.tracking import (
    Detection,
    KnownObject,
    TrackingConfig,
    completed,
    fresh_names,
    known_objects,
    match,
)
from f2p.settings import Settings, group, number, setting
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.shape.protocol import holds_nothing, shape_of
from f2p.shape.table import TABLE
from f2p.types import Box, Scene, Segment


@dataclass(frozen=True)
class TabletopConfig(Settings):
    """Settings of the robot's perception."""

    workspace_low: tuple[float, float, float] = setting(
        (0.30, -1.6, 0.1), "lowest corner of what is looked at, task frame", unit="m"
    )
    workspace_high: tuple[float, float, float] = setting(
        (1.40, 1.6, 1.1), "highest corner of what is looked at, task frame", unit="m"
    )
    coarse: float = number(0.008, "grid on which tables are found", unit="m", low=0.002, high=0.05)
    voxel: float = number(0.004, "grid of the working cloud", unit="m", low=0.001, high=0.05)
    normal_radius: float = number(0.012, "neighbourhood of a normal", unit="m", low=0.002, high=0.1)
    above_table: float = number(0.009, "objects begin this high above a table", unit="m", low=0.001, high=0.1)
    highest: float = number(
        0.40, "what reaches this high above a table is no object on it", unit="m", low=0.05, high=2.0
    )
    overhang: float = number(0.06, "objects may stand out this far over a table's edge", unit="m", low=0.0, high=0.5)
    touching: float = number(0.018, "points nearer than this are one cluster", unit="m", low=0.002, high=0.1)
    least_points: int = number(25, "smaller clusters on a table are noise", low=1, high=1e5)
    least_inside: int = number(
        6, "smaller clusters in a box are noise", low=1, high=1e5, source="ours: walls hide much"
    )
    least_height: float = number(0.015, "lower clusters on a table are noise", unit="m", low=0.0, high=0.2)
    floating: float = number(
        0.06, "what ends this high above any support is the robot, not an object", unit="m", low=0.0, high=1.0,
        source="ours: nothing floats; more than a hidden foot explains",
    )  # fmt: skip
    fallen_worst: float = number(
        0.02, "difference of size up to which a find on the floor is a missing object", unit="m", low=0.0, high=0.2
    )
    least_width: float = number(
        0.007, "narrower finds are traces of a wall", unit="m", low=0.0, high=0.1, source="ours: three times the noise"
    )
    most_points: int = number(2048, "clouds of segments are thinned to this", low=32, high=1e6)
    sought: tuple[str, ...] = field(default=(), metadata={"given": True})
    """Known objects that have just been handled: hidden ones get no place by reasoning (`hidden.py`), as others do."""
    known: tuple[KnownObject, ...] = field(default=(), metadata={"given": True})
    """The operator's inventory: names with prior and size."""
    sanitise: SanitiseConfig = group(SanitiseConfig)
    tables: TableConfig = group(TableConfig)
    hollow: HollowConfig = group(HollowConfig)
    separation: SeparationConfig = group(SeparationConfig)
    hidden: HiddenConfig = group(HiddenConfig)
    priors: PriorConfig = group(PriorConfig)
    tracking: TrackingConfig = group(TrackingConfig)


SENSOR_TASK = np.array([0.0, 0.0, 1.3])
"""Where the robot's camera is unless the caller knows better [m] (Stretch RE2's head)."""


def scene_from_cloud(
    points_task: np.ndarray,
    config: TabletopConfig = TabletopConfig(),
    previous: Scene | None = None,
    sensor_task: np.ndarray = SENSOR_TASK,
    stamp_ns: int = 0,
) -> Scene:
    """Find tables, boxes and objects in one merged cloud, and name them.

    Args:
        points_task: Merged cloud of all looks in the task frame [m]. Shape (n, 3); invalid points may be NaN.
        config: What to look for and how.
        previous: The scene before, for names; None at the first look.
        sensor_task: Where the camera was [m]. Shape (3,).
        stamp_ns: When it was seen [ns].

    Returns:
        Tables from left to right, then open boxes, then objects by name. A known object that is on no table is looked
        for on the floor; one that is nowhere is where it may be hidden, or is not in it.

    Raises:
        CloudShapeError, CloudTooLargeError, CloudTooSmallError: The cloud cannot be looked at.
        NoSupportError: There is no table in it.
    """
    points = np.asarray(points_task)
    points = np.asarray(points[usable(points, config.sanitise)], dtype=np.float64)
    within = np.all((points >= config.workspace_low) & (points <= config.workspace_high), axis=1)
    cells = voxels(points[within], config.voxel)[0]
    tables = _tables(points, points[within], sensor_task, config)
    detections: list[Detection] = []
    for index, table in enumerate(tables):
        found = _on_table(cells, table, sensor_task, config, len(detections))
        tables[index] = without(table, [item.box for item in found if shape_of(item.prior).contains])
        detections += found
    known = known_objects(config.known, previous)
    detections = join_by_inventory(detections, known, config.priors, config.tracking)
    detections = cut_by_inventory(detections, known, config.priors, config.tracking)
    segments = [*_named_tables(tables, previous, config), *_named(detections, known, sensor_task, config)]
    segments += _fallen(points, _missing(known, segments), sensor_task, config)
    missing = [item for item in _missing(known, segments) if item.name not in config.sought]
    if missing:
        before = {} if previous is None else {segment.name: segment.box for segment in previous.segments}
        segments += recalled(missing, segments, before, View(cells, sensor_task, config.hidden), config.hidden)
    return Scene(tuple(_ordered(segments)), stamp_ns)


def _tables(points: np.ndarray, within: np.ndarray, sensor_task: np.ndarray, config: TabletopConfig) -> list[TableTop]:
    """Return the tables of the workspace; NoSupportError with the facts when there are none."""
    coarse = voxels(within, config.coarse)[0]
    tables: list[TableTop] = []
    if len(coarse):
        level = normals_of(coarse, 2.5 * config.coarse, sensor_task)
        tables = find_tables(coarse, level, config.coarse, config.tables)
    if not tables:
        facts = f"{len(coarse)} cells in the workspace, none level over {config.tables.least_size} m both ways"
        raise NoSupportError(len(points), facts)
    return tables


def _missing(known: Sequence[KnownObject], segments: Sequence[Segment]) -> list[KnownObject]:
    """Return known solid objects that have not been found."""
    names = {segment.name for segment in segments}
    return [item for item in known if item.name not in names and holds_nothing(item.prior)]


def _fallen(
    points: np.ndarray, missing: Sequence[KnownObject], sensor_task: np.ndarray, config: TabletopConfig
) -> list[Segment]:
    """Return missing objects that lie on the floor; only what has their size counts, since floors carry much else."""
    low, high = config.workspace_low, config.workspace_high
    within = np.all((points[:, :2] >= low[:2]) & (points[:, :2] <= high[:2]), axis=1)
    near = points[within & (points[:, 2] > 0.015) & (points[:, 2] < low[2])]
    if not missing or len(near) == 0:
        return []
    cells = voxels(near, config.voxel)[0]
    clusters = _clusters(cells, np.ones(len(cells), dtype=bool), config.touching, config)
    boxes = [fit_box(cells[group], 0.0, config.priors, standing=True) for group in clusters]
    finds = [Detection(CUBOID, box, cells[group], 0.0) for box, group in zip(boxes, clusters, strict=True)]
    strict = replace(config.tracking, worst=config.fallen_worst, hidden_weight=1.0, place_weight=0.0)
    return [
        Segment(item.name, item.prior, completed(finds[index], item, sensor_task, strict), finds[index].points)
        for index, item in match(finds, missing, strict).items()
    ]


def _ordered(segments: Sequence[Segment]) -> list[Segment]:
    """Return tables as they are, then open boxes, then objects by name."""

    def rank(item: Segment) -> tuple[int, str]:
        return (0, "") if item.shape.support else (1 if item.shape.contains else 2, item.name)

    return sorted(segments, key=rank)


def _on_table(
    cells: np.ndarray, table: TableTop, sensor_task: np.ndarray, config: TabletopConfig, first: int
) -> list[Detection]:
    """Find all that stands on one table: open boxes, counted from `first`, then solid objects in and beside them."""
    heights = table.heights(cells)
    near = table.under(cells, config.overhang) & (heights > config.above_table) & (heights < config.highest)
    cells, heights = cells[near], heights[near]
    normals = normals_of(cells, config.normal_radius, sensor_task)
    free = np.ones(len(cells), dtype=bool)
    boxes: list[Detection] = []
    solids: list[Detection] = []
    inner = replace(config, least_points=config.least_inside, least_height=0.0)
    for radius in (config.touching, 2.0 * config.touching):
        for members in _clusters(cells, free, radius, config):
            hollow = find_open_box(cells[members], _support(cells[members], table), config.hollow)
            if hollow is None:
                continue
            owned = parts_of(cells, hollow, config.hollow)
            own, contents = owned.walls & free, owned.contents & free
            solids += _solids(cells[contents], normals[contents], hollow.floor, first + len(boxes), inner)
            boxes.append(Detection(OPEN_BOX, hollow.box, cells[own], _support(cells[members], table)))
            free &= ~(owned.walls | owned.contents)
    for members in _clusters(cells, free, config.touching, config):
        if heights[members].max() < config.highest - 0.01:
            beside = _solids(cells[members], normals[members], _support(cells[members], table), None, config)
            solids += [item for item in beside if table.under(item.box.center[None], 0.01)[0]]
    return [*boxes, *solids]


def _clusters(cells: np.ndarray, free: np.ndarray, radius: float, config: TabletopConfig) -> list[np.ndarray]:
    """Index arrays of the connected free cells that are no noise."""
    rest = np.flatnonzero(free)
    groups = components(len(rest), edges_within(cells[rest], radius))
    counts = np.bincount(groups, minlength=1)
    return [rest[groups == group] for group in np.flatnonzero(counts >= config.least_points)]


def _support(points: np.ndarray, table: TableTop) -> float:
    """Return the height of the table below the middle of some points [m]."""
    return float(np.array([*points[:, :2].mean(axis=0), 1.0]) @ table.slope)


def _solids(
    points: np.ndarray, normals: np.ndarray, support: float, container: int | None, config: TabletopConfig
) -> list[Detection]:
    """Return solid objects, lowest first, each on its support or on an object below it."""
    separation = replace(config.separation, least_points=int(config.least_points))
    parts = [points[part] for part in separate(points, normals, config.voxel, separation)]
    found: list[Detection] = []
    for part in sorted(parts, key=lambda part: float(np.percentile(part[:, 2], 5.0))):
        box = fit_box(part, None, config.priors)
        base = _base(box, support, found, config.priors.snap)
        if container is None and box.center[2] - box.size[2] / 2.0 - base > config.floating:
            continue
        if part[:, 2].max() - base >= config.least_height and box.size[:2].min() >= config.least_width:
            standing = fit_box(part, base, config.priors, standing=True)
            found.append(Detection(CUBOID, standing, part, base, container))
    return found


def _base(box: Box, support: float, found: Sequence[Detection], snap: float) -> float:
    """Return what an object stands on: the support, or the top of what is below its middle [m]."""
    bottom = box.center[2] - box.size[2] / 2.0
    if bottom - support < snap:
        return support
    for other in found:
        top = other.box.center[2] + other.box.size[2] / 2.0
        over = footprint_excess(box.center[:2], other.box.center, other.box.size, other.box.yaw) < 0.005
        if over and abs(top - bottom) < snap:
            return float(top)
    return support


def _named_tables(tables: Sequence[TableTop], previous: Scene | None, config: TabletopConfig) -> list[Segment]:
    """`table_a`, `table_b` ... from left to right; a table known before keeps name and extents while it agrees."""
    before = [] if previous is None else [item for item in previous.segments if item.shape.support]
    taken: set[str] = set()
    segments = []
    for table in tables:
        box = table.box
        near = [item for item in before if item.name not in taken and _same_table(item.box, box)]
        if near:
            name = near[0].name
            box = near[0].box if _within(box, near[0].box) else box
        else:
            free = (f"table_{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
            reserved = taken | {item.name for item in before}
            name = next(name for name in free if name not in reserved)
        taken.add(name)
        segments.append(Segment(name, TABLE, box, thinned(table.points_task, int(config.most_points))))
    return segments


def _same_table(known: Box, seen: Box) -> bool:
    """Tell whether what was seen is a table that is known already: two cannot be in one place at one height."""
    level = abs(known.center[2] - seen.center[2]) < 0.03
    return level and bool(footprint_excess(seen.center[:2], known.center, known.size, known.yaw) < 0.02)


def _within(seen: Box, known: Box) -> bool:
    """Tell whether a table looks no larger than it is known to be; what hides its rim makes it look smaller."""
    return bool(np.all(np.sort(seen.size[:2]) < np.sort(known.size[:2]) + 0.05))


def _named(
    detections: Sequence[Detection], known: Sequence[KnownObject], sensor_task: np.ndarray, config: TabletopConfig
) -> list[Segment]:
    """Return detections with their names and completed boxes, open boxes first, then by name."""
    matched = match(detections, known, config.tracking)
    names = {index: item.name for index, item in matched.items()}
    left = [index for index in range(len(detections)) if index not in names]
    names |= fresh_names(detections, left, {item.name for item in known})
    segments = []
    for index, detection in enumerate(detections):
        box = detection.box
        if index in matched:
            box = completed(detection, matched[index], sensor_task, config.tracking)
        cloud = thinned(detection.points, int(config.most_points))
        segments.append(Segment(names[index], detection.prior, box, cloud))
    return _ordered(segments)
