"""The robot's look at its tables: one merged cloud in the task frame goes in, a named scene comes out.

Tables are level surfaces; on each, clusters; an open box is a cluster with a rim, and what is within the rim and above
the floor is in it; everything else is solid objects, one per level top. Names come from the operator's inventory and
from the scene before (`tracking.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial import cKDTree

from f2p.geometry import footprint_excess
from f2p.scene.cloud.planes import Plane
from f2p.scene.cloud.sanitise import SanitiseConfig, thinned, usable, voxels, within_bounds
from f2p.scene.errors import NoSupportError
from f2p.scene.ground import NO_SUPPORT, Ground, GroundConfig, ground_of
from f2p.scene.objects.furniture import Furniture, FurnitureConfig, find_furniture
from f2p.scene.objects.hidden import HiddenConfig, recalled
from f2p.scene.objects.inventory import cut_by_inventory, join_by_inventory
from f2p.scene.objects.priors import fit_box
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.standing import Below, StandingConfig, clusters_of, solids_on, standing_on
from f2p.scene.objects.surfaces import TableTop, without
from f2p.scene.objects.tracking import (
    Detection,
    KnownObject,
    TrackingConfig,
    completed,
    fresh_names,
    kept_within,
    known_objects,
    match,
)
from f2p.scene.segment.protocol import BACKGROUND, Segmenter, segmenters
from f2p.settings import Settings, group, number, setting
from f2p.shape.cuboid import CUBOID
from f2p.shape.protocol import board, holds_nothing, shape_of
from f2p.shape.table import TABLE
from f2p.types import Box, Scene, Segment

UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class TabletopConfig(Settings):
    """Settings of the robot's perception."""

    workspace_low: tuple[float, float, float] = setting(
        (0.30, -1.6, 0.1), "lowest corner of what is looked at, task frame", unit="m"
    )
    workspace_high: tuple[float, float, float] = setting(
        (1.40, 1.6, 1.1), "highest corner of what is looked at, task frame", unit="m"
    )
    voxel: float = number(0.005, "grid of the working cloud", unit="m", low=0.001, high=0.05)
    overhang: float = number(0.06, "objects may stand out this far over a table's edge", unit="m", low=0.0, high=0.5)
    fallen_worst: float = number(
        0.02, "difference of size up to which a find on the floor is a missing object", unit="m", low=0.0, high=0.2
    )
    most_points: int = number(2048, "clouds of segments are thinned to this", low=32, high=1e6)
    sought: tuple[str, ...] = field(default=(), metadata={"given": True})
    """Known objects that have just been handled: hidden ones get no place by reasoning (`hidden.py`), as others do."""
    known: tuple[KnownObject, ...] = field(default=(), metadata={"given": True})
    """The operator's inventory: names with prior and size."""
    sanitise: SanitiseConfig = group(SanitiseConfig)
    tables: GroundConfig = group(GroundConfig)
    standing: StandingConfig = group(StandingConfig)
    furniture: FurnitureConfig = group(FurnitureConfig)
    hidden: HiddenConfig = group(HiddenConfig)
    tracking: TrackingConfig = group(TrackingConfig)


SENSOR_TASK = np.array([0.0, 0.0, 1.3])
"""Where the robot's camera is unless the caller knows better [m] (Stretch RE2's head)."""


def scene_from_cloud(
    points_task: np.ndarray,
    config: TabletopConfig = TabletopConfig(),
    previous: Scene | None = None,
    sensor_task: np.ndarray = SENSOR_TASK,
    stamp_ns: int = 0,
    segmenter: Segmenter | None = None,
) -> Scene:
    """Find tables, boxes and objects in one merged cloud, and name them.

    Args:
        points_task: Merged cloud of all looks in the task frame [m]. Shape (n, 3); invalid points may be NaN.
        config: What to look for and how.
        previous: The scene before, for names; None at the first look.
        sensor_task: Where the camera was [m]. Shape (3,).
        stamp_ns: When it was seen [ns].
        segmenter: Tells things apart; the default one if None.

    Returns:
        Tables from left to right, then open boxes, then objects by name. A known object that is on no table is looked
        for on the floor; one that is nowhere is where it may be hidden, or is not in it.

    Raises:
        CloudShapeError, CloudTooLargeError, CloudTooSmallError: The cloud cannot be looked at.
        NoSupportError: There is no table in it.
    """
    return look(points_task, config, previous, sensor_task, stamp_ns, segmenter).scene


