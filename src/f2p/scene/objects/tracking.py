"""Keeps names: what is detected now and what was known before go in; a name and a box per detection come out.

Objects are recognised by their size, by shape prior and, where that leaves a choice, by where they were: in their place
or at the same place within their container wherever that is now. Position only breaks ties, so nothing is assumed about
what moves with what.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from f2p.geometry import half_extents, inside_box, into_box, rotate_z, wrapped
from f2p.settings import Settings, number
from f2p.shape.protocol import FREE, shape_of
from f2p.types import Box, Scene, frozen

_NEVER = 1e3
_TURNED = 0.02
"""A container that looks the same turned is taken to be turned only if places fit better by this [m] (ours)."""
SQUARE = 0.02
"""Extents that fit worse by no more than this the other way round may be the other way round [m] (ours)."""


@dataclass(frozen=True, eq=False)
class KnownObject:
    """Something the operator or an earlier look has named."""

    name: str
    prior: str
    size: np.ndarray
    """Full extents, upright [m]. Shape (3,)."""
    box: Box | None = None
    """Where it was last seen."""
    trusted: bool = True
    """Whether the size was given rather than seen."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", frozen(self.size))


@dataclass(frozen=True, eq=False)
class Detection:
    """One object as it was found, without a name yet."""

    prior: str
    box: Box
    points: np.ndarray
    """Shape (n, 3) [m]."""
    support: float
    """Height it stands on, or would if nothing were between [m]."""
    container: int | None = None
    """Index of the open box, or the piece of furniture, it is in."""
    opening: float = 0.0
    """How far a drawer is open [m]."""


@dataclass(frozen=True)
class TrackingConfig(Settings):
    """When a detection is a known object."""

    worst: float = number(0.05, "larger differences of size are another object", unit="m", low=0.001, high=1.0)
    hidden_weight: float = number(
        0.4, "cost of an extent that looks too small, since part may be hidden", low=0.0, high=1.0
    )
    place_weight: float = number(0.015, "most that a change of place can cost", unit="m", low=0.0, high=1.0)
    place_scale: float = number(
        0.05, "a change of place this large costs two thirds of it", unit="m", low=0.001, high=1.0
    )
    trimmed: float = number(0.006, "smaller deficits come from trimming, not from hiding", unit="m", low=0.0, high=0.1)


def known_objects(given: Sequence[KnownObject], previous: Scene | None) -> tuple[KnownObject, ...]:
    """Return the operator's inventory, completed and placed by the previous scene; tables are not part of it."""
    seen = {} if previous is None else {segment.name: segment for segment in previous.segments}
    out = [
        KnownObject(item.name, item.prior, item.size, seen[item.name].box if item.name in seen else None)
        for item in given
    ]
    names = {item.name for item in given}
    for segment in seen.values():
        if segment.name not in names and not segment.shape.support:
            out.append(KnownObject(segment.name, segment.prior, segment.box.size, segment.box, trusted=False))
    return tuple(out)


def size_difference(seen: np.ndarray, known: np.ndarray, hidden_weight: float) -> float:
    """Return how far an upright box of extents `seen` is from one of `known`, either way round [m]."""

    def one_way(horizontal: np.ndarray) -> float:
        """Return the difference to the known extents taken this way round."""
        excess = seen - np.array([*horizontal, known[2]])
        weights = np.where(excess > 0.0, 1.0, hidden_weight)
        weights[2] = 1.0
        return float(np.sum(weights * np.abs(excess)))

    return min(one_way(known[:2]), one_way(known[1::-1]))


def _container_yaw(
    index: int, item: KnownObject, detections: Sequence[Detection], known: Sequence[KnownObject]
) -> float:
    """Return the yaw, as it was counted before, of a container that is recognised in detection `index`.

    A footprint looks the same after half a turn, and a nearly square one after a quarter: of the turns that its extents
    allow the least is taken, unless the places of what is in it say otherwise.
    """
    now = detections[index].box
    if shape_of(item.prior).moves != FREE:
        return now.yaw  # furniture has a front, and is seen by it
    assert item.box is not None
    then = [one.box.center for one in known if one.box is not None and one.name != item.name]
    then = [at for at in then if inside_box(at[None], item.box.center, item.box.size, item.box.yaw)[0]]
    then_local = np.array([into_box(at, item.box.center, item.box.yaw)[:2] for at in then]).reshape(-1, 2)
    within = np.array([one.box.center for one in detections if one.container == index]).reshape(-1, 3)
    misfits = [float(np.abs(size - item.size[:2]).sum()) for size in (now.size[:2], now.size[1::-1])]
    costs = {}
    for quarter in range(4):
        if misfits[quarter % 2] > min(misfits) + SQUARE:
            continue
        yaw = now.yaw + quarter * np.pi / 2.0
        local = rotate_z(within[:, :2] - now.center[:2], -yaw)
        apart = np.linalg.norm(then_local[:, None] - local[None], axis=-1)
        rows, columns = linear_sum_assignment(apart)
        turned = abs(wrapped(yaw - item.box.yaw)) > np.pi / 4.0
        costs[yaw] = _TURNED * turned + (float(apart[rows, columns].mean()) if len(rows) else 0.0)
    return min(costs, key=lambda yaw: costs[yaw])


