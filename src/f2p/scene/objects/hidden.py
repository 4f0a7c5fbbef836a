"""Where a known object may be that was not seen: the last scene and what is seen now go in, a reasoned guess comes out.

An object that no look shows is where no look reaches. It may be where it was within the container it was in, or where
it was; whichever of these places the camera did not see to be free (ours: object permanence, from visibility alone).
Where both are free, or where nothing was known before, it may be in the hidden part of an open box; else it is left
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.geometry import into_box, rotate_z
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.tracking import KnownObject
from f2p.settings import Settings, number
from f2p.shape.protocol import WALL, holds_nothing
from f2p.types import Box, Segment


@dataclass(frozen=True)
class HiddenConfig(Settings):
    """When a place is taken to be hidden."""

    ray: float = number(0.012, "a measured ray this near tells about a place", unit="rad", low=0.001, high=0.2)
    beyond: float = number(
        0.02, "what is seen this far beyond a place shows that it is free", unit="m", low=0.0, high=0.5
    )
    most_free: float = number(
        0.35, "an object is not where more than this share of its surface would be seen free", low=0.0, high=1.0
    )
    step: float = number(0.012, "grid of places tried in an open box", unit="m", low=0.002, high=0.1)
    wall: float = number(WALL, "thickness of walls and floor", unit="m", low=0.0, high=0.1)
    points: int = number(64, "points on the top of an object that was not seen", low=8, high=4096)


def free_share(view: Rays, box: Box) -> float:
    """Return the share of a box's top and upper sides that would have been seen, but something beyond it was."""
    return float(view.free(_surface(box, 5)).mean())


def _surface(box: Box, count: int) -> np.ndarray:
    """Return points on the top and on the upper half of the edges of a box. Shape (2 count^2, 3)."""
    steps = np.linspace(-0.45, 0.45, count)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * box.size[:2]
    top = np.concatenate([grid, np.full((len(grid), 1), box.size[2] / 2.0)], axis=1)
    middle = np.concatenate([grid, np.zeros((len(grid), 1))], axis=1)
    return rotate_z(np.concatenate([top, middle]), box.yaw) + box.center


def recalled(
    missing: Sequence[KnownObject],
    seen: Sequence[Segment],
    before: dict[str, Segment],
    view: Rays,
    config: HiddenConfig,
) -> list[Segment]:
    """Return segments for the missing objects that can be hidden somewhere; their points are their unseen tops.

    Args:
        missing: Known solid objects that no detection matched.
        seen: What was found now.
        before: The segments of the scene before, by name.
        view: What was seen free.
        config: When a place is hidden.
    """
    found: list[Segment] = []
    for item in missing:
        places = [*_places_before(item, seen, before), *_places_in_boxes(item, [*seen, *found], config)]
        others = [segment.box for segment in (*seen, *found) if holds_nothing(segment.prior)]
        for place in places:
            if free_share(view, place) <= config.most_free and not any(_overlap(place, other) for other in others):
                found.append(Segment(item.name, item.prior, place, _top_points(place, int(config.points))))
                break
    return found


def _places_before(item: KnownObject, seen: Sequence[Segment], before: dict[str, Segment]) -> list[Box]:
    """Return where it was within every container that held it, as far out as that is now, and where it was.

    In this order: in a drawer that was shut both are out of sight, and what lay in it went with it.
    """
    if item.box is None:
        return []
    places: list[Box] = []
    for segment in seen:
        old = before.get(segment.name)
        if not segment.shape.contains or old is None:
            continue
        local = into_box(item.box.center, old.box.center, old.box.yaw) + [old.opening, 0.0, 0.0]
        if np.all(np.abs(local) <= 0.5 * old.box.size):
            turn = segment.box.yaw - old.box.yaw
            center = segment.box.center + rotate_z(local - [segment.opening, 0.0, 0.0], segment.box.yaw)
            places.append(Box(center, item.size, item.box.yaw + turn))
    return [*places, Box(item.box.center, item.size, item.box.yaw)]


def _places_in_boxes(item: KnownObject, seen: Sequence[Segment], config: HiddenConfig) -> list[Box]:
    """Return places on the floor of every open box, the nearest first, since a wall hides what is behind it."""
    places: list[Box] = []
    for segment in seen:
        if not segment.shape.contains:
            continue
        box = segment.box
        for turn in (0.0, np.pi / 2.0):
            size = item.size[:2] if turn == 0.0 else item.size[1::-1]
            room = (box.size[:2] - size) / 2.0 - config.wall
            if np.any(room < 0.0):
                continue
            axes = [np.arange(-limit, limit + 1e-9, config.step) for limit in room]
            grid = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
            height = -box.size[2] / 2.0 + config.wall + item.size[2] / 2.0
            local = np.concatenate([grid, np.full((len(grid), 1), height)], axis=1)
            places += [Box(center, item.size, box.yaw + turn) for center in box.center + rotate_z(local, box.yaw)]
    return sorted(places, key=lambda place: float(np.linalg.norm(place.center[:2])))


def _overlap(one: Box, other: Box) -> bool:
    """Tell whether two objects would overlap much, by the circles within their footprints."""
    reach = 0.5 * (one.size[:2].min() + other.size[:2].min())
    close = np.linalg.norm(one.center[:2] - other.center[:2]) < 0.9 * reach
    return bool(close and abs(one.center[2] - other.center[2]) < 0.4 * (one.size[2] + other.size[2]))


def _top_points(box: Box, count: int) -> np.ndarray:
    """Return points on the top of a box. Shape (about count, 3)."""
    steps = np.linspace(-0.45, 0.45, max(2, round(np.sqrt(count))))
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2) * box.size[:2]
    local = np.concatenate([grid, np.full((len(grid), 1), box.size[2] / 2.0)], axis=1)
    return rotate_z(local, box.yaw) + box.center