@dataclass(frozen=True, eq=False)
class Sight:
    """A scene, and which of its segments each point belongs to."""

    scene: Scene
    labels: np.ndarray
    """Index of the segment of each point; `BACKGROUND` for supports and what is no object. Shape (n,), int."""
    ground: Ground


def look(
    points: np.ndarray,
    config: TabletopConfig = TabletopConfig(),
    previous: Scene | None = None,
    sensor: np.ndarray = SENSOR_TASK,
    stamp_ns: int = 0,
    segmenter: Segmenter | None = None,
    ground: Ground | None = None,
) -> Sight:
    """As `scene_from_cloud`, with the segment of each point."""
    segmenter = segmenter or segmenters.make("geometric")
    mask = usable(points, config.sanitise)
    seen = np.asarray(points[mask], dtype=np.float64)
    ground = ground or ground_of(seen, sensor, config.tables, UP)
    within = within_bounds(seen, config.workspace_low, config.workspace_high)
    cells, cell_of = voxels(seen[within], config.voxel)
    tables = _tables(ground, len(seen), config)
    view = Rays(cells, sensor, config.hidden.ray, config.hidden.beyond)
    known = known_objects(config.known, previous)
    pieces = find_furniture(ground.tops, cells, known, config.furniture)
    detections, owned = _furniture(pieces, cells, view, config, segmenter)
    carrying = [*_beside(tables, pieces), *(piece.top for piece in pieces)]
    owner = np.where(owned, -1, _owners(cells, carrying, ground.walls, config))
    for index, table in enumerate(carrying):
        found = standing_on(cells[owner == index], table, view, config.standing, segmenter, len(detections))
        carrying[index] = without(table, [item.box for item in found if shape_of(item.prior).contains])
        detections += found
    tables = carrying[: len(carrying) - len(pieces)]
    priors = config.standing.priors
    detections = join_by_inventory(detections, known, priors, config.tracking)
    detections = cut_by_inventory(detections, known, priors, config.tracking)
    named = _named(detections, known, sensor, config)
    segments = [*_named_tables(tables, previous, config), *(segment for segment, _ in named)]
    segments += _fallen(seen, _missing(known, segments), sensor, config)
    missing = [item for item in _missing(known, segments) if item.name not in config.sought]
    if missing:
        before = {} if previous is None else {segment.name: segment for segment in previous.segments}
        segments += recalled(missing, segments, before, view, config.hidden)
    scene = Scene(tuple(_ordered(segments)), stamp_ns)
    labels = np.full(len(points), BACKGROUND, dtype=np.int64)
    of_cells = _labels(cells, [(scene.index(segment.name), points) for segment, points in named])
    labels[np.flatnonzero(mask)[within]] = of_cells[cell_of]
    return Sight(scene, labels, ground)


def _furniture(
    pieces: Sequence[Furniture], cells: np.ndarray, view: Rays, config: TabletopConfig, segmenter: Segmenter
) -> tuple[list[Detection], np.ndarray]:
    """Return known furniture with what lies in it, and which cells (n, 3) are either. Shape (n,), bool."""
    found: list[Detection] = []
    owned = np.zeros(len(cells), dtype=bool)
    inner = replace(config.standing, least_points=config.standing.least_inside, least_height=0.0)
    for index, piece in enumerate(pieces):
        boards, within = piece.own(cells, config.furniture.near)
        box, name = piece.box, piece.known.prior
        below = float(box.center[2] - box.size[2] / 2.0)
        found.append(Detection(name, box, cells[boards & ~owned], below, opening=piece.opening))
        boards_at = sorted(
            float(top.center[2]) for top in piece.shape.tops(box.size, board(box.size)) if top.covered or top.walled
        )
        for floor, above in zip(boards_at, [*boards_at[1:], np.inf], strict=True):
            local = cells[:, 2] - box.center[2]
            chosen = within & ~owned & (local > floor) & (local < above)
            level = Below(np.array([0.0, 0.0, box.center[2] + floor]), view)
            found += solids_on(cells[chosen], level, index, inner, segmenter)
        owned |= boards | within
    first = [item for item in found if item.container is None]
    return [*first, *(item for item in found if item.container is not None)], owned


