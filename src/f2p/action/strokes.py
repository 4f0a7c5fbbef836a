"""A push as strokes of two upright pads: where they come down behind the body, and how far they go.

Data simulation and robot ask the same. Stretch's arm and base each move along one axis and never together, so a push in
any other direction is two strokes, the longer one first: along x by the arm, along y by the base (ours; A.10 has one
stroke in any direction, from an arm that can). What the body is meant to do is the same.

Pads stand square to their stroke and against the body's middle. A body that lies askew turns until a face lies against
them, and drifts to one side meanwhile; nothing here relies on friction between pad and body. Quasi-static mechanics
tells both in advance, and the second stroke, which ends at a place and not after a distance, takes the drift back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.action.meeting import OPENINGS, PAD, Meeting, meeting
from f2p.geometry import into_box, rotate_z, separation
from f2p.settings import Settings, number

PALM = (0.056, 0.088, 0.108)
"""Extents of what the fingers hang on [m] (URDF RE2V0; it stands out to one side only, here to both)."""

PALM_Z = 0.143
"""Height of the palm's underside over the pads' lower ends [m] (URDF RE2V0)."""


@dataclass(frozen=True)
class StrokeConfig(Settings):
    """How pads meet what they push."""

    gap: float = number(
        0.015, "distance of the pads from the object where they come down", unit="m", low=0.005, high=0.05
    )
    share: float = number(0.8, "pads are at most this share of the object's lesser side wide", low=0.1, high=1.0)
    floor_gap: float = number(0.006, "height of the pads over what the object stands on", unit="m", low=0.0, high=0.03)
    clear: float = number(
        0.004, "least gap between pads that come down and other objects", unit="m", low=0.0, high=0.05
    )
    shortest: float = number(0.005, "a part of a push below this is left out", unit="m", low=0.0, high=0.03)
    back: float = number(0.02, "how far the pads draw back before they rise", unit="m", low=0.005, high=0.1)


DEFAULT = StrokeConfig()

OVERLAP = 0.01
"""A body that reaches this far down below another's top is in it, not on it [m] (ours)."""