def _displacement(
    detection: Detection,
    known: KnownObject,
    detections: Sequence[Detection],
    all_known: Sequence[KnownObject],
    boxes: dict[str, tuple[int, float]],
) -> float:
    """Return how far from its last place, in the world or within its container, whichever is less [m]."""
    if known.box is None:
        return 0.0
    least = float(np.linalg.norm(detection.box.center - known.box.center))
    for item in all_known:
        if item.box is None or item.name not in boxes or detection.container != boxes[item.name][0]:
            continue
        if inside_box(known.box.center[None], item.box.center, item.box.size, item.box.yaw)[0]:
            index, yaw = boxes[item.name]
            was_local = into_box(known.box.center, item.box.center, item.box.yaw)
            is_local = into_box(detection.box.center, detections[index].box.center, yaw)
            least = min(least, float(np.linalg.norm(was_local - is_local)))
    return least


def _assign(costs: np.ndarray, limit: float) -> dict[int, int]:
    """Match rows to columns at least cost; pairs that cost more than `limit` stay single."""
    rows, columns = linear_sum_assignment(np.minimum(costs, _NEVER))
    return {int(i): int(j) for i, j in zip(rows, columns, strict=True) if costs[i, j] <= limit}


def match(
    detections: Sequence[Detection], known: Sequence[KnownObject], config: TrackingConfig
) -> dict[int, KnownObject]:
    """Return which detection is which known object; containers first, since the places of the others refer to them."""
    matched: dict[int, KnownObject] = {}
    for hollow in (True, False):
        rows = [i for i, item in enumerate(detections) if shape_of(item.prior).contains == hollow]
        columns = [item for item in known if shape_of(item.prior).contains == hollow]
        boxes = {
            item.name: (i, _container_yaw(i, item, detections, known))
            for i, item in matched.items() if item.box is not None
        }  # fmt: skip
        costs = np.full((len(rows), len(columns)), _NEVER)
        for a, i in enumerate(rows):
            for b, item in enumerate(columns):
                size = size_difference(detections[i].box.size, item.size, config.hidden_weight)
                moved = _displacement(detections[i], item, detections, known, boxes)
                place = config.place_weight * (1.0 - np.exp(-moved / config.place_scale))
                costs[a, b] = size + place if size <= config.worst else _NEVER
        for a, b in _assign(costs, config.worst + config.place_weight).items():
            matched[rows[a]] = columns[b]
    return matched


def completed(detection: Detection, known: KnownObject, sensor: np.ndarray, config: TrackingConfig) -> Box:
    """Return the box of a recognised object: known extents, with what is not seen on the side away from what is.

    An object is hidden by what stands nearer to the camera, so a missing part is on the near side. Furniture was placed
    by its known extents, its front towards the robot, which half a turn would have at the back.
    """
    box = detection.box
    if shape_of(known.prior).moves != FREE:
        return box
    size, yaw = known.size, box.yaw
    if not known.trusted:
        size = np.where(box.size > size + config.trimmed, box.size, size)
    straight, swapped = (np.abs(box.size[:2] - other).sum() for other in (size[:2], size[1::-1]))
    seen = box.size[:2]
    if swapped < straight:
        yaw, seen = yaw + np.pi / 2.0, seen[::-1]
    missing = size[:2] - seen
    to_sensor = rotate_z(sensor[:2] - box.center[:2], -yaw)
    shift = np.where(missing > config.trimmed, np.sign(to_sensor) * missing / 2.0, 0.0)
    center_xy = box.center[:2] + rotate_z(shift, yaw)
    top = box.center[2] + box.size[2] / 2.0
    bottom = top - size[2]
    if abs(bottom - detection.support) < 0.02:
        bottom = detection.support
    if known.box is not None:
        yaw = float(known.box.yaw + wrapped(yaw - known.box.yaw, np.pi))
    return Box(np.array([*center_xy, bottom + size[2] / 2.0]), size, float(yaw))


def kept_within(box: Box, container: Detection) -> Box:
    """Return a box moved back between the walls of what it was seen in: its hidden part may be on any side."""
    held = container.box
    local = into_box(box.center[:2], held.center, held.yaw)
    room = held.size[:2] / 2.0 - half_extents(box.size, box.yaw - held.yaw)[:2]
    low = -room - [container.opening, 0.0]
    at = np.where(low <= room, np.clip(local, low, np.maximum(low, room)), local)
    return Box(np.array([*(rotate_z(at, held.yaw) + held.center[:2]), box.center[2]]), box.size, box.yaw)


def fresh_names(detections: Sequence[Detection], indices: Sequence[int], taken: set[str]) -> dict[int, str]:
    """Return names for what nobody knows: `box`, `box_2` ... by volume, `object_1` ... from left (+y) to right."""
    names: dict[int, str] = {}

    def give(index: int, stem: str, first: str) -> None:
        """Give it the first free name of a family."""
        candidate, number = first, 1
        while candidate in taken or candidate in names.values():
            number += 1
            candidate = f"{stem}_{number}"
        names[index] = candidate

    hollow = [i for i in indices if shape_of(detections[i].prior).contains]
    for i in sorted(hollow, key=lambda i: -float(np.prod(detections[i].box.size))):
        give(i, "box", "box")
    for i in sorted(set(indices) - set(hollow), key=lambda i: tuple(-detections[i].box.center[[1, 0]])):
        give(i, "object", "object_1")
    return names