def _beside(tables: Sequence[TableTop], pieces: Sequence[Furniture]) -> list[TableTop]:
    """Return the supports that are no part of a piece of furniture, such as the floor of a drawer or a board."""

    def part(table: TableTop) -> bool:
        return any(table is piece.top or piece.holds(table.box.center) for piece in pieces)

    return [table for table in tables if not part(table)]


def _labels(cells: np.ndarray, clouds: Sequence[tuple[int, np.ndarray]]) -> np.ndarray:
    """Return the number of the cloud that each of the cells (n, 3) is in, or `BACKGROUND`. Shape (n,), int."""
    labels = np.full(len(cells), BACKGROUND, dtype=np.int64)
    if clouds:
        tree = cKDTree(cells, balanced_tree=False, compact_nodes=False)
        row = tree.query(np.concatenate([points for _, points in clouds]), distance_upper_bound=1e-9)[1]
        numbers = np.repeat([number_ for number_, _ in clouds], [len(points) for _, points in clouds])
        labels[row[row < len(cells)]] = numbers[row < len(cells)]
    return labels


def _owners(
    cells: np.ndarray, tables: Sequence[TableTop], walls: Sequence[Plane], config: TabletopConfig
) -> np.ndarray:
    """Return over which support each cell is, the next one below it, or -1 for none and for walls. Shape (n,), int."""
    owner, least = np.full(len(cells), -1), np.full(len(cells), np.inf)
    for index, table in enumerate(tables):
        heights = table.heights(cells)
        mine = (
            table.under(cells, config.overhang) & (heights > -config.tables.supports.surfaces.level) & (heights < least)
        )
        owner[mine], least[mine] = index, heights[mine]
    for wall in walls:
        owner[np.abs(wall.heights(cells)) < 0.02] = -1
    return owner


def _tables(ground: Ground, points: int, config: TabletopConfig) -> list[TableTop]:
    """Return the supports of the workspace, the leftmost (+y) first. Raises NoSupportError if there are none."""
    tops = [one.surface.top for one in ground.supports]
    low, high = np.array(config.workspace_low), np.array(config.workspace_high)
    tops = [top for top in tops if np.all((top.box.center >= low) & (top.box.center <= high))]
    if not tops:
        raise NoSupportError(points, NO_SUPPORT)
    return sorted(tops, key=lambda top: -top.box.center[1])


def _missing(known: Sequence[KnownObject], segments: Sequence[Segment]) -> list[KnownObject]:
    """Return known solid objects that have not been found."""
    names = {segment.name for segment in segments}
    return [item for item in known if item.name not in names and holds_nothing(item.prior)]


def _fallen(
    points: np.ndarray, missing: Sequence[KnownObject], sensor_task: np.ndarray, config: TabletopConfig
) -> list[Segment]:
    """Return missing objects that lie on the floor; only what has their size counts, since floors carry much else."""
    if not missing:
        return []
    low, high = config.workspace_low, config.workspace_high
    near = points[within_bounds(points, (*low[:2], 0.015), (*high[:2], low[2]))]
    if len(near) == 0:
        return []
    cells = voxels(near, config.voxel)[0]
    clusters = clusters_of(cells, np.ones(len(cells), dtype=bool), config.standing.touching, config.standing)
    boxes = [fit_box(cells[group], 0.0, config.standing.priors, standing=True) for group in clusters]
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
) -> list[tuple[Segment, np.ndarray]]:
    """Return detections with their names and completed boxes, and all points of each."""
    matched = match(detections, known, config.tracking)
    names = {index: item.name for index, item in matched.items()}
    left = [index for index in range(len(detections)) if index not in names]
    names |= fresh_names(detections, left, {item.name for item in known})
    segments = []
    for index, detection in enumerate(detections):
        box = detection.box
        if index in matched:
            box = completed(detection, matched[index], sensor_task, config.tracking)
            box = box if detection.container is None else kept_within(box, detections[detection.container])
        cloud = thinned(detection.points, int(config.most_points))
        segment = Segment(names[index], detection.prior, box, cloud, detection.opening)
        segments.append((segment, detection.points))
    return segments