@dataclass(frozen=True, eq=False)
class Stroke:
    """One straight push in the task frame."""

    start: np.ndarray
    """Middle between the pads where they come down [m]. Shape (2,)."""
    direction: np.ndarray
    """Unit vector. Shape (2,)."""
    length: float
    """From the start to the end [m]: the way to the object, and as far as it takes the object to where it shall be."""
    heading: float
    """Direction of the line from pad to pad [rad]."""
    opening: float
    """Distance between the pads [m], one of `OPENINGS`."""
    bottom: float
    """Height of the pads' lower ends [m]."""
    room: float
    """Distance from other objects where the pads come down [m]; negative where they would land on one."""

    @property
    def end(self) -> np.ndarray:
        """Middle between the pads at the end [m]. Shape (2,)."""
        return np.asarray(self.start + self.length * self.direction)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What a push is planned in: upright boxes in the task frame."""

    poses: np.ndarray
    """x, y, z [m], yaw [rad]. Shape (n, 4)."""
    sizes: np.ndarray
    """Full extents [m]. Shape (n, 3)."""
    obstacles: np.ndarray
    """Which of them pads must not come down on: all but what others stand on. Shape (n,), bool."""


def strokes(
    around: Surroundings, acted_on: int, push: np.ndarray, config: StrokeConfig = DEFAULT
) -> tuple[Stroke, ...]:
    """Return the strokes that displace body `acted_on` by `push` (dx, dy) [m], all with the same opening.

    There are none where both are too short, or the body lies in another one.
    """
    if around_it(around, acted_on) is not None:
        return ()
    widest = len(OPENINGS)
    while True:
        found = _parts(around, acted_on, push, OPENINGS[:widest], config)
        if len({stroke.opening for stroke in found}) < 2:
            return found
        widest = 1 + min(OPENINGS.index(stroke.opening) for stroke in found)


def around_it(around: Surroundings, acted_on: int) -> int | None:
    """Return the obstacle that a body lies in, if it lies in one."""
    top = around.poses[:, 2] + 0.5 * around.sizes[:, 2]
    bottom = around.poses[acted_on, 2] - 0.5 * around.sizes[acted_on, 2]
    local = np.abs(into_box(around.poses[acted_on, :2], around.poses[:, :2], around.poses[:, 3]))
    holds = around.obstacles & np.all(local < 0.5 * around.sizes[:, :2], axis=-1) & (top > bottom + OVERLAP)
    holds &= around.poses[:, 2] - 0.5 * around.sizes[:, 2] < bottom + OVERLAP
    holds[acted_on] = False
    return int(np.argmax(holds)) if holds.any() else None


def _parts(
    around: Surroundings, acted_on: int, push: np.ndarray, openings: tuple[float, ...], config: StrokeConfig
) -> tuple[Stroke, ...]:
    """Return the strokes with one of some openings each."""
    box, slack = np.array(around.poses[acted_on]), 0.0
    target, found = box[:2] + push[:2], list[Stroke]()
    for axis in np.argsort(-np.abs(push[:2]), kind="stable").tolist():
        by = float(target[axis] - box[axis])
        if abs(by) >= config.shortest:
            direction = np.sign(by) * np.eye(2)[axis]
            stroke, met = _stroke(around, acted_on, (box, direction, abs(by), slack), openings, config)
            found.append(stroke)
            box[axis], box[3] = target[axis], box[3] + met.turned
            box[:2] += met.drift * np.array([-direction[1], direction[0]])
            slack = abs(met.drift) + config.gap
    return tuple(found)


def _stroke(
    around: Surroundings, acted_on: int, asked: tuple[np.ndarray, np.ndarray, float, float],
    openings: tuple[float, ...], config: StrokeConfig,
) -> tuple[Stroke, Meeting]:  # fmt: skip
    """Return the first stroke that finds room, with narrower pads or another gap, else the roomiest; how it meets.

    `asked` are the body's pose, the direction, how far it is to go, and how uncertain the body's place is.
    """
    box, direction, by, slack = asked
    size = around.sizes[acted_on]
    bottom = float(box[2] - 0.5 * size[2]) + config.floor_gap
    left, heading = np.array([-direction[1], direction[0]]), float(np.arctan2(direction[0], -direction[1]))
    own, widest = rotate_z(direction, -box[3]), max(config.share * float(size[:2].min()) - 2.0 * PAD[0], OPENINGS[0])
    fitting = {opening: meeting(0.5 * size[:2], own, opening, by) for opening in openings[::-1] if opening <= widest}
    best: tuple[Stroke, Meeting] | None = None
    for gap in [share * config.gap for share in (1.0, 0.6, 2.0, 3.0)]:
        for opening, met in fitting.items():
            behind = met.depth if not slack else max(met.depth, 0.5 * float(np.hypot(*size[:2]))) + slack
            start = box[:2] - (behind + 0.5 * PAD[1] + gap) * direction + met.aside * left
            room = _room(around, acted_on, (start, heading, opening), bottom)
            stroke = Stroke(start, direction, gap + behind - met.depth + met.advance, heading, opening, bottom, room)
            if best is None or room > best[0].room:
                best = stroke, met
            if room >= config.clear:
                return best
    assert best is not None, "closed pads fit any body"
    return best


def _room(around: Surroundings, acted_on: int, tool: tuple[np.ndarray, float, float], bottom: float) -> float:
    """Return how far the pads, and the palm over them, are from other bodies where they come down [m]."""
    start, heading, opening = tool
    others = np.array(around.obstacles)
    others[acted_on] = False
    if not others.any():
        return np.inf
    poses, sizes = around.poses[others], around.sizes[others]
    tops = poses[:, 2] + 0.5 * sizes[:, 2]
    theirs = poses[:, :2], sizes, poses[:, 3]
    turn = np.full(len(poses), heading)
    center = np.broadcast_to(start, (len(poses), 2))
    pads = np.tile([opening + 2.0 * PAD[0], PAD[1], 1.0], (len(poses), 1))
    palm = np.tile([*PALM[:2], 1.0], (len(poses), 1))
    gaps = np.where(tops > bottom, separation((center, pads, turn), theirs), np.inf)
    above = np.where(tops > bottom + PALM_Z, separation((center, palm, turn), theirs), np.inf)
    return float(min(gaps.min(), above.min()))
